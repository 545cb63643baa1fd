"""A pipeline that is declared in a TOML file: which column, which tasks, with which models and settings."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks.base import TASKS, TableTask, load_model, load_task
from slmkit.tasks.pipeline.pipeline import Pipeline

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_KEYS: dict[str, type] = {"column": str, "id": str, "tasks": list}
_OF_TASK: dict[str, type] = {"name": str, "task": str, "model": str, "settings": dict}
_CALLED: dict[type, str] = {str: "a string", list: "a list of tables, [[tasks]]", dict: "a table"}


@dataclass(frozen=True)
class Declared:
    """What a pipeline file says.

    Attributes:
        path: the file. column: of the texts. id_column: the only one of the caller's columns that is written; None
            writes all. tasks: as they stand there.
    """

    path: Path
    column: str
    id_column: str | None
    tasks: tuple[Mapping[str, Any], ...]

    def pipeline(self) -> Pipeline:
        """Make the tasks.

        Raises:
            InputError: there is no such task or setting; the message names the file and the task.
            CheckpointError: a model is missing, damaged, newer than this package, or belongs to another core.
        """
        made: dict[str, TableTask] = {}
        for each in self.tasks:
            try:
                made[each["name"]] = self._task(each)
            except (InputError, CheckpointError) as error:
                raise type(error)(f"{self.path}, task {each['name']!r}: {error}") from error
        return Pipeline(made)

    def _task(self, entry: Mapping[str, Any]) -> TableTask:
        settings = entry.get("settings", {})
        if "model" in entry:
            # So that a pipeline and its models can be moved together.
            return load_model(str(self.path.parent / entry["model"]), **settings)
        return load_task(entry.get("task", entry["name"]), **settings)


def read_declared(path: str | Path) -> Declared:
    """Read a pipeline file.

    ``column`` (by default "text") and ``id`` are as in ``slmkit run``. Each of ``[[tasks]]`` has a ``name``, which its
    columns begin with; it is the shipped task of that name, or of the one that ``task`` says, or what was saved in the
    folder ``model``, which is looked for from the file's own folder. ``settings`` are its options.

    Raises:
        InputError: the file is not there, is no TOML, or holds unknown keys or values of other types.
    """
    path = Path(path)
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML: {error}") from None
    _check(found, _KEYS, str(path))
    tasks = found.get("tasks", [])
    if not tasks:
        raise InputError(f"{path} has no tasks; add [[tasks]] with a name, such as: {', '.join(TASKS)}")
    names: set[str] = set()
    for number, entry in enumerate(tasks, start=1):
        where = f"{path}, task {number}"
        if not isinstance(entry, dict):
            raise InputError(f"{where}: give a table, not {entry!r}")
        _check(entry, _OF_TASK, where)
        if "name" not in entry:
            raise InputError(f"{where} has no name")
        if "task" in entry and "model" in entry:
            raise InputError(f"{where}: give task or model, not both")
        if entry["name"] in names:
            raise InputError(f"{where}: a task before it is named {entry['name']!r} too")
        names.add(entry["name"])
    return Declared(path, found.get("column", "text"), found.get("id"), tuple(tasks))


def _check(given: Mapping[str, Any], known: Mapping[str, type], where: str) -> None:
    for key, value in given.items():
        if key not in known:
            raise InputError(f"{where}: no key {key!r}; the keys are: {', '.join(known)}")
        if not isinstance(value, known[key]):
            raise InputError(f"{where}: {key} is {value!r}; give {_CALLED[known[key]]}")
