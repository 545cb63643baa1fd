"""slmkit where documents are searched: its retriever's vectors alone, ``DocumentIndex`` by words and by both."""

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
from slmkit.benchmarks.systems.embedders import SimilaritySystem
from slmkit.benchmarks.systems.ours import CORE, core_size, digest, size_with
from slmkit.benchmarks.systems.searching import DEPTH, Searcher
from slmkit.tasks.base import weights_folder
from slmkit.tasks.question_answering.retriever import shipped_embedder

_INDEX = ("tasks/base.py", "tasks/question_answering/*.py")


def dense(dataset: Dataset, protocol: str) -> Dense:
    """Vectors of queries and passages as an index makes them, one vector a document."""
    return Dense(Retrieving(dataset, protocol), dataset, protocol, name="slmkit-dense")


class Retrieving(SimilaritySystem):
    """What an index embeds with by default."""

    name = "slmkit-retriever"
    version = slmkit.__version__

    def fingerprint(self) -> str:
        """The embedder's fingerprint and the code that embeds."""
        return identity(
            self.name, shipped_embedder().fingerprint, digest(*CORE, "tasks/question_answering/retriever.py")
        )

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows. Shape: ``(n, 384)``."""
        return shipped_embedder().embed(list(texts), kind="query")

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows, over all windows of a long text. Shape: ``(n, 384)``."""
        return shipped_embedder().embed(list(texts), kind="passage")

    def size(self) -> Size:
        """The core, and the retriever where one ships."""
        return size_with(weights_folder("retriever"))


class Indexed(Searcher):
    """``DocumentIndex`` with its defaults, the best passage of each document. Adapters name the mode."""

    version = slmkit.__version__
    _mode = ""

    def __init__(self, dataset: Dataset, protocol: str, *, slm: Any = None) -> None:
        super().__init__(dataset, protocol)
        self._slm = slm
        self._index: Any = None

    def fingerprint(self) -> str:
        """The embedder's fingerprint and the code that embeds, indexes and searches."""
        return identity(self.name, self._embedder().fingerprint, digest(*CORE, *_INDEX))

    def index(self, documents: Mapping[str, str]) -> None:
        """Put all documents into a new index."""
        from slmkit.tasks.question_answering import DocumentIndex

        folder = Path(tempfile.mkdtemp())
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._index = DocumentIndex.create(folder / "index", slm=self._embedder())
        rows = ({"id": key, "body": text} for key, text in documents.items())
        self._index.add(rows, text="body", id="id", errors="raise")

    def _embedder(self) -> Any:
        return self._slm or shipped_embedder()

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """Ids for each query, best first."""
        found = self._index.search(list(inputs), DEPTH, mode=self._mode, per_document=1)
        return [[hit.document for hit in hits] for hits in found]

    def size(self) -> Size:
        """The core and the retriever."""
        return size_with(weights_folder("retriever"))


class Lexical(Indexed):
    """BM25 over passages, by SQLite; no vectors are made, since none are looked at."""

    name = "slmkit-lexical"
    _mode = "lexical"

    def _embedder(self) -> Any:
        return Blind(self._slm or slmkit.load())

    def size(self) -> Size:
        """The core, whose tokens measure the passages."""
        return Size(*core_size())


class Blind:
    """The core for an index that is searched by words alone: every vector is the same."""

    def __init__(self, slm: Any) -> None:
        self.fingerprint, self.tokenizer = slm.fingerprint, slm.tokenizer

    def embed(self, texts: Sequence[str], *, kind: str) -> np.ndarray:
        """Shape: ``(n, 1)``."""
        return np.ones((len(texts), 1), dtype=np.float32)


class Hybrid(Indexed):
    """Words and vectors of passages, scores joined."""

    name = "slmkit-hybrid"
    _mode = "hybrid"
