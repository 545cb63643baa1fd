"""What the tasks that write text share: the core or a fitted writer behind them, forms of in- and output, saving."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from slmkit.errors import CheckpointError
from slmkit.tasks.inputs import as_series_like, as_texts
from slmkit.tasks.parameters import Parameters

if TYPE_CHECKING:
    from sklearn.utils import Tags

    from slmkit.core import SLM
    from slmkit.tasks.generation.writing_model import WritingModel
    from slmkit.writing import Writer

_Task = TypeVar("_Task", bound="WritingTask")
LEFT_OUT = ("slm", "random_state", "verbose")  # they belong to the machine and the run, not to the model


class WritingTask(Parameters):
    """A task whose result is a text. Subclasses store their parameters, name a start and say how a text is written.

    It has scikit-learn's manners (``Parameters``).

    Attributes:
        model_: after ``fit``, the ``WritingModel``.
    """

    name: str
    columns: tuple[str, ...]
    random_state: int | None
    verbose: int

    def __init__(self, *, slm: SLM | str | Path | None = None) -> None:
        self.slm = slm

    @property
    def _start(self) -> str | None:
        """Which of the core's starts it writes by."""
        raise NotImplementedError

    def _write(self, texts: list[str]) -> list[str]:
        """One text for each of the given ones."""
        raise NotImplementedError

    def predict(self, X: Any) -> Any:
        """A text for each of the given ones.

        Args:
            X: one str, or a list, array or Series of them.

        Returns:
            A str for a str, a Series for a Series, a list for everything else.

        Raises:
            InputError: a row that is no text, or what the task says of itself.
        """
        if isinstance(X, str):
            return self._write([X])[0]
        made, index = self._write(as_texts(X)), as_series_like(X)
        if index is None:
            return made
        import pandas as pd

        return pd.Series(made, index=index, name=self.columns[0], dtype="str")

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """One dict a text, for tables."""
        return [{self.columns[0]: made} for made in self._write(list(texts))]

    def fit(self: _Task, X: Any, y: Any, **options: Any) -> _Task:
        """Learn from pairs of one's own: tunes a branch of the encoder and the decoder (about 17 MB when saved).

        Args:
            X: sources, a list, array or Series of str. y: what is to be written for each.
            **options: fields of ``WriterRecipe``: depth, epochs, learning_rate …

        Raises:
            InputError: rows that are no texts, an unknown or impossible option.
        """
        from slmkit.tasks.generation.fitting import fit_writer

        start = self._start if self._core().decoder is not None else None
        self.model_ = fit_writer(
            self._core(), X, y, start=start, random_state=self.random_state, verbose=self.verbose, **options
        )
        self.history_ = self.model_.about["history"]
        return self

    @property
    def writer(self) -> Writer:
        """What writes: the fitted model's, or else the core's.

        Raises:
            CheckpointError: not fitted, and the core has no decoder.
        """
        return self.model_.writer if hasattr(self, "model_") else self._core().writer

    @property
    def fingerprint(self) -> str:
        """Identifies the model and its settings, so that an interrupted table is never finished by another one."""
        made = self.model_.fingerprint if hasattr(self, "model_") else self._core().writing_fingerprint
        return f"{made}/{json.dumps(self._settings(), sort_keys=True, ensure_ascii=False)}"

    @property
    def column_types(self) -> dict[str, type]:
        """Types of the result columns, for tables in which every result is empty."""
        return dict.fromkeys(self.columns, str)

    def save(self, folder: str | Path) -> None:
        """Write the fitted branch and decoder, and the settings (the core is named, not written)."""
        self._fitted().save(folder, task=self.name, settings=self._settings())

    @classmethod
    def load(cls: type[_Task], folder: str | Path, *, slm: SLM | str | Path | None = None) -> _Task:
        """Read what ``save`` wrote.

        Args:
            folder: the folder. slm: the core, or the folder of one; None takes the one that ships with the package.

        Raises:
            CheckpointError: the folder is missing, damaged, newer than this package, belongs to another core or task.
        """
        from slmkit.tasks.generation.writing_model import WritingModel

        made = cls(slm=slm)
        model = WritingModel.load(folder, slm=made._core())
        if model.about.get("task") != cls.name:
            raise CheckpointError(f"{folder} holds the task {model.about.get('task')!r}, expected {cls.name!r}")
        try:
            made.set_params(**model.about["settings"])
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{folder}: its settings cannot be read ({error!r})") from error
        made.model_ = model
        return made

    def _fitted(self) -> WritingModel:
        if not hasattr(self, "model_"):
            from sklearn.exceptions import NotFittedError

            raise NotFittedError(f"this {type(self).__name__} is not fitted; call fit or load first")
        return self.model_

    def _settings(self) -> Mapping[str, Any]:
        return {name: value for name, value in self.get_params(deep=False).items() if name not in LEFT_OUT}

    def _longest(self, otherwise: int) -> int:
        """Most tokens of a result: of a fitted model a little more than its longest target."""
        return self.model_.longest if hasattr(self, "model_") else min(otherwise, self._positions() - 1)

    def _positions(self) -> int:
        return self.writer.decoder.config.positions

    def __sklearn_tags__(self) -> Tags:
        from sklearn.utils import InputTags, Tags, TargetTags

        inputs = InputTags(one_d_array=True, two_d_array=False, string=True)
        return Tags(estimator_type=None, target_tags=TargetTags(required=False), input_tags=inputs)
