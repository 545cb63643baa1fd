"""A logistic head on fixed vectors (scikit-learn's solver), handed back as one linear layer."""

from __future__ import annotations

from typing import Any

import numpy as np

STRENGTHS = (1.0, 10.0, 100.0)
DEFAULT_STRENGTH = 10.0


def logistic_head(
    vectors: np.ndarray,
    truth: np.ndarray,
    weights: np.ndarray,
    classes: int,
    *,
    strength: float = DEFAULT_STRENGTH,
    positive: np.ndarray | None = None,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit the head.

    Args:
        vectors: ``(n, W)``. truth: class numbers ``(n,)``, or 0 and 1 ``(n, k)``. weights: of the rows ``(n,)``.
        classes: outputs. strength: inverse of the L2 penalty on vectors centred and scaled to mean length 1.
        positive: weight of the positive side of each label ``(k,)``. seed: of the solver.

    Returns:
        float32 weight ``(classes, W)`` and bias ``(classes,)`` that read the vectors as they came.
    """
    mean = vectors.mean(0)
    scale = float(np.sqrt(((vectors - mean) ** 2).sum(1).mean())) or 1.0
    scaled = (vectors - mean) / scale
    if truth.ndim == 2:
        weight, bias = _independent(scaled, truth, weights, positive, strength, seed)
    else:
        weight, bias = _exclusive(scaled, truth, weights, classes, strength, seed)
    weight = weight / scale
    return weight.astype(np.float32), (bias - weight @ mean).astype(np.float32)


def sparse_head(
    lengths: np.ndarray,
    places: np.ndarray,
    values: np.ndarray,
    width: int,
    truth: np.ndarray,
    weights: np.ndarray,
    classes: int,
    *,
    strength: float,
    positive: np.ndarray | None,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """As ``logistic_head`` on sparse vectors of length 1, which are neither centred nor scaled.

    Args:
        lengths: non-zero places of each vector ``(n,)``. places, values: of all vectors back to back ``(k,)``.
        width: of the vectors. The others as there.
    """
    from scipy.sparse import csr_matrix

    bounds = np.concatenate([[0], np.cumsum(lengths)])
    vectors = csr_matrix((values.astype(np.float64), places, bounds), shape=(len(lengths), width))
    if truth.ndim == 2:
        weight, bias = _independent(vectors, truth, weights, positive, strength, seed)
    else:
        weight, bias = _exclusive(vectors, truth, weights, classes, strength, seed)
    return weight.astype(np.float32), bias.astype(np.float32)


def _exclusive(
    vectors: Any, truth: np.ndarray, weights: np.ndarray, classes: int, strength: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=1000, random_state=seed)
    model.fit(vectors, truth, sample_weight=weights)
    coefficients, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn keeps one row for two classes
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        bias = np.concatenate([-bias, bias]) / 2
    full = np.zeros((classes, vectors.shape[1])), np.full(classes, -1e4)  # a class without a row is never chosen
    full[0][model.classes_], full[1][model.classes_] = coefficients, bias
    return full


def _independent(
    vectors: Any,
    truth: np.ndarray,
    weights: np.ndarray,
    positive: np.ndarray | None,
    strength: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.linear_model import LogisticRegression

    weight, bias = np.zeros((truth.shape[1], vectors.shape[1])), np.zeros(truth.shape[1])
    for label in range(truth.shape[1]):
        present = truth[:, label] > 0
        if present.all() or not present.any():
            bias[label] = 10.0 if present.all() else -10.0
            continue
        each = weights if positive is None else weights * np.where(present, positive[label], 1)
        model = LogisticRegression(C=strength, max_iter=1000, random_state=seed).fit(vectors, present, each)
        weight[label], bias[label] = model.coef_[0], model.intercept_[0]
    return weight, bias
