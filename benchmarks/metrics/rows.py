"""What each row adds to a score: one number a row whose mean is the score, whatever the metric.

For a score that is a mean these are the rows' own scores. For any other they are jackknife pseudo-values (Tukey 1958):
``n`` times the score less ``n - 1`` times the score without the row, moved so that their mean is the score. So two
systems can be compared row by row under every metric, and what has to be kept of a run is one number a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from slmkit.benchmarks.metrics.base import METRICS, Metric


def row_values(name: str, gold: Sequence[Any], predicted: Sequence[Any]) -> np.ndarray:
    """What each row adds to the metric called ``name``. Shape: ``(n,)``; the mean is the score."""
    metric = METRICS[name]
    if metric.per_row is not None:
        return np.asarray(metric.per_row(gold, predicted), dtype=np.float64)
    n, score = len(gold), float(metric.score(gold, predicted))
    if n < 2:
        return np.full(n, score)
    values = n * score - (n - 1) * _without_each(metric, gold, predicted)
    return values - values.mean() + score


def _without_each(metric: Metric, gold: Sequence[Any], predicted: Sequence[Any]) -> np.ndarray:
    """The score of all rows but one, for each. Shape: ``(n,)``."""
    if metric.counts is not None and metric.of_counts is not None:
        table = np.asarray(metric.counts(gold, predicted))
        rest, places = np.unique(table.sum(axis=0) - table, axis=0, return_inverse=True)
        return np.array([metric.of_counts(total) for total in rest])[places.reshape(-1)]
    # Rows with the same label and the same answer leave the same rest behind.
    found: dict[tuple[Any, Any], float] = {}
    for i, row in enumerate(zip(gold, predicted, strict=True)):
        if row not in found:
            found[row] = metric.score([*gold[:i], *gold[i + 1 :]], [*predicted[:i], *predicted[i + 1 :]])
    return np.array([found[row] for row in zip(gold, predicted, strict=True)])
