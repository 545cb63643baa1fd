"""slmkit where questions are answered: ``Reader`` beside a passage, and ``QuestionAnswerer`` over a whole corpus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import slmkit
from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, System, identity
from slmkit.benchmarks.systems.ours import CORE, digest, size_of_fitted, size_with
from slmkit.benchmarks.systems.ours_searching import Indexed
from slmkit.errors import DataError, InputError
from slmkit.tasks.base import weights_folder

NAME = "slmkit-reader"
_CODE = (*CORE, "training/*.py", "tasks/base.py", "tasks/question_answering/*.py")


def build(dataset: Dataset, protocol: str) -> System:
    """The part of the package that answers what the dataset asks."""
    return Answering(dataset, protocol) if dataset.task == "qa" else Reading(dataset, protocol)


class Reading:
    """``Reader``: as shipped, or fitted with its defaults.

    Where a set's script knows no question without an answer, the likeliest place is given even where the reader would
    abstain.

    Args:
        dataset, protocol: what is measured. slm: the core; None takes the shipped one.
        reader: folder of what is measured as shipped; None takes the one that ships with the package.
    """

    name = NAME
    version = slmkit.__version__

    def __init__(self, dataset: Dataset, protocol: str, *, slm: Any = None, reader: Path | None = None) -> None:
        self._fitted, self._slm, self._folder = protocol != "shipped", slm, reader
        self._abstains = dataset.metric == "cail_f1"
        self._model: Any = None

    def fingerprint(self) -> str:
        """The core's fingerprint, the shipped reader's, and the code that fits and reads.

        Raises:
            DataError: no reader ships with this package.
        """
        own = "" if self._fitted else self._load().fingerprint
        return identity(NAME, "reader", (self._slm or slmkit.load()).fingerprint, own, digest(*_CODE))

    def _load(self) -> Any:
        if self._model is None:
            if self._fitted:
                raise InputError("this system is measured fitted; fit it first")
            from slmkit.tasks.question_answering import Reader

            self._model = Reader.load(shipped(self._folder), slm=self._slm)
        return self._model

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Fit a branch and a head; a question that most annotators found no answer to has none."""
        from slmkit.tasks.question_answering import Reader

        answers = [[] if 2 * list(each).count("") > len(each) else [a for a in each if a] for each in labels]
        model = Reader(random_state=seed, slm=self._slm)
        self._model = model.fit([question for _, question in inputs], [context for context, _ in inputs], answers)

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """The answer to each question, empty where there is none."""
        questions, contexts = [question for _, question in inputs], [context for context, _ in inputs]
        if self._abstains:
            return [found["answer"] or "" for found in self._load().predict(questions, contexts)]
        found = self._load().predict(questions, contexts, n_best=2)
        return [next((one["answer"] for one in each if one["answer"] is not None), "") for each in found]

    def size(self) -> Size:
        """The core, and branch and head as saved."""
        return size_of_fitted(self._model) if self._fitted else size_with(shipped(self._folder))


class Answering(Indexed):
    """``QuestionAnswerer`` with its defaults over a ``DocumentIndex``."""

    name = NAME

    def __init__(self, dataset: Dataset, protocol: str, *, slm: Any = None, reader: Path | None = None) -> None:
        super().__init__(dataset, protocol, slm=slm)
        self._folder = reader

    def fingerprint(self) -> str:
        """The embedder's fingerprint, the reader's, and the code that indexes, searches and reads.

        Raises:
            DataError: no reader ships with this package.
        """
        from slmkit.tasks.question_answering import ReadingModel
        from slmkit.tasks.question_answering.retriever import core_of

        embedder = self._embedder()
        own = ReadingModel.load(shipped(self._folder), slm=core_of(embedder)).fingerprint
        return identity(NAME, "answerer", embedder.fingerprint, own, digest(*_CODE))

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """``{"answer", "document"}`` for each question; an empty answer and None where it abstains."""
        from slmkit.tasks.question_answering import QuestionAnswerer

        found = QuestionAnswerer(self._index, shipped(self._folder)).ask(list(inputs))
        return [{"answer": answer.text, "document": answer.document} for answer in found]

    def size(self) -> Size:
        """The core, the retriever and the reader."""
        return size_with(weights_folder("retriever"), shipped(self._folder))


def shipped(folder: Path | None = None) -> Path:
    """The folder of the reader that ships with this package, or the one that is given.

    Raises:
        DataError: there is none.
    """
    from slmkit.tasks.question_answering.answerer import shipped_reader

    place = folder if folder is not None else shipped_reader()
    if not (place / "config.json").is_file():
        raise DataError(f"no reader ships with this package ({place} is not there), so it is not measured as shipped")
    return place
