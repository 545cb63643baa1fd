"""Speed of the embedders: texts a second, share of the machine's matrix-product rate, cold start, memory."""

from __future__ import annotations

from slmkit.benchmarks.speed.compare import EMBEDDERS, TEXTS, measure
from slmkit.benchmarks.speed.show import tables

__all__ = ["EMBEDDERS", "TEXTS", "measure", "tables"]
