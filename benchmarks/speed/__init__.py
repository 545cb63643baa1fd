"""Speed of embedding (texts a second, share of the machine's rate, cold start, memory), of writing, of pipelines."""

from __future__ import annotations

from slmkit.benchmarks.speed.compare import EMBEDDERS, TEXTS, measure
from slmkit.benchmarks.speed.pipelines import measure_pipeline
from slmkit.benchmarks.speed.show import pipeline_tables, tables, writing_tables
from slmkit.benchmarks.speed.writing import WRITERS, measure_writing

__all__ = [
    "EMBEDDERS",
    "TEXTS",
    "WRITERS",
    "measure",
    "measure_pipeline",
    "measure_writing",
    "pipeline_tables",
    "tables",
    "writing_tables",
]
