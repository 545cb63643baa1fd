"""The table of metrics, and the seeded bootstrap interval round any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from slmkit.benchmarks.metrics import answers, classes, entities, pairs
from slmkit.errors import InputError

RESAMPLES = 1000
_ACCURACY = "sklearn.metrics.accuracy_score"
_ANSWERS = "slmkit.benchmarks.metrics.answers, after the CMRC 2018 script"


@dataclass(frozen=True)
class Metric:
    """A score in 0..1 (correlation: -1..1), higher is better.

    Attributes:
        score: ``(gold, predicted) -> float`` over all rows.
        per_row: ``(gold, predicted) -> array`` of row scores whose mean is ``score``; None where a score is not a mean.
        script: The function that computes it, as a reader would look it up.
        with_metrics: Further metrics that are reported beside this one.
    """

    name: str
    script: str
    score: Callable[[Sequence[Any], Sequence[Any]], float]
    per_row: Callable[[Sequence[Any], Sequence[Any]], np.ndarray] | None = None
    with_metrics: tuple[str, ...] = ()


METRICS: dict[str, Metric] = {
    m.name: m
    for m in (
        Metric("accuracy", _ACCURACY, classes.accuracy, per_row=classes.correct, with_metrics=("macro_f1",)),
        Metric("macro_f1", "sklearn.metrics.f1_score(average='macro')", classes.macro_f1),
        Metric("spearman", "scipy.stats.spearmanr", pairs.spearman),
        # Systems' similarities arrive as decisions: the threshold was applied before the score is taken.
        Metric("threshold_accuracy", _ACCURACY, classes.accuracy, per_row=classes.correct),
        Metric("entity_f1", "seqeval.metrics.f1_score", entities.entity_f1),
        Metric("answer_f1", _ANSWERS, answers.f1, per_row=answers.row_f1, with_metrics=("exact_match",)),
        Metric("exact_match", _ANSWERS, answers.exact_match, per_row=answers.row_exact_match),
    )
}


def evaluate(name: str, gold: Sequence[Any], predicted: Sequence[Any]) -> dict[str, float]:
    """The metric called ``name`` and those reported beside it."""
    if name not in METRICS:
        raise InputError(f"unknown metric {name!r}; allowed: {', '.join(METRICS)}")
    if len(gold) != len(predicted) or not len(gold):
        raise InputError(f"{len(predicted)} predictions for {len(gold)} rows; one each, and at least one, is needed")
    return {m: float(METRICS[m].score(gold, predicted)) for m in (name, *METRICS[name].with_metrics)}


def interval(
    name: str, gold: Sequence[Any], predicted: Sequence[Any], *, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float] | None:
    """The 95 % percentile bootstrap interval over rows; None for fewer than two rows."""
    from scipy.stats import bootstrap

    if len(gold) < 2:
        return None
    metric, rng = METRICS[name], np.random.default_rng(seed)
    options = {"n_resamples": resamples, "method": "percentile", "confidence_level": 0.95, "random_state": rng}
    if metric.per_row is not None:
        values = np.asarray(metric.per_row(gold, predicted), dtype=np.float64)
        if np.ptp(values) == 0:
            return float(values[0]), float(values[0])  # scipy calls a constant sample degenerate and answers nan
        result = bootstrap((values,), np.mean, vectorized=True, batch=50, **options)
    else:

        def resampled(rows: np.ndarray) -> float:
            return metric.score([gold[i] for i in rows], [predicted[i] for i in rows])

        result = bootstrap((np.arange(len(gold)),), resampled, vectorized=False, batch=1, **options)
    low, high = result.confidence_interval
    return (float(low), float(high)) if np.isfinite([low, high]).all() else None
