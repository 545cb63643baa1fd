"""GLEU of a corrected text against source and references (Napoles et al. 2015, with the change of 2016).

Another measure than the GLEU of machine translation that nltk has: n-grams of the source that no longer stand in the
reference count against an output that keeps them. Texts are cut at white space, as JFLEG is tokenized.

JFLEG's ``eval/gleu.py`` draws a reference for each row, 500 times over, and gives the mean of the 500 scores. Here each
row's counts are averaged over its references instead: nothing is drawn, and the rows' counts add up. On JFLEG's dev set
as it stands that is 38.3, as is the mean of 6,000 drawings (one varies by 1.0 either way); the script's own have 38.2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from slmkit.benchmarks.datasets import references

ORDER = 4


def counts(gold: Sequence[tuple[str, str | Sequence[str]]], predicted: Sequence[str]) -> np.ndarray:
    """Right n-grams, n-grams, length and reference length of each row ``(n, 2 * ORDER + 2)``, means over references.

    Args:
        gold: source, and reference or references of each row. predicted: the output.
    """
    rows = [
        np.mean([_counts(source.split(), text.split(), made.split()) for text in references(right)], axis=0)
        for (source, right), made in zip(gold, predicted, strict=True)
    ]
    return np.array(rows)


def of_counts(total: np.ndarray) -> float:
    """GLEU of summed counts ``(2 * ORDER + 2,)``; 0 where no n-gram of some order is right."""
    if (total <= 0).any():
        return 0.0
    right, every, lengths = np.split(total, [ORDER, 2 * ORDER])
    made, reference = lengths
    return float(np.exp(min(0.0, 1 - reference / made) + np.log(right / every).mean()))


def _counts(source: list[str], reference: list[str], made: list[str]) -> list[int]:
    right, every = [], []
    for n in range(1, ORDER + 1):
        ours, wanted, before = (_grams(words, n) for words in (made, reference, source))
        kept = Counter({gram: count for gram, count in before.items() if gram not in wanted})
        right.append(max((ours & wanted).total() - (ours & kept).total(), 0))
        every.append(max(len(made) + 1 - n, 0))
    return [*right, *every, len(made), len(reference)]


def _grams(words: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) + 1 - n))
