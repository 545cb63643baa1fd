"""A system without weights: what the harness's own tests run, and the line of chance in a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log
from typing import Any

import numpy as np

from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, identity


class Dummy:
    """Answers the most frequent training class; unfitted, a constant; for pairs, how alike the lengths are.

    Where a text is to be written it gives the input back; where one is to be foretold, every byte is as likely; and
    every query finds the first documents.
    """

    name = "dummy"
    version = "1"

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        self._task = dataset.task
        self._answer: Any = "positive"
        self._ids: list[str] = []

    def fingerprint(self) -> str:
        """Constant for a version."""
        return identity(self.name, self.version)

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Remember the most frequent label; of several, the first in order."""
        if self._task in ("classification", "sentiment"):
            counts = Counter(labels)
            self._answer = min(counts, key=lambda label: (-counts[label], label))

    def index(self, documents: Mapping[str, str]) -> None:
        """Remember the first ten ids."""
        self._ids = list(documents)[:10]

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """One answer a row."""
        if self._task == "similarity":
            return [min(len(a), len(b)) / max(len(a), len(b), 1) for a, b in inputs]
        if self._task == "retrieval":
            return [self._ids for _ in inputs]
        if self._task in ("entities", "types"):
            return [[] for _ in inputs]
        if self._task == "reading":
            return [context[:16] for context, _ in inputs]
        if self._task in ("summarization", "translation", "generation"):
            return list(inputs)
        return [self._answer for _ in inputs]

    def log_probabilities(self, inputs: Sequence[str], texts: Sequence[str]) -> list[float]:
        """Eight bits a byte."""
        return [-len(text.encode()) * 8 * log(2) for text in texts]

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """The same unit vector for every text. Shape: ``(n, 4)``."""
        return np.full((len(texts), 4), 0.5, dtype=np.float32)

    def size(self) -> Size:
        """Nothing."""
        return Size(parameters=0, bytes=0)
