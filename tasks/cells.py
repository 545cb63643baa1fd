"""Runs a task over a column's cells. One cell that cannot be processed never costs its neighbours their result."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slmkit.errors import CheckpointError, DataError, InputError, MissingExtraError, SLMKitError
from slmkit.tasks.base import ERROR_COLUMN, TableTask, cell_problem
from slmkit.text.stretches import stretches

# One call of the task takes at most this much: enough to batch by length, little enough to keep memory flat.
BLOCK_ROWS = 1024
BLOCK_CHARACTERS = 2_000_000

# These say that the task itself cannot work, so no row is to blame.
FATAL = (CheckpointError, DataError, MissingExtraError, ImportError)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


class TaskContractError(SLMKitError):
    """A task returned something else than one dict with its columns for each text."""


@dataclass(frozen=True)
class Annotations:
    """Results by column and the reasons of the rows without one, each as long as the cells."""

    results: dict[str, list[Any]]
    reasons: list[str | None]

    @property
    def quarantined(self) -> int:
        """How many rows have a reason instead of a result."""
        return sum(reason is not None for reason in self.reasons)


def annotate_cells(
    task: TableTask,
    cells: Sequence[Any],
    *,
    problems: Sequence[str | None] | None = None,
    errors: str = "quarantine",
    name_row: Callable[[int], str] = lambda i: f"row {i}",
    advance: Callable[[int], None] = lambda n: None,
) -> Annotations:
    """Give every usable cell to the task and return results and reasons in the cells' order.

    Args:
        task: The task.
        cells: The column's cells, of any type.
        problems: What is already known to be wrong with each row.
        errors: ``"quarantine"`` keeps a reason for each row without a result, ``"raise"`` raises InputError.
        name_row: How an error names the row at a position.
        advance: Called with the number of rows that were just finished.

    Raises:
        InputError: With ``errors="raise"`` a cell cannot be processed; or ``errors`` is neither of the two.
        TaskContractError: The task returned something else than one dict with its columns for each text.
    """
    reasons = reasons_of(cells, problems, errors=errors, name_row=name_row)
    results: dict[str, list[Any]] = {column: [None] * len(cells) for column in task.columns}

    def fail(i: int, reason: str, error: Exception | None = None) -> None:
        reasons[i] = reason
        if errors == "raise":
            raise InputError(f"{name_row(i)}: {reason}") from error

    advance(sum(reason is not None for reason in reasons))
    good = [i for i, reason in enumerate(reasons) if reason is None]
    for block in blocks(cells, good, BLOCK_ROWS, BLOCK_CHARACTERS):
        for i, row in _attempt(task, cells, block, fail):
            for column in task.columns:
                results[column][i] = plain(row[column])
            reason = said(row)
            if reason is not None:
                fail(i, reason)
        advance(len(block))
    return Annotations(results, reasons)


def reasons_of(
    cells: Sequence[Any],
    problems: Sequence[str | None] | None = None,
    *,
    errors: str = "quarantine",
    name_row: Callable[[int], str] = lambda i: f"row {i}",
) -> list[str | None]:
    """For each cell why no task can be given it, or None; see ``annotate_cells`` for the arguments.

    Raises:
        InputError: With ``errors="raise"`` a cell cannot be processed; or ``errors`` is neither of the two.
    """
    if errors not in ("quarantine", "raise"):
        raise InputError(f"errors must be 'quarantine' or 'raise', not {errors!r}")
    known = problems if problems is not None else [None] * len(cells)
    reasons = [problem or cell_problem(cell) for problem, cell in zip(known, cells, strict=True)]
    if errors == "raise":
        raise_first(reasons, name_row)
    return reasons


def raise_first(reasons: Sequence[str | None], name_row: Callable[[int], str]) -> None:
    """Raise for the first row that has a reason, if one has.

    Raises:
        InputError: one has; the message names the row.
    """
    first = next((i for i, reason in enumerate(reasons) if reason is not None), None)
    if first is not None:
        raise InputError(f"{name_row(first)}: {reasons[first]}")


def blocks(cells: Sequence[str], rows: Sequence[int], most: int, characters: int) -> Iterator[list[int]]:
    """These rows in blocks of at most so many, with at most so many characters unless a cell alone has more."""
    for part in stretches((len(cells[i]) for i in rows), most, characters):
        yield [rows[at] for at in part]


def _attempt(
    task: TableTask, cells: Sequence[str], rows: list[int], fail: Callable[[int, str, Exception], None]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Halve a block that fails until the row that fails stands alone; the others keep their results."""
    try:
        answers = task.annotate([str(cells[i]) for i in rows])
        check_answers(task, answers, len(rows))
    except (*FATAL, TaskContractError):
        raise
    except Exception as error:
        if len(rows) == 1:
            fail(rows[0], describe(error), error)
            return
        middle = len(rows) // 2
        yield from _attempt(task, cells, rows[:middle], fail)
        yield from _attempt(task, cells, rows[middle:], fail)
    else:
        yield from zip(rows, answers, strict=True)


def check_answers(task: TableTask, answers: Any, n: int) -> None:
    """Refuse answers that are not one dict with the task's columns for each of ``n`` texts.

    Raises:
        TaskContractError: they are not.
    """
    if len(answers) != n:
        raise TaskContractError(f"task {task.name!r} returned {len(answers)} results for {n} texts")
    for answer in answers:
        missing = [column for column in task.columns if column not in answer]
        if missing:
            raise TaskContractError(f"task {task.name!r} returned a result without {missing[0]!r}: {list(answer)}")


def said(answer: Mapping[str, Any]) -> str | None:
    """Why a part of a task's answer is empty, where it says so."""
    reason = answer.get(ERROR_COLUMN)
    return None if reason is None else str(reason)


def describe(error: Exception) -> str:
    """Return an error as one short line that is the same in every run."""
    text = str(error).encode("utf-8", "backslashreplace").decode()  # a lone surrogate fits in no file
    text = _ADDRESS.sub("0x…", " ".join(text.split()))
    line = text if isinstance(error, SLMKitError) and text else f"{type(error).__name__}: {text}".rstrip(": ")
    return line if len(line) <= 300 else line[:299] + "…"


def plain(value: Any) -> Any:
    """Return a result as a plain Python value: NumPy scalars and arrays unpacked, NaN as None."""
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        value = value.tolist()
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value
