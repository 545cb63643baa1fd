"""Speed: of embedding (with cold start and memory), writing, pipelines, by length of text, of an index."""

from __future__ import annotations

from slmkit.benchmarks.speed.choice import measure_one_of
from slmkit.benchmarks.speed.compare import EMBEDDERS, TEXTS, measure
from slmkit.benchmarks.speed.indexes import measure_index
from slmkit.benchmarks.speed.lengths import measure_lengths
from slmkit.benchmarks.speed.pipelines import measure_pipeline
from slmkit.benchmarks.speed.show import tables
from slmkit.benchmarks.speed.writing import WRITERS, measure_writing

__all__ = [
    "EMBEDDERS",
    "TEXTS",
    "WRITERS",
    "measure",
    "measure_index",
    "measure_lengths",
    "measure_one_of",
    "measure_pipeline",
    "measure_writing",
    "tables",
]
