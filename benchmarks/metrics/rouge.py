"""ROUGE-1, -2 and -L (Lin 2004): F1 by rouge-score, words stemmed in English, characters in Chinese.

Of several references the one with the best ROUGE-1 counts, for all three scores, as SciTLDR's own script does it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from slmkit.benchmarks.datasets import references
from slmkit.errors import MissingExtraError

Gold = Sequence[str | Sequence[str]]
Score = Callable[[Gold, Sequence[str]], Any]
_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNIT = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+")


class HanTokenizer:
    """Each Han character is a token; words and numbers in other letters stay whole; marks are left out.

    The package's own tokenizer keeps ASCII letters only: two identical Chinese texts score 0 with it.
    """

    def tokenize(self, text: str) -> list[str]:
        """The tokens, full-width letters and digits as their usual twins, in lower case."""
        return _UNIT.findall(unicodedata.normalize("NFKC", text).lower())


@lru_cache
def _scorer(kinds: tuple[str, ...], chinese: bool) -> Any:
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ModuleNotFoundError as error:
        raise MissingExtraError("rouge-score", "bench") from error
    return RougeScorer(list(kinds), use_stemmer=not chinese, tokenizer=HanTokenizer() if chinese else None)


def row_rouge(gold: Gold, predicted: Sequence[str], *, kind: str, chinese: bool) -> np.ndarray:
    """F1 of each row.

    Args:
        gold: a text or several a row. predicted: one text a row. kind: ``rouge1``, ``rouge2`` or ``rougeL``.
        chinese: whether characters are compared.

    Returns:
        ``(n,)``.
    """
    return np.array([_row(references(g), p, kind, chinese) for g, p in zip(gold, predicted, strict=True)])


def _row(texts: list[str], output: str, kind: str, chinese: bool) -> float:
    if len(texts) == 1:
        return _scorer((kind,), chinese).score(texts[0], output)[kind].fmeasure
    first = [_scorer(("rouge1",), chinese).score(text, output)["rouge1"].fmeasure for text in texts]
    best = max(range(len(texts)), key=first.__getitem__)
    return first[best] if kind == "rouge1" else _row([texts[best]], output, kind, chinese)


def rouge(gold: Gold, predicted: Sequence[str], *, kind: str, chinese: bool) -> float:
    """Mean F1; see ``row_rouge``."""
    return float(row_rouge(gold, predicted, kind=kind, chinese=chinese).mean())


def scores(kind: str, *, chinese: bool = False) -> tuple[Score, Score]:
    """The score over all rows, and that of each row."""
    return partial(rouge, kind=kind, chinese=chinese), partial(row_rouge, kind=kind, chinese=chinese)
