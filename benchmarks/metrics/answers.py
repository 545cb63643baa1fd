"""Answers against references: exact match and overlap F1, in the manner of the CMRC 2018 script.

Text is cut into Latin words and single Chinese characters, punctuation left out; the overlap of two answers is their
longest common run. Of several references the best one counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np

_UNIT = re.compile(r"[a-z0-9]+|\S")


def units(text: str) -> list[str]:
    """Lower-case words and single characters, without punctuation and symbols."""
    kept = (c for c in text.lower() if unicodedata.category(c)[0] not in "PS")
    return _UNIT.findall("".join(kept))


def row_f1(gold: Sequence[Sequence[str]], predicted: Sequence[str]) -> np.ndarray:
    """Overlap F1 of each row. Shape: ``(n,)``."""
    return np.array([max((_overlap(a, p) for a in g), default=0.0) for g, p in zip(gold, predicted, strict=True)])


def row_exact_match(gold: Sequence[Sequence[str]], predicted: Sequence[str]) -> np.ndarray:
    """1.0 where a row's answer equals a reference, punctuation and case aside. Shape: ``(n,)``."""
    return np.array([float(any(units(a) == units(p) for a in g)) for g, p in zip(gold, predicted, strict=True)])


def f1(gold: Sequence[Sequence[str]], predicted: Sequence[str]) -> float:
    """Mean overlap F1."""
    return float(row_f1(gold, predicted).mean())


def exact_match(gold: Sequence[Sequence[str]], predicted: Sequence[str]) -> float:
    """Share of exact answers."""
    return float(row_exact_match(gold, predicted).mean())


def _overlap(reference: str, answer: str) -> float:
    a, b = units(reference), units(answer)
    if not a or not b:
        return float(a == b)
    common = SequenceMatcher(None, a, b, autojunk=False).find_longest_match().size
    return 2 * common / (len(a) + len(b))
