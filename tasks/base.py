"""What every task over tables shares: the protocol, which cells are usable, and the tasks by name."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import re
from collections.abc import Iterable, Sequence
from numbers import Number
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from slmkit.errors import InputError

if TYPE_CHECKING:
    from slmkit.from_states import FromStates

ERROR_COLUMN = "slm_error"
"""The column that says why a row has an empty result."""

TASKS = {
    "sentiment": "slmkit.tasks.classification.sentiment:Sentiment",
    "summarize": "slmkit.tasks.summarization:Summarizer",
    "ask": "slmkit.tasks.question_answering:QuestionAnswerer",
    "correct": "slmkit.tasks.spelling:SpellCorrector",
    "entities": "slmkit.tasks.knowledge:EntityRecognizer",
    "relations": "slmkit.tasks.knowledge:RelationExtractor",
    "translate": "slmkit.tasks.generation:Translator",
    "generate": "slmkit.tasks.generation:Generator",
    "polish": "slmkit.tasks.spelling:Polisher",
    "redact": "slmkit.tasks.privacy:Redactor",
}
"""The shipped tasks by name. The class is imported only when the task is asked for."""
NEEDS = {"ask": "index"}
"""Tasks that cannot work without one of their options."""
_OWN_WEIGHTS = {"ask": "reader", "correct": "speller", "entities": "recognizer", "relations": "relations"}
"""Tasks that cannot work without a folder of ``weights``."""
_OF_THE_DECODER = {"translate": "translate-en-zh", "generate": "continue", "polish": "clean"}
"""Tasks that cannot work without the core's decoder, and what it must have been taught for them."""
_PACKAGES = {"redact": ("phonenumbers", "stdnum")}
"""Optional packages that a task cannot work without."""

SAVED = {
    "classifier": "slmkit.tasks.classification:Classifier",
    "static-classifier": "slmkit.tasks.classification:Classifier",
    "reader": "slmkit.tasks.question_answering:Reader",
    "retriever": "slmkit.tasks.question_answering:Retriever",
    "speller": TASKS["correct"],
    "recognizer": TASKS["entities"],
    "relations": TASKS["relations"],
}
"""Whose ``load`` reads a saved folder, by the folder's kind. A writer's is told by the task that is saved along."""
_WRITING = ("generate", "translate", "summarize", "polish")
"""The tasks that can be fitted to write."""
_NOT_FOR_TABLES = ("slm", "path", "random_state", "verbose")  # of a task's parameters, what a run never needs
# White space, and the marks of zero width that copied text often carries instead of words.
_BLANK = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]*")
_MISSING_TYPES = {"NAType", "NaTType"}  # by name, so that checking a cell needs no pandas


class NamesColumns(Protocol):
    """What names the result columns of a table: a task, or the part of its results that the table is of."""

    @property
    def name(self) -> str:
        """What it goes by, in messages and beside the progress."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The result columns."""
        ...


@runtime_checkable
class TableTask(NamesColumns, Protocol):
    """What a table needs of a task: ``name`` and ``columns``, which plain attributes serve, and ``annotate``.

    A task may also have ``fingerprint`` (str: which model, for resume), ``column_types`` (a mapping from result
    column to ``str``, ``int``, ``float`` or ``bool``, for tables in which every result is empty), ``items`` (see
    ``slmkit.tasks.exploding``) where it finds several things in a text, ``of_fit`` (names of its parameters that
    only its ``fit`` reads), and ``drawn_options`` (a mapping from names of options, such as a key, to what it drew
    for them: other processes that are to answer alike are given them). A dict of ``annotate`` may say under
    ``slm_error`` why a part of it is empty.
    """

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Return one dict with the keys ``columns`` for each of the non-blank texts."""
        ...


@runtime_checkable
class AnswersFromStates(Protocol):
    """What a task offers that can share one pass through the core's layers with others, beside ``annotate``."""

    def from_states(self, texts: Sequence[str]) -> FromStates[list[dict[str, Any]]]:
        """Return how ``annotate``'s answers for these texts are made of their states.

        The texts are few: they are read at once. An empty list tells which core the task stands on.

        Raises:
            InputError: the task cannot do so as it is set up, or not for these texts; ``annotate`` is asked then.
        """
        ...


def cell_problem(value: Any) -> str | None:
    """Return why a cell cannot be given to a task, or None when it can."""
    if isinstance(value, str):
        if not value:
            return "empty"
        return "only white space" if _BLANK.fullmatch(value) else None
    if value is None or type(value).__name__ in _MISSING_TYPES or (isinstance(value, Number) and _is_nan(value)):
        return "missing"
    return f"not text but {type(value).__name__}"


def _is_nan(value: Any) -> bool:
    try:
        return bool(value != value)
    except ArithmeticError:  # what a decimal's signalling NaN does instead of being compared
        return True


def require_column(column: Any, available: Iterable[Any], where: str) -> None:
    """Raise InputError, with the names that are near, unless ``column`` is available exactly once."""
    names = list(available)
    count = names.count(column)
    if count == 1:
        return
    if count > 1:
        raise InputError(f"column {column!r} is there {count} times in {where}; give its columns different names")
    texts = [str(name) for name in names]
    folded = {text.casefold().strip(): text for text in texts}
    near = difflib.get_close_matches(str(column).casefold().strip(), folded, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(repr(folded[name]) for name in near)}? " if near else ""
    shown = ", ".join(repr(text) for text in texts[:20]) + (", …" if len(texts) > 20 else "")
    raise InputError(f"no column {column!r} in {where}; {hint}it has: {shown or 'no columns'}")


def result_columns(task: NamesColumns, taken: Iterable[Any], prefix: str | None) -> dict[str, str]:
    """Map the task's result columns and the error column to their names in the table.

    Raises:
        InputError: One of the names is already taken by the caller's table.
    """
    names = {name: f"{prefix or ''}{name}" for name in (*task.columns, ERROR_COLUMN)}
    held = set(taken)
    clash = [name for name in names.values() if name in held]
    if clash:
        listed = ", ".join(repr(name) for name in clash)
        raise InputError(
            f"the table already has {listed}, where {task.name} would write; choose another prefix, "
            f"such as prefix={task.name + '_'!r} (on the command line --prefix {task.name}_)"
        )
    return names


def task_fingerprint(task: TableTask) -> str:
    """Return what identifies the task and its model, so that one run is never finished by another."""
    kind = type(task)
    return f"{kind.__module__}.{kind.__qualname__}/{task.name}/{getattr(task, 'fingerprint', '')}"


def load_task(name: str, **options: Any) -> TableTask:
    """Return the shipped task of this name, made with ``options``.

    Raises:
        InputError: there is no such task, or it has no such option.
    """
    if name not in TASKS:
        near = difflib.get_close_matches(name, TASKS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise InputError(f"no task {name!r}; {hint}the tasks are: {', '.join(TASKS)}")
    kind = _resolve(TASKS[name])
    _check_options(name, kind, options)
    needed = NEEDS.get(name)
    if needed is not None and needed not in options:
        raise InputError(f"{name} needs {needed}=… (on the command line --{needed})")
    return kind(**options)


def _check_options(name: str, kind: Any, options: Iterable[str]) -> None:
    left_out = (*_NOT_FOR_TABLES, *getattr(kind, "of_fit", ()))
    known = [each for each in inspect.signature(kind).parameters if each not in left_out]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise InputError(f"{name} has no option {unknown[0]!r}; its options are: {', '.join(known)}")


def ships(name: str) -> bool:
    """Whether the weights, and the optional packages, that a task of this name needs are in this installation."""
    if not all(map(importlib.util.find_spec, _PACKAGES.get(name, ()))):
        return False
    if name in _OF_THE_DECODER:
        from slmkit.checkpoint import read_config, shipped_weights

        decoder = read_config(shipped_weights()).get("decoder")
        return isinstance(decoder, dict) and _OF_THE_DECODER[name] in decoder["starts"]
    folder = _OWN_WEIGHTS.get(name)
    return folder is None or (weights_folder(folder) / "config.json").is_file()


def weights_folder(name: str) -> Path:
    """Where the weights of this name are inside the package, if they ship."""
    return Path(__file__).resolve().parent / "weights" / name


def load_model(path: str, **options: Any) -> TableTask:
    """Return the classifier, speller, recognizer, extractor, or task with a fitted writer, saved at ``path``.

    Args:
        path: A folder.
        **options: Of the task, in place of those that were saved.

    Raises:
        CheckpointError: the folder is missing, damaged, newer than this package, or belongs to another core.
        InputError: there is no such option.
    """
    from slmkit.checkpoint import read_config

    config = read_config(Path(path))
    kind = str(config["kind"])
    target = _task_in(kind, config.get("about"))
    if target is None:
        from slmkit.tasks.classification.static_model import load_label_model

        task: Any = load_label_model(path)  # which also refuses what is no classifier
    else:
        task = _resolve(target).load(path)
    if not options:
        return task
    if not hasattr(task, "set_params"):
        raise InputError(f"{path}: a saved {kind} has no options, got {', '.join(options)}")
    _check_options(task.name, type(task), options)
    return task.set_params(**options)


def _task_in(kind: str, about: Any) -> str | None:
    """Which of ``TASKS`` a saved folder holds, by its kind and what is saved along; None where it holds none."""
    if kind == "writer" and isinstance(about, dict):
        name = str(about.get("task"))
        return TASKS[name] if name in _WRITING else None
    target = SAVED.get(kind)
    return target if target in TASKS.values() else None


def _resolve(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)
