"""What a fit learns from: texts, classes and weights, with the row numbers of the training and the held-back part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from slmkit.errors import InputError
from slmkit.tasks.classification.labels import Labels


@dataclass(frozen=True)
class TrainingSet:
    """Rows of a fit.

    Attributes:
        texts: all of them, training and held back. classes: numbers ``(n,)`` int64, or 0 and 1 ``(n, k)`` float32.
        weights: of the rows ``(n,)`` float32, mean 1 over the training part. train, held: row numbers.
        positive: weight of the positive side of each label ``(k,)``, where labels are independent, or None.
        given: whether the held-back part is the caller's own validation set.
    """

    texts: list[str]
    classes: np.ndarray
    weights: np.ndarray
    train: np.ndarray
    held: np.ndarray
    positive: np.ndarray | None = None
    given: bool = False

    @property
    def multi(self) -> bool:
        """Whether labels are independent of each other."""
        return self.classes.ndim == 2

    @property
    def own(self) -> np.ndarray:
        """Row numbers of the caller's training texts, held back or not; not those given for validation."""
        return self.train if self.given else np.sort(np.concatenate([self.train, self.held]))


def row_weights(sample_weight: Any, n: int) -> np.ndarray:
    """The caller's weights as float32 ``(n,)``; ones when there are none.

    Raises:
        InputError: not one finite, non-negative number a row, or all of them 0.
    """
    if sample_weight is None:
        return np.ones(n, dtype=np.float32)
    try:
        weights = np.asarray(sample_weight, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"sample_weight: {error}") from error
    if weights.shape != (n,):
        raise InputError(f"sample_weight has shape {weights.shape}, expected ({n},): one number a text")
    if not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise InputError("sample_weight: give finite numbers from 0 up, not all of them 0")
    return weights


def class_weights(class_weight: Any, labels: Labels, counts: np.ndarray) -> np.ndarray:
    """The weight of each class, float32 ``(k,)``.

    Args:
        class_weight: None, "balanced" (n / (k × count)), or a mapping from label to weight; the others weigh 1.
        labels: the classes. counts: rows of each class ``(k,)``.

    Raises:
        InputError: neither of these, a label that is not one of the classes, or a weight that is no number from 0 up.
    """
    weights = np.ones(len(labels), dtype=np.float32)
    if class_weight is None:
        return weights
    if isinstance(class_weight, Mapping):
        for label, weight in class_weight.items():
            if (
                not isinstance(weight, (int, float, np.integer, np.floating))
                or not 0 <= weight <= np.finfo(np.float32).max
            ):
                raise InputError(f"class_weight of {label!r} is {weight!r}: give a finite number from 0 up")
            weights[labels.number(label)] = weight
        if not weights.any():
            raise InputError("class_weight: not all of them can be 0")
        return weights
    if not (isinstance(class_weight, str) and class_weight == "balanced"):
        raise InputError(f"class_weight {class_weight!r}: give None, 'balanced' or a mapping from label to weight")
    return (counts.sum() / (len(labels) * np.maximum(counts, 1))).astype(np.float32)


def positive_weights(class_weight: Any, labels: Labels, matrix: np.ndarray) -> np.ndarray:
    """As ``class_weights``, for independent labels: balanced is absent rows to present rows, at most 20 to 1."""
    if isinstance(class_weight, str) and class_weight == "balanced":
        present = matrix.sum(0)
        return np.clip((len(matrix) - present) / np.maximum(present, 1), 1 / 20, 20).astype(np.float32)
    return class_weights(class_weight, labels, matrix.sum(0))
