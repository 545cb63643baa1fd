"""Several tasks over a column's cells: each text goes once through the core's layers, and each task answers from that.

A task that cannot answer from states, or fails on some text of a block, is given the block by itself, in the way it
would be given it alone. So the pass changes neither what a task answers nor which rows it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slmkit.errors import CheckpointError
from slmkit.tasks.base import AnswersFromStates, TableTask
from slmkit.tasks.cells import (
    FATAL,
    Annotations,
    annotate_cells,
    blocks,
    check_answers,
    plain,
    raise_first,
    reasons_of,
    said,
)

# The states of so many texts are shared: enough to batch by length, little enough to keep memory flat.
BLOCK_ROWS, BLOCK_CHARACTERS = 512, 400_000


def annotate_together(
    tasks: Mapping[str, TableTask],
    cells: Sequence[Any],
    *,
    problems: Sequence[str | None] | None = None,
    errors: str = "quarantine",
    name_row: Callable[[int], str] = lambda i: f"row {i}",
    advance: Callable[[int], None] = lambda n: None,
) -> dict[str, Annotations]:
    """Give every usable cell to all tasks; see ``cells.annotate_cells`` for the arguments.

    Returns:
        The annotations of each task, by its name.

    Raises:
        InputError: With ``errors="raise"``, a cell cannot be processed.
        CheckpointError: The tasks stand on different cores, or the weights of one are missing or damaged.
    """
    require_one_core(tasks)
    reasons = reasons_of(cells, problems, errors=errors, name_row=name_row)
    found = {
        name: Annotations({column: [None] * len(cells) for column in task.columns}, list(reasons))
        for name, task in tasks.items()
    }
    advance(sum(reason is not None for reason in reasons))
    good = [i for i, reason in enumerate(reasons) if reason is None]
    for block in blocks(cells, good, BLOCK_ROWS, BLOCK_CHARACTERS):
        texts = [str(cells[i]) for i in block]
        shared = _from_one_pass(tasks, texts)
        for name, task in tasks.items():

            def name_own(at: int, block: list[int] = block, name: str = name) -> str:
                return f"{name_row(block[at])}, {name}"

            done = shared.get(name)
            if done is None:
                done = annotate_cells(task, texts, errors=errors, name_row=name_own)
            elif errors == "raise":
                raise_first(done.reasons, name_own)
            _lay(done, block, found[name])
        advance(len(block))
    return found


def joined(found: Mapping[str, Annotations], columns: Sequence[str] | None = None) -> Annotations:
    """The annotations of several tasks as those of one, with the columns ``task_column``.

    A row has one reason, with the tasks that it is of unless it is of all.

    Args:
        found: By the tasks' names. columns: The tasks whose columns are taken; None takes all.
    """
    results = {
        f"{name}_{column}": values
        for name, done in found.items()
        if columns is None or name in columns
        for column, values in done.results.items()
    }
    told = zip(*(done.reasons for done in found.values()), strict=True)
    return Annotations(results, [_reason(dict(zip(found, row, strict=True))) for row in told])


def require_one_core(tasks: Mapping[str, TableTask]) -> None:
    """Refuse tasks that would share a pass and cannot.

    Raises:
        CheckpointError: Two of them stand on different cores; the message names both.
    """
    from slmkit.from_states import FromStates, require_same_core

    first: tuple[str, FromStates[Any]] | None = None
    for name, task in tasks.items():
        asked = _asked(task, [])
        if asked is None:
            continue
        first = first or (name, asked)
        try:
            require_same_core(first[1].slm, asked.slm)
        except CheckpointError as error:
            raise CheckpointError(f"the tasks {first[0]!r} and {name!r} of a pipeline: {error}") from None


def _from_one_pass(tasks: Mapping[str, TableTask], texts: Sequence[str]) -> dict[str, Annotations]:
    """The annotations of the tasks that answered all of these texts from shared states."""
    from slmkit.from_states import answer_together

    made = {name: asked for name, task in tasks.items() if (asked := _asked(task, texts)) is not None}
    found: dict[str, Annotations] = {}
    for name, answers in zip(made, answer_together(list(made.values())), strict=True):
        if isinstance(answers, FATAL):
            raise answers
        if not isinstance(answers, Exception):
            check_answers(tasks[name], answers, len(texts))
            columns = {column: [plain(row[column]) for row in answers] for column in tasks[name].columns}
            found[name] = Annotations(columns, [said(row) for row in answers])
    return found


def _asked(task: TableTask, texts: Sequence[str]) -> Any:
    """What the task needs to answer from states; None where it cannot."""
    if not isinstance(task, AnswersFromStates):
        return None
    try:
        return task.from_states(texts)
    except FATAL:
        raise
    except Exception:  # a text or a parameter is to blame: ``annotate_cells`` finds out for which rows, and why
        return None


def _lay(done: Annotations, rows: Sequence[int], into: Annotations) -> None:
    for column, values in done.results.items():
        for i, value in zip(rows, values, strict=True):
            into.results[column][i] = value
    for i, reason in zip(rows, done.reasons, strict=True):
        into.reasons[i] = reason


def _reason(told: Mapping[str, str | None]) -> str | None:
    different = set(told.values())
    if len(different) == 1:
        return different.pop()
    return "; ".join(f"{name}: {reason}" for name, reason in told.items() if reason is not None)
