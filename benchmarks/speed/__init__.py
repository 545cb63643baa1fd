"""Speed: of embedding (texts a second, share of the machine's own rate, cold start, memory) and of writing."""

from __future__ import annotations

from slmkit.benchmarks.speed.compare import EMBEDDERS, TEXTS, measure
from slmkit.benchmarks.speed.show import tables, writing_tables
from slmkit.benchmarks.speed.writing import WRITERS, measure_writing

__all__ = ["EMBEDDERS", "TEXTS", "WRITERS", "measure", "measure_writing", "tables", "writing_tables"]
