"""Passages that look as if they answered a question and do not: what a reader learns to abstain on.

They are found among the passages at hand by BM25 (Robertson & Zaragoza 2009), as retrieval would bring them up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

import numpy as np

from slmkit.tasks.question_answering.terms import index_terms

MINED = 5  # passages kept a question
_K1, _B = 1.2, 0.75
_BLOCK = 256  # questions whose scores are held at a time
_POOL = 4  # times as many are looked at, since some hold the answer


def mine(
    questions: Sequence[str],
    passages: Sequence[str],
    answers: Sequence[Sequence[str]],
    pool: Sequence[str] | None = None,
    most: int = MINED,
) -> list[list[str]]:
    """The passages that share most with each question and hold none of its answers, its own passage left out.

    Args:
        questions: any strings. passages: the own one of each. answers: of each; one without any gets no passages,
            since nobody can say which of them answer it.
        pool: what is searched; None takes the passages themselves. most: passages a question.
    """
    texts = list(dict.fromkeys(passages if pool is None else pool))
    folded = [text.casefold() for text in texts]
    asked = [row for row, own in enumerate(answers) if len(own)]
    found: list[list[str]] = [[] for _ in questions]
    if len(texts) < 2:
        return found
    ranked = _Ranked(texts)
    for begin in range(0, len(asked), _BLOCK):
        rows = asked[begin : begin + _BLOCK]
        for row, best in zip(rows, ranked.best([questions[i] for i in rows], _POOL * most + 1), strict=True):
            wanted = [text.casefold() for text in answers[row]]
            kept = (i for i in best if texts[i] != passages[row] and not any(text in folded[i] for text in wanted))
            found[row] = [texts[i] for i in islice(kept, most)]
    return found


class _Ranked:
    """Texts to be ranked by BM25.

    Args:
        texts: at least one.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        from scipy.sparse import csr_array

        counts = [Counter(index_terms(text).split()) for text in texts]
        self._ids = {term: number for number, term in enumerate(dict.fromkeys(t for c in counts for t in c))}
        lengths = np.array([sum(count.values()) for count in counts], dtype=np.float32)
        rows = np.repeat(np.arange(len(texts)), [len(count) for count in counts])
        columns = np.array([self._ids[term] for count in counts for term in count], dtype=np.int64)
        tf = np.array([n for count in counts for n in count.values()], dtype=np.float32)
        norm = _K1 * (1 - _B + _B * lengths / max(float(lengths.mean()), 1.0))
        frequency = np.bincount(columns, minlength=len(self._ids))
        rarity = np.log1p((len(texts) - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
        weights = rarity[columns] * tf * (_K1 + 1) / (tf + norm[rows])
        shape = (len(self._ids), len(texts))
        self._matrix = csr_array((weights, (columns, rows)), shape=shape)

    def best(self, questions: Sequence[str], most: int) -> list[list[int]]:
        """Numbers of the texts that share a term with each question, best first."""
        from scipy.sparse import csr_array

        known = [
            [self._ids[term] for term in dict.fromkeys(index_terms(question).split()) if term in self._ids]
            for question in questions
        ]
        rows = np.repeat(np.arange(len(questions)), [len(ids) for ids in known])
        columns = np.array([i for ids in known for i in ids], dtype=np.int64)
        ones = np.ones(len(columns), dtype=np.float32)
        asked = csr_array((ones, (rows, columns)), shape=(len(questions), len(self._ids)))
        scores = (asked @ self._matrix).toarray()
        # Only the best are put in order: thousands of passages share a word with a question.
        near = np.argpartition(-scores, min(most, scores.shape[1]) - 1, axis=1)[:, :most]
        order = [row[np.lexsort((row, -own[row]))] for row, own in zip(near, scores, strict=True)]
        return [[int(i) for i in best if scores[row, i] > 0] for row, best in enumerate(order)]
