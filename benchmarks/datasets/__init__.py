"""The dataset registry: which files, from where, how they are read and split, and what is measured on them."""

from __future__ import annotations

from slmkit.benchmarks.datasets.base import PROTOCOLS, SPLITS, DataFile, Dataset, Rows, Writing, references
from slmkit.benchmarks.datasets.loading import load, locate, missing_files
from slmkit.benchmarks.datasets.registry import REGISTRY, get, names

__all__ = [
    "PROTOCOLS",
    "REGISTRY",
    "SPLITS",
    "DataFile",
    "Dataset",
    "Rows",
    "Writing",
    "get",
    "load",
    "locate",
    "missing_files",
    "names",
    "references",
]
