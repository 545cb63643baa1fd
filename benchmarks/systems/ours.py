"""slmkit itself, through its public calls only."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import slmkit
from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, System, bytes_in, code_digest, identity
from slmkit.benchmarks.systems.embedders import SimilaritySystem
from slmkit.errors import InputError

NAME = "slmkit"
_PACKAGE = Path(slmkit.__file__).parent
CORE = (
    *("core.py", "stored.py", "encoded.py", "sentence_vectors.py", "from_states.py", "runtime.py", "checkpoint.py"),
    *("text/*.py", "model/*.py"),
)
_FITTING = ("training/*.py", "tasks/base.py", "tasks/classification/*.py")


def build(dataset: Dataset, protocol: str) -> System:
    """The part of the package that does the dataset's task under the protocol."""
    if dataset.writing is not None or dataset.task == "continuation":
        from slmkit.benchmarks.systems.ours_writing import build as build_writing

        return build_writing(dataset, protocol)
    if dataset.task == "spelling":
        from slmkit.benchmarks.systems.ours_spelling import Spelling

        return Spelling(dataset, protocol)
    if dataset.task in ("entities", "types"):
        from slmkit.benchmarks.systems.ours_entities import Entities

        return Entities(dataset, protocol)
    if dataset.task == "relations":
        from slmkit.benchmarks.systems.ours_relations import Relations

        return Relations(dataset, protocol)
    if dataset.task == "similarity":
        return Embeddings(dataset, protocol)
    if protocol != "shipped":
        return FittedClassifier()
    return ShippedSentiment(neutral="neutral" in dataset.labels)


def digest(*patterns: str) -> str:
    """A hash of the package's files that match."""
    return code_digest(path for pattern in patterns for path in _PACKAGE.glob(pattern))


def core_size() -> tuple[int, int]:
    """Parameters and bytes of the core."""
    info = slmkit.load().info()
    return int(info["parameters"]), int(info["bytes"])


def size_with(*folders: Path) -> Size:
    """The core with what is saved in these folders; one that holds no model adds nothing."""
    parameters, size = core_size()
    for folder in folders:
        if (folder / "config.json").is_file():
            parameters, size = parameters + saved_parameters(folder), size + bytes_in(folder)
    return Size(parameters, size)


def size_of_fitted(model: Any) -> Size:
    """The core with a fitted model as it is saved."""
    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / "model"
        model.save(target)
        return size_with(target)


class FittedClassifier:
    """``Classifier`` with its defaults, or with another method."""

    version = slmkit.__version__

    def __init__(self, name: str = NAME, **options: Any) -> None:
        self.name, self._options = name, options
        self._model: Any = None

    def fingerprint(self) -> str:
        """The core's fingerprint and the code that fits and predicts."""
        parts = (slmkit.load().fingerprint, digest(*CORE, *_FITTING), *sorted(self._options.items()))
        return identity(NAME, "classifier", *parts)

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Fit a branch and a head."""
        from slmkit.tasks.classification import Classifier

        self._model = Classifier(random_state=seed, **self._options).fit(list(inputs), list(labels))

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """One class name a text."""
        return [str(label) for label in self._model.predict(list(inputs))]

    def size(self) -> Size:
        """The core, and the branch and head as saved."""
        return size_of_fitted(self._model)


def linear(dataset: Dataset, protocol: str) -> System:
    """``Classifier`` that only fits a head, on the core's own sentence vectors."""
    return FittedClassifier("slmkit-linear", method="linear")


class ZeroShot(FittedClassifier):
    """``Classifier.from_labels``: the names of the labels are all that it is told."""

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        super().__init__("slmkit-zero-shot")
        self._labels = dataset.labels

    def fingerprint(self) -> str:
        """The core's fingerprint, the labels, and the code that fits and predicts."""
        return identity("zero-shot", super().fingerprint(), *self._labels)

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Refused: this one is measured as shipped."""
        raise InputError("slmkit-zero-shot is measured as shipped; it is not fitted")

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """One class name a text."""
        if self._model is None:
            from slmkit.tasks.classification import Classifier

            self._model = Classifier.from_labels(list(self._labels))
        return super().predict(inputs)


def saved_parameters(folder: Path) -> int:
    """Parameters in a folder of weights."""
    from safetensors import safe_open

    total = 0
    for path in folder.rglob("*.safetensors"):
        with safe_open(path, framework="np") as tensors:
            total += sum(int(np.prod(tensors.get_slice(key).get_shape())) for key in tensors.keys())  # noqa: SIM118
    return total


class ShippedSentiment:
    """``Sentiment`` as shipped; the neutral band is closed where a set has two classes."""

    name = NAME
    version = slmkit.__version__

    def __init__(self, *, neutral: bool = False) -> None:
        self._neutral = neutral
        self._model: Any = None

    def _load(self) -> Any:
        if self._model is None:
            from slmkit.tasks.classification import Sentiment

            self._model = Sentiment() if self._neutral else Sentiment(neutral_band=0.0)
        return self._model

    def fingerprint(self) -> str:
        """The core's fingerprint, the shipped branch's, and the code that predicts."""
        own = getattr(self._load(), "fingerprint", "")
        return identity(NAME, "sentiment", slmkit.load().fingerprint, own, digest(*CORE, *_FITTING))

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Refused: this one is measured as shipped."""
        raise InputError("Sentiment is measured as shipped; it is not fitted")

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """``positive``, ``negative`` or, where the set has it, ``neutral`` for each text."""
        return [str(row["label"]) for row in self._load().annotate(list(inputs))]

    def size(self) -> Size:
        """The core and the shipped branch."""
        from slmkit.tasks.classification.sentiment import shipped_sentiment

        return size_with(shipped_sentiment())


class Embeddings(SimilaritySystem):
    """``SLM.embed`` with its defaults."""

    name = NAME
    version = slmkit.__version__

    def fingerprint(self) -> str:
        """The core's fingerprint and the code that embeds."""
        return identity(NAME, "embed", slmkit.load().fingerprint, digest(*CORE))

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows. Shape: ``(n, 384)``."""
        return slmkit.load().embed(list(texts))

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows. Shape: ``(n, 384)``."""
        return slmkit.load().embed(list(texts), kind="query")

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """Unit rows, over all windows of a long text. Shape: ``(n, 384)``."""
        return slmkit.load().embed(list(texts), kind="passage")

    def size(self) -> Size:
        """The core."""
        return Size(*core_size())
