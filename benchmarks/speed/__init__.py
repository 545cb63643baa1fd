"""Speed of embedding (texts/s, share of the machine's rate, cold start, memory), writing, pipelines, long text."""

from __future__ import annotations

from slmkit.benchmarks.speed.choice import measure_one_of
from slmkit.benchmarks.speed.compare import EMBEDDERS, TEXTS, measure
from slmkit.benchmarks.speed.lengths import measure_lengths
from slmkit.benchmarks.speed.pipelines import measure_pipeline
from slmkit.benchmarks.speed.show import tables
from slmkit.benchmarks.speed.writing import WRITERS, measure_writing

__all__ = [
    "EMBEDDERS",
    "TEXTS",
    "WRITERS",
    "measure",
    "measure_lengths",
    "measure_one_of",
    "measure_pipeline",
    "measure_writing",
    "tables",
]
