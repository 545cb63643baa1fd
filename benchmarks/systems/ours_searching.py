"""slmkit where documents are searched: its vectors alone, and ``DocumentIndex`` by words and by both."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import slmkit
from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, identity
from slmkit.benchmarks.systems.dense import Dense
from slmkit.benchmarks.systems.ours import CORE, Embeddings, core_size, digest
from slmkit.benchmarks.systems.searching import DEPTH, Searcher

_INDEX = ("tasks/base.py", "tasks/question_answering/*.py")


def dense(dataset: Dataset, protocol: str) -> Dense:
    """``SLM.embed`` of queries and passages, one vector a document."""
    return Dense(Embeddings(dataset, protocol), dataset, protocol, name="slmkit-dense")


class Indexed(Searcher):
    """``DocumentIndex`` with its defaults, the best passage of each document. Adapters name the mode."""

    version = slmkit.__version__
    _mode = ""

    def __init__(self, dataset: Dataset, protocol: str, *, slm: Any = None) -> None:
        super().__init__(dataset, protocol)
        self._slm = slm
        self._index: Any = None

    def fingerprint(self) -> str:
        """The core's fingerprint and the code that embeds, indexes and searches."""
        core = self._slm or slmkit.load()
        return identity(self.name, core.fingerprint, digest(*CORE, *_INDEX))

    def index(self, documents: Mapping[str, str]) -> None:
        """Put all documents into a new index."""
        from slmkit.tasks.question_answering import DocumentIndex

        folder = Path(tempfile.mkdtemp())
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._index = DocumentIndex.create(folder / "index", slm=self._embedder())
        rows = ({"id": key, "body": text} for key, text in documents.items())
        self._index.add(rows, text="body", id="id", errors="raise")

    def _embedder(self) -> Any:
        return self._slm or slmkit.load()

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """Ids for each query, best first."""
        found = self._index.search(list(inputs), DEPTH, mode=self._mode, per_document=1)
        return [[hit.document for hit in hits] for hits in found]

    def size(self) -> Size:
        """The core."""
        return Size(*core_size())


class Lexical(Indexed):
    """BM25 over passages, by SQLite; no vectors are made, since none are looked at."""

    name = "slmkit-lexical"
    _mode = "lexical"

    def _embedder(self) -> Any:
        return Blind(super()._embedder())


class Blind:
    """The core for an index that is searched by words alone: every vector is the same."""

    def __init__(self, slm: Any) -> None:
        self.fingerprint, self.tokenizer = slm.fingerprint, slm.tokenizer

    def embed(self, texts: Sequence[str], *, kind: str) -> np.ndarray:
        """Shape: ``(n, 1)``."""
        return np.ones((len(texts), 1), dtype=np.float32)


class Hybrid(Indexed):
    """Words and vectors of passages, ranks joined."""

    name = "slmkit-hybrid"
    _mode = "hybrid"
