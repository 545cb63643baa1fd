"""Scores and their intervals. Each metric is a name, the function, and whether rows score one by one."""

from __future__ import annotations

from slmkit.benchmarks.metrics.base import METRICS, Metric, evaluate, interval
from slmkit.benchmarks.metrics.pairs import best_threshold, decide
from slmkit.benchmarks.metrics.rows import row_values

__all__ = ["METRICS", "Metric", "best_threshold", "decide", "evaluate", "interval", "row_values"]
