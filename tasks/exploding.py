"""Tables in which each thing that was found in a text has a row of its own, keyed by the caller's columns.

A task that finds several things in a text says so by ``items``; its ``annotate`` still gives one dict a text, with the
list of what was found in one of its columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from slmkit.errors import InputError
from slmkit.tasks.cells import Annotations, TaskContractError

if TYPE_CHECKING:
    from slmkit.tasks.base import TableTask
    from slmkit.tasks.table_io import Chunk


@dataclass(frozen=True)
class Items:
    """How the things that a task finds become rows.

    Attributes:
        column: of ``annotate``'s dicts, that holds the list of dicts. fields: of such a dict, each as its key, the
            column that it gets, and its type (``str``, ``int``, ``float`` or ``bool``).
    """

    column: str
    fields: tuple[tuple[str, str, type], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of such a row."""
        return tuple(name for _, name, _ in self.fields)


class Exploded:
    """A task as a table sees it in which each thing has a row of its own.

    Raises:
        InputError: the task finds no such things.
    """

    def __init__(self, task: TableTask) -> None:
        items = getattr(task, "items", None)
        if not isinstance(items, Items):
            raise InputError(f"{task.name} has one result a text; only tasks that find several give each a row")
        self.name, self.items = task.name, items
        self.columns = items.columns
        self.column_types = {name: kind for _, name, kind in items.fields}

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """Refused: it names columns, and annotates nothing."""
        raise TypeError("an exploded task names the columns of a table; annotate with the task itself")


def explode(chunk: Chunk, done: Annotations, items: Items) -> tuple[Chunk, Annotations]:
    """A chunk and its annotations with a row for each thing; see ``exploded``."""
    rows, made = exploded(done, items)
    return _repeated(chunk, rows), made


def exploded(done: Annotations, items: Items) -> tuple[list[int], Annotations]:
    """One row for each thing that was found, and one for each row that could not be processed, with its reason.

    A row in which nothing was found has none. The order is that of the rows, and of the things in each.

    Returns:
        The row that each comes from, and the annotations.

    Raises:
        TaskContractError: the column holds something else than lists of dicts with the keys that are named.
    """
    owner: list[int] = []
    results: dict[str, list[Any]] = {name: [] for name in items.columns}
    reasons: list[str | None] = []
    for row, (found, reason) in enumerate(zip(done.results[items.column], done.reasons, strict=True)):
        for item in _checked(found, items) if reason is None else [None]:
            owner.append(row)
            reasons.append(reason)
            for key, name, _ in items.fields:
                results[name].append(None if item is None else item[key])
    return owner, Annotations(results, reasons)


def _checked(found: Any, items: Items) -> list[dict[str, Any]]:
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise TaskContractError(f"{items.column!r} holds no list of dicts: {found!r:.200}")
    for item in found:
        missing = [key for key, _, _ in items.fields if key not in item]
        if missing:
            raise TaskContractError(f"{items.column!r} holds an item without {missing[0]!r}: {list(item)}")
    return found


def _repeated(chunk: Chunk, rows: list[int]) -> Chunk:
    """The rows of a chunk as often as each is named."""
    table = chunk.table
    if table is not None:
        import pyarrow as pa

        table = table.take(pa.array(rows, pa.int64()))

    def values(name: str) -> list[Any]:
        column = chunk.values(name)
        return [column[row] for row in rows]

    return replace(
        chunk,
        cells=[chunk.cells[row] for row in rows],
        problems=[chunk.problems[row] for row in rows],
        values=values,
        lines=None if chunk.lines is None else [chunk.lines[row] for row in rows],
        table=table,
    )
