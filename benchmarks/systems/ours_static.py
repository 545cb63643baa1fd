"""slmkit's static tier: sentence vectors and classifiers without the encoder."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import slmkit
from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, System, bytes_in, identity
from slmkit.benchmarks.systems.embedders import SimilaritySystem
from slmkit.benchmarks.systems.ours import CORE, digest, saved_parameters

NAME = "slmkit-static"
_CODE = (*CORE, "static.py")


def build(dataset: Dataset, protocol: str) -> System:
    """Vectors for similarity, a classifier for classes."""
    return StaticEmbeddings(dataset, protocol) if dataset.task == "similarity" else StaticClassifier()


def _vectors() -> Any:
    return slmkit.load(precision="static")


def _size() -> Size:
    info = _vectors().info()
    return Size(int(info["parameters"]), int(info["bytes"]))


class StaticClassifier:
    """``Classifier(method="static")`` with its defaults."""

    name = NAME
    version = slmkit.__version__

    def __init__(self) -> None:
        self._model: Any = None

    def fingerprint(self) -> str:
        """The vectors' fingerprint and the code that fits and predicts."""
        return identity(NAME, "classifier", _vectors().fingerprint, digest(*_CODE, "tasks/classification/*.py"))

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Fit a head and n-grams."""
        from slmkit.tasks.classification import Classifier

        self._model = Classifier(method="static", random_state=seed).fit(list(inputs), list(labels))

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """One class name a text."""
        return [str(label) for label in self._model.predict(list(inputs))]

    def size(self) -> Size:
        """The vectors with the tokenizer, and the head and n-grams as saved."""
        shared = _size()
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "model"
            self._model.save(target)
            own = saved_parameters(target), bytes_in(target)
        return Size((shared.parameters or 0) + own[0], (shared.bytes or 0) + own[1])


class StaticEmbeddings(SimilaritySystem):
    """``slmkit.load(precision="static").embed``."""

    name = NAME
    version = slmkit.__version__

    def fingerprint(self) -> str:
        """The vectors' fingerprint and the code that embeds."""
        return identity(NAME, "embed", _vectors().fingerprint, digest(*_CODE))

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows. Shape: ``(n, width)``."""
        return _vectors().embed(list(texts))

    def size(self) -> Size:
        """The vectors and the tokenizer."""
        return _size()
