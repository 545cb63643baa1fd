"""Accuracy and macro-F1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def correct(gold: Sequence[Any], predicted: Sequence[Any]) -> np.ndarray:
    """1.0 where a prediction equals its label. Shape: ``(n,)``."""
    return np.fromiter((g == p for g, p in zip(gold, predicted, strict=True)), dtype=np.float64, count=len(gold))


def accuracy(gold: Sequence[Any], predicted: Sequence[Any]) -> float:
    """Share of right predictions."""
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(list(gold), list(predicted)))


def macro_f1(gold: Sequence[Any], predicted: Sequence[Any]) -> float:
    """Mean of the classes' F1, over the classes that occur in the labels."""
    from sklearn.metrics import f1_score

    return float(f1_score(list(gold), list(predicted), labels=sorted(set(gold)), average="macro", zero_division=0))
