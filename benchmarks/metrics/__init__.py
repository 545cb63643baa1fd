"""Scores and their intervals. Each metric is a name, the function, and whether rows score one by one."""

from __future__ import annotations

from slmkit.benchmarks.metrics.base import METRICS, Metric, evaluate, interval

__all__ = ["METRICS", "Metric", "evaluate", "interval"]
