"""slmkit where entities are found: ``EntityRecognizer`` fitted, as shipped, and by the names of types."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import slmkit
from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, identity
from slmkit.benchmarks.systems.ours import CORE, NAME, digest, size_of_fitted, size_with
from slmkit.errors import DataError, InputError
from slmkit.tasks.knowledge.entities.inventories import inventory, labels_of_general

_CODE = (
    *CORE,
    *("training/*.py", "tasks/base.py", "tasks/classification/recipe.py", "tasks/classification/tuned.py"),
    *("tasks/question_answering/natural_words.py", "tasks/knowledge/pointing.py", "tasks/knowledge/entities/*.py"),
)


class Entities:
    """``EntityRecognizer`` with its defaults.

    As shipped its general types stand for those of the set that mean the same; for a set of the task ``types`` it looks
    for the set's own types by their names.

    Args:
        dataset, protocol: what is measured. slm: the core; None takes the shipped one.
        recognizer: folder of what is measured as shipped; None takes the one that ships with the package.
        **settings: of the recognizer that is fitted.
    """

    name = NAME
    version = slmkit.__version__

    def __init__(
        self, dataset: Dataset, protocol: str, *, slm: Any = None, recognizer: Path | None = None, **settings: Any
    ) -> None:
        self._fitted, self._slm, self._folder, self._settings = protocol != "shipped", slm, recognizer, settings
        self._labels: dict[str, str] | None = None
        self._types: dict[str, str] | None = None
        if dataset.task == "types":
            known = inventory(dataset.name.removesuffix("-types"))
            self._types = {label: named.words for label, named in known.items()}
        elif not self._fitted:
            self._labels = labels_of_general(dataset.name)
        self._model: Any = None

    def fingerprint(self) -> str:
        """The core's fingerprint, the shipped recognizer's, and the code that fits and finds.

        Raises:
            DataError: no recognizer ships with this package.
        """
        from slmkit.tasks.knowledge.entities import RecognizerModel

        core = self._slm or slmkit.load()
        own = "" if self._fitted else RecognizerModel.load(shipped(self._folder), slm=core).fingerprint
        told = (self._settings, self._labels, self._types)
        return identity(NAME, "entities", core.fingerprint, own, digest(*_CODE), *told)

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Fit a branch and its heads."""
        if not self._fitted:
            raise InputError("the recognizer is measured as shipped here; it is not fitted")
        from slmkit.tasks.knowledge import EntityRecognizer

        made = EntityRecognizer(random_state=seed, slm=self._slm, **self._settings)
        self._model = made.fit(list(inputs), list(labels))

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """``(start, end, type)`` of each entity."""
        if self._model is None:
            if self._fitted:
                raise InputError("this system is measured fitted; fit it first")
            from slmkit.tasks.knowledge import EntityRecognizer

            self._model = EntityRecognizer(self._types, slm=self._slm, model=shipped(self._folder))
        return [
            [(e.start, e.end, self._label(e.type)) for e in own if self._label(e.type)]
            for own in self._model.predict(list(inputs))
        ]

    def _label(self, kind: str) -> str:
        return kind if self._labels is None else self._labels.get(kind, "")

    def size(self) -> Size:
        """The core, and branch and heads as saved."""
        return size_of_fitted(self._model) if self._fitted else size_with(shipped(self._folder))


def shipped(folder: Path | None = None) -> Path:
    """The folder of the recognizer that ships with this package, or the one that is given.

    Raises:
        DataError: there is none.
    """
    from slmkit.tasks.knowledge.entities.folders import shipped_recognizer

    found = folder if folder is not None else shipped_recognizer()
    if not (found / "config.json").is_file():
        raise DataError(f"no recognizer ships with this package ({found} is not there), so it is not measured")
    return found
