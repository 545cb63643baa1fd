"""Similarity: rank correlation, and the threshold that turns a similarity into a decision."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def spearman(gold: Sequence[float], predicted: Sequence[float]) -> float:
    """Spearman's rank correlation; 0 where either side is constant, since nothing is ranked then."""
    from scipy.stats import spearmanr

    if len(set(gold)) < 2 or len(set(predicted)) < 2:
        return 0.0
    return float(spearmanr(gold, predicted).statistic)


def best_threshold(gold: Sequence[float], similarity: Sequence[float]) -> float:
    """The threshold with the highest accuracy for ``similarity >= threshold`` against labels 0 and 1."""
    order = np.argsort(np.asarray(similarity, dtype=np.float64))[::-1]
    values, labels = np.asarray(similarity, dtype=np.float64)[order], np.asarray(gold)[order] > 0.5
    # Cutting after the i-th highest: the positives so far are right, and so are the negatives below the cut.
    right = np.concatenate([[0], np.cumsum(labels)]) + (~labels).sum() - np.concatenate([[0], np.cumsum(~labels)])
    possible = np.concatenate([[True], values[:-1] > values[1:], [True]])
    cut = int(np.argmax(np.where(possible, right, -1)))
    if cut == 0:
        return float(np.nextafter(values[0], np.inf))
    return float(values[cut - 1]) if cut == len(values) else float((values[cut - 1] + values[cut]) / 2)


def decide(similarity: Sequence[float], threshold: float) -> list[float]:
    """1.0 where the similarity reaches the threshold, else 0.0."""
    return [1.0 if value >= threshold else 0.0 for value in similarity]
