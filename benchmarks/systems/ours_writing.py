"""slmkit where a text is written: summaries, titles, texts from data, translations; and how well it foretells one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import slmkit
from slmkit.benchmarks.datasets import Dataset, Writing
from slmkit.benchmarks.systems.base import Size, System, identity, pairs
from slmkit.benchmarks.systems.extractive import how_many, sentences_of
from slmkit.benchmarks.systems.ours import CORE, NAME, core_size, digest, size_of_fitted, size_with
from slmkit.errors import InputError

_TASKS = {"summarization": "summarization", "generation": "generation", "translation": "generation"}
# Whatever writes is fitted and asked by the code of generation.
_SHARED = (*CORE, "writing.py", "training/*.py", "tasks/base.py", "tasks/inputs.py", "tasks/generation/*.py")


def build(dataset: Dataset, protocol: str) -> System:
    """The part of the package that writes what the dataset asks for."""
    if dataset.task == "continuation":
        return Continuation()
    return Written(dataset, protocol)


class Written:
    """``Summarizer``, ``Generator`` or ``Translator``: as shipped, or fitted on the pairs with its defaults."""

    name = NAME
    version = slmkit.__version__

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        self._dataset, self._fitted = dataset, protocol != "shipped"
        self._writing = dataset.writing or Writing()
        self._model: Any = None

    def fingerprint(self) -> str:
        """The core's fingerprint and the code that fits and writes."""
        folder = _TASKS[self._dataset.task]
        code = dict.fromkeys((*_SHARED, f"tasks/{folder}/*.py"))
        return identity(NAME, folder, slmkit.load().writing_fingerprint, digest(*code))

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Fit a branch of the decoder; an input with several references is as many pairs."""
        self._model = self._make(seed=seed).fit(*pairs(inputs, labels))

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """One text a row."""
        if self._model is not None:
            return _texts(self._model, inputs)
        if self._fitted:
            raise InputError("this system is measured fitted; fit it first")
        return self._as_shipped(inputs)

    def _as_shipped(self, inputs: Sequence[Any]) -> list[Any]:
        if self._dataset.task != "summarization" or self._writing.style == "title":
            return _texts(self._make(), inputs)
        # Shipped, it knows nothing of the set: it is asked for as many sentences as the systems that pick them are.
        made, wanted = [""] * len(inputs), self._writing.sentences
        groups: dict[int, list[int]] = defaultdict(list)
        for i, text in enumerate(inputs):
            count = how_many(wanted, len(sentences_of(text))) if isinstance(wanted, float) else wanted
            groups[count].append(i)
        for count, rows in sorted(groups.items()):
            for i, text in zip(rows, _texts(self._make(sentences=count), [inputs[i] for i in rows]), strict=True):
                made[i] = text
        return made

    def _make(self, *, seed: int = 0, sentences: int | None = None) -> Any:
        w = self._writing
        if self._dataset.task == "summarization":
            from slmkit.tasks.summarization import Summarizer

            method = "extractive" if w.extractive else "auto"
            return Summarizer(method=method, style=w.style, sentences=sentences, random_state=seed)
        if self._dataset.task == "translation":
            from slmkit.tasks.generation import Translator

            return Translator(source=self._dataset.language, target=w.target, random_state=seed)
        from slmkit.tasks.generation import Generator

        return Generator(start=w.start, random_state=seed)

    def size(self) -> Size:
        """The core, and the branch as saved where one was fitted."""
        return size_with() if self._model is None else size_of_fitted(self._model)


def _texts(task: Any, inputs: Sequence[str]) -> list[Any]:
    """What the task writes; an empty text for an input that it refuses, unless it refuses them all.

    A task refuses a batch for one row in it (a text in the wrong language), so the rest is asked again without it.
    """
    try:
        return list(task.predict(list(inputs)))
    except InputError:
        if len(inputs) < 2:
            raise
    middle, made, refused = len(inputs) // 2, [], []
    for half in (inputs[:middle], inputs[middle:]):
        try:
            made.extend(_texts(task, half))
        except InputError as error:
            made.extend([""] * len(half))
            refused.append(error)
    if len(refused) == 2:
        raise refused[0]
    return made


class Continuation:
    """How likely the core finds the rest of a text after its beginning."""

    name = NAME
    version = slmkit.__version__

    def fingerprint(self) -> str:
        """The core's fingerprint and the code that reads and writes."""
        return identity(NAME, "continuation", slmkit.load().writing_fingerprint, digest(*CORE, "writing.py"))

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Refused: this one is measured as shipped."""
        raise InputError("continuation is measured as shipped; it is not fitted")

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """The core's own continuations."""
        return slmkit.load().generate(list(inputs), start="continue")

    def log_probabilities(self, inputs: Sequence[str], texts: Sequence[str]) -> list[float]:
        """Summed over the pieces of each text; that it ends there is no part of it."""
        return slmkit.load().writer.log_likelihoods(inputs, "continue", texts, ended=False)

    def size(self) -> Size:
        """The core."""
        return Size(*core_size())
