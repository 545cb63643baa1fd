"""Temperature scaling (Guo et al. 2017): one number that makes probabilities as sure as they are right."""

from __future__ import annotations

import numpy as np

SMALLEST = 20  # fewer held-back texts than this say too little about a temperature
_GOLDEN = (5**0.5 - 1) / 2


def fit_temperature(
    logits: np.ndarray, truth: np.ndarray, weights: np.ndarray | None = None, *, low: float = 0.2, high: float = 10.0
) -> float:
    """The temperature with the least log loss on held-back texts.

    Args:
        logits: ``(n, k)``. truth: class numbers ``(n,)``, or 0 and 1 ``(n, k)`` where labels are independent.
        weights: of the texts ``(n,)``. low, high: bounds.

    Returns:
        The temperature; 1 when there are too few texts to tell.
    """
    if len(logits) < SMALLEST:
        return 1.0
    weights = np.ones(len(logits)) if weights is None else np.asarray(weights, dtype=np.float64)
    logits = logits.astype(np.float64)
    # As if one text more could have any label: else a part without a mistake would ask for boundless certainty.
    spread = 1 / (len(logits) + 1)
    left, right = float(np.log(low)), float(np.log(high))
    # The loss has one minimum in the log temperature, so golden-section search finds it.
    a, b = right - _GOLDEN * (right - left), left + _GOLDEN * (right - left)
    loss_a, loss_b = (log_loss(logits / np.exp(t), truth, weights, spread) for t in (a, b))
    while right - left > 1e-4:
        if loss_a < loss_b:
            right, b, loss_b = b, a, loss_a
            a = right - _GOLDEN * (right - left)
            loss_a = log_loss(logits / np.exp(a), truth, weights, spread)
        else:
            left, a, loss_a = a, b, loss_b
            b = left + _GOLDEN * (right - left)
            loss_b = log_loss(logits / np.exp(b), truth, weights, spread)
    return float(np.exp((left + right) / 2))


def log_loss(logits: np.ndarray, truth: np.ndarray, weights: np.ndarray, spread: float = 0.0) -> float:
    """Weighted mean of the negative log likelihood; shapes as in ``fit_temperature``.

    Args:
        logits: in float64. truth: the classes. weights: of the texts. spread: share of the truth given to all labels.
    """
    if truth.ndim == 1:
        shifted = logits - logits.max(1, keepdims=True)
        surprise = np.log(np.exp(shifted).sum(1, keepdims=True)) - shifted
        losses = (1 - spread) * surprise[np.arange(len(truth)), truth] + spread * surprise.mean(1)
    else:
        losses = (np.logaddexp(0, logits) - (truth * (1 - spread) + spread / 2) * logits).sum(1)
    return float((losses * weights).sum() / weights.sum())
