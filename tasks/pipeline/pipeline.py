"""``Pipeline``: several tasks over the texts of a table, which go once through the core."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from slmkit.errors import InputError
from slmkit.tasks.base import ERROR_COLUMN, TableTask, result_columns, task_fingerprint
from slmkit.tasks.exploding import Exploded, exploded
from slmkit.tasks.pipeline.together import annotate_together, joined

if TYPE_CHECKING:
    import pandas as pd

_NAME = re.compile(r"[\w-]+")


class Pipeline:
    """Tasks that share what their texts cost in common: the trunk, and of longer texts the windows that agree.

    Each task answers as it does alone. It is itself a task for tables, with the columns ``task_column`` (such as
    ``sentiment_label``), so whatever takes a task takes a pipeline. Tasks that do not read the core's states, such as a
    summarizer, are given the texts.

    Args:
        tasks: a list, in which each goes by its own name; or a mapping from names to tasks, for two of a kind or other
            names of columns.

    Raises:
        InputError: there is no task, something is none, two have one name or would write one column, or a name holds
            other characters than letters, digits, ``_`` and ``-``.
    """

    name = "pipeline"

    def __init__(self, tasks: Sequence[TableTask] | Mapping[str, TableTask]) -> None:
        named = list(tasks.items()) if isinstance(tasks, Mapping) else [(_name_of(task), task) for task in tasks]
        if not named:
            raise InputError("a pipeline needs at least one task")
        names = [name for name, _ in named]
        for name, task in named:
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise InputError(f"the name {name!r} of a task: use letters, digits, _ and -")
            if not isinstance(task, TableTask):
                raise InputError(f"{name!r} is no task for tables but {type(task).__name__}")
            if names.count(name) > 1:
                raise InputError(f"two tasks are named {name!r}; give a mapping from names to tasks: Pipeline({{…}})")
        self.tasks: dict[str, TableTask] = dict(named)
        self.columns = tuple(f"{name}_{column}" for name, task in named for column in task.columns)
        if len(set(self.columns)) < len(self.columns) or ERROR_COLUMN in self.columns:
            raise InputError(f"the tasks would write one column twice: {', '.join(self.columns)}; name them otherwise")

    @property
    def column_types(self) -> dict[str, type]:
        """Types of the result columns, as far as the tasks declare them."""
        return {
            f"{name}_{column}": kind
            for name, task in self.tasks.items()
            for column, kind in getattr(task, "column_types", {}).items()
        }

    @property
    def fingerprint(self) -> str:
        """Identifies all tasks and their models, so that an interrupted table is never finished by others."""
        return "; ".join(f"{name}={task_fingerprint(task)}" for name, task in self.tasks.items())

    @property
    def several(self) -> dict[str, TableTask]:
        """The tasks that find several things in a text."""
        return {name: task for name, task in self.tasks.items() if hasattr(task, "items")}

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """One dict a text, with the columns of all tasks; and ``slm_error`` where some of them could not answer."""
        made = joined(annotate_together(self.tasks, texts))
        rows = ({column: values[row] for column, values in made.results.items()} for row in range(len(texts)))
        return [row | {ERROR_COLUMN: reason} for row, reason in zip(rows, made.reasons, strict=True)]

    @overload
    def run(self, frame: Any, column: Any = ..., *, together: Literal[True] = ..., **options: Any) -> pd.DataFrame: ...

    @overload
    def run(self, frame: Any, column: Any = ..., *, together: bool, **options: Any) -> Any: ...

    def run(self, frame: Any, column: Any = "text", *, together: bool = True, **options: Any) -> Any:
        """Run all tasks over one column of a table.

        Args:
            frame: a frame, or a series of texts. It is never changed. column: the one that holds the texts.
            together: one frame with the columns of all tasks; False gives a frame for each task.
            **options: ``prefix``, ``errors`` and ``progress`` of ``slmkit.tasks.tables.apply``.

        Returns:
            A new frame with the caller's columns and index, ``task_column`` for each column of each task, and
            ``slm_error``. With ``together=False`` a dict of such frames by the tasks' names, each with the task's own
            columns: where a task finds several things in a text, a row for each of them, none where there is nothing.

        Raises:
            InputError: see ``slmkit.tasks.tables.apply``.
            CheckpointError: tasks stand on different cores, or the weights of one are missing or damaged.
        """
        from slmkit.tasks import tables

        if together:
            return tables.apply(self, frame, column=column, **options)
        return self._apart(frame, column, **options)

    def _apart(
        self, frame: Any, column: Any, *, prefix: str | None = None, errors: str = "quarantine", progress: bool = False
    ) -> dict[str, pd.DataFrame]:
        from slmkit.tasks import tables
        from slmkit.tasks.progress import row_progress

        frame, column = tables.as_frame(frame, column)
        shown: dict[str, Any] = {name: self.tasks[name] for name in self.tasks}
        shown |= {name: Exploded(task) for name, task in self.several.items()}
        names = {name: result_columns(each, tables.taken_names(frame), prefix) for name, each in shown.items()}
        cells, name_row = frame[column].tolist(), tables.row_namer(frame, column)
        with row_progress(self.name, len(frame), show=progress) as advance:
            found = annotate_together(self.tasks, cells, errors=errors, name_row=name_row, advance=advance)
        made = {}
        for name, each in shown.items():
            own, done = frame, found[name]
            if isinstance(each, Exploded):
                rows, done = exploded(done, each.items)
                own = frame.iloc[rows]
            made[name] = tables.with_results(own, done, names[name], getattr(each, "column_types", {}))
        return made


def _name_of(task: Any) -> str:
    name = getattr(task, "name", None)
    if not isinstance(name, str):
        raise InputError(f"a pipeline takes tasks for tables, not {type(task).__name__}")
    return name
