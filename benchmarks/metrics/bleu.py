"""Corpus BLEU by sacrebleu: its 13a tokenizer for English, its zh tokenizer (characters) for Chinese.

BLEU is no mean over rows, but it is made of counts that add up: n-grams that are right, n-grams in all, and lengths. So
rows can be drawn again without comparing a single text again. Rows may have different numbers of references.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from slmkit.benchmarks.datasets import references
from slmkit.errors import MissingExtraError
from slmkit.text.scripts import simplifier

ORDER = 4


@lru_cache
def _bleu(tokenize: str) -> Any:
    try:
        from sacrebleu.metrics import BLEU
    except ModuleNotFoundError as error:
        raise MissingExtraError("sacrebleu", "bench") from error
    return BLEU(tokenize=tokenize, effective_order=True, max_ngram_order=ORDER)


def counts(
    gold: Sequence[str | Sequence[str]], predicted: Sequence[str], *, tokenize: str, one_script: bool = False
) -> np.ndarray:
    """What BLEU is made of.

    Args:
        gold: a text or several a row. predicted: one text a row. tokenize: ``13a`` or ``zh``.
        one_script: whether all Chinese is made simplified first.

    Returns:
        Right n-grams, n-grams, length and nearest reference length of each row ``(n, 2 * ORDER + 2)``.
    """
    convert = simplifier("bench") if one_script else str
    rows = []
    for g, p in zip(gold, predicted, strict=True):
        found = _bleu(tokenize).sentence_score(convert(p), [convert(text) for text in references(g)])
        rows.append([*found.counts, *found.totals, found.sys_len, found.ref_len])
    return np.array(rows, dtype=np.int64)


def of_counts(total: np.ndarray) -> float:
    """BLEU of summed counts ``(2 * ORDER + 2,)``, as sacrebleu gives it for a corpus, in 0..1."""
    right, every, lengths = np.split(total, [ORDER, 2 * ORDER])
    compute = _bleu("13a").compute_bleu
    found = compute(right.tolist(), every.tolist(), int(lengths[0]), int(lengths[1]), smooth_method="exp")
    return found.score / 100
