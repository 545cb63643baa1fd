"""What travels to a worker: not a task with its weights, but how to make it; each process makes it once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from slmkit.errors import CheckpointError, InputError
from slmkit.forks import ForkSafeLock, forked
from slmkit.tasks.base import TASKS, TableTask, load_model, load_task

_MAKING = ForkSafeLock()  # threads that ask for the same task at once get one


@dataclass(frozen=True)
class TaskRecipe:
    """How a worker makes a task. Plain data, so that every engine can send it.

    Attributes:
        what: the name of a shipped task, or the folder of a saved model. options: of the task, as JSON; never shown,
            since a key may be among them.
        threads: that a worker computes with; a forked one takes a single one. caller: the process that asked, which is
            no worker.
        version: of a saved model, which another that is saved in its folder does not have; empty for a shipped task.
    """

    what: str
    options: str = field(repr=False)
    threads: int
    caller: int
    version: str

    @classmethod
    def of(cls, task: Any, options: Mapping[str, Any], threads: int) -> TaskRecipe:
        """Read what a caller gave.

        What a task would draw for itself (its ``drawn_options``, a mapping from the names of options, where it has
        one) is drawn here, once for all workers.

        Raises:
            InputError: it is neither a name nor a folder, or an option cannot be sent.
        """
        if not isinstance(task, (str, Path)):
            raise InputError(
                f"got {type(task).__name__}; give the name of a task ({', '.join(TASKS)}), or the folder of a saved "
                "model that every worker can read: save it first"
            )
        if not isinstance(threads, int) or threads < 1:
            raise InputError(f"threads {threads!r}: give at least 1")
        what = str(task) if str(task) in TASKS else str(Path(task).resolve())
        try:
            told = json.dumps(dict(options), sort_keys=True)
        except TypeError as error:
            raise InputError(f"an option cannot be sent to the workers: {error}") from None
        # Not ``task()``, which keeps what it made: two runs draw each their own.
        drawn = getattr(load_task(what, **options), "drawn_options", {}) if what in TASKS else {}
        if drawn:
            told = json.dumps({**options, **drawn}, sort_keys=True)
        return cls(what, told, threads, os.getpid(), "" if what in TASKS else _version(Path(what)))

    def task(self) -> TableTask:
        """The task; made once in a process.

        Raises:
            CheckpointError: the folder is missing, damaged, newer than this package, holds another model by now, or
                belongs to another core.
            InputError: there is no such option.
        """
        with _MAKING:
            return _made(self)


def _version(folder: Path) -> str:
    """What changes with a saved model: its config holds the checksums of its files."""
    from slmkit.checkpoint import CONFIG

    try:
        return hashlib.sha256((folder / CONFIG).read_bytes()).hexdigest()
    except OSError:  # loading it says what is wrong
        return ""


@lru_cache(maxsize=4)
def _made(recipe: TaskRecipe) -> TableTask:
    if os.getpid() != recipe.caller and not forked():
        import torch

        # Workers share the machine: each taking all cores for itself makes all of them slow.
        torch.set_num_threads(recipe.threads)
    options = json.loads(recipe.options)
    if recipe.what in TASKS:
        return load_task(recipe.what, **options)
    made = load_model(recipe.what, **options)
    if _version(Path(recipe.what)) != recipe.version:
        raise CheckpointError(f"{recipe.what}: another model was saved here while the table was being worked on")
    return made
