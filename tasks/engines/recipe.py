"""What travels to a worker: not a task with its weights, but how to make it; each process makes it once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.base import TASKS, TableTask, load_model, load_task


@dataclass(frozen=True)
class TaskRecipe:
    """How a worker makes a task. Plain data, so that every engine can send it.

    Attributes:
        what: the name of a shipped task, or the folder of a saved model. options: of the task, as JSON.
        threads: that a worker computes with. caller: the process that asked, which is no worker.
    """

    what: str
    options: str
    threads: int
    caller: int

    @classmethod
    def of(cls, task: Any, options: Mapping[str, Any], threads: int) -> TaskRecipe:
        """Read what a caller gave.

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
            return cls(what, json.dumps(dict(options), sort_keys=True), threads, os.getpid())
        except TypeError as error:
            raise InputError(f"an option cannot be sent to the workers: {error}") from None

    def task(self) -> TableTask:
        """The task; made once in a process."""
        return _made(self)


@lru_cache(maxsize=4)
def _made(recipe: TaskRecipe) -> TableTask:
    if os.getpid() != recipe.caller:
        import torch

        # Workers share the machine: each taking all cores for itself makes all of them slow.
        torch.set_num_threads(recipe.threads)
    options = json.loads(recipe.options)
    return load_task(recipe.what, **options) if recipe.what in TASKS else load_model(recipe.what, **options)
