"""What the systems that search share: documents are taken in once, queries answered by ids, best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slmkit.benchmarks.datasets import Dataset
from slmkit.errors import InputError

DEPTH = 10  # ids a query: what the metrics look at


class Searcher:
    """Adapters add ``index``, ``predict``, ``fingerprint`` and ``size``."""

    name = ""
    version = "1"

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        self._chinese = dataset.language == "zh"
        self._ids: list[str] = []

    def index(self, documents: Mapping[str, str]) -> None:
        """Take in the text of each document id."""
        raise NotImplementedError

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Refused: searching is measured as shipped."""
        raise InputError(f"{self.name} is measured as shipped; it is not fitted")

    def _best(self, scores: np.ndarray) -> list[str]:
        """The ids with the highest of all documents' scores ``(documents,)``; of equal ones the first in order."""
        return [self._ids[i] for i in np.argsort(-scores, kind="stable")[:DEPTH]]
