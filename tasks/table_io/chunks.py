"""What passes between a reader, a task and a writer: some rows of a table, with the caller's cells as they came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    import pyarrow as pa

    from slmkit.tasks.cells import Annotations

T = TypeVar("T")

# A chunk also ends here, so that rows of huge cells do not fill the memory.
CHUNK_CHARACTERS = 32_000_000


@dataclass(frozen=True)
class Chunk:
    """Some consecutive rows.

    Attributes:
        cells: The text column's cells.
        problems: For each row why it could not be read, or None.
        values: Returns the cells of any column by its name.
        lines: The rows as they stood in a JSON Lines file.
        table: The rows of a Parquet file.
    """

    cells: list[Any]
    problems: list[str | None]
    values: Callable[[str], list[Any]]
    lines: list[str] | None = None
    table: pa.Table | None = None


@dataclass(frozen=True)
class Layout:
    """The columns of the output.

    Attributes:
        kept: The caller's columns that are written.
        added: The task's columns and the error column, with their names in the output.
        error: The error column (a key of ``added``).
        whole: Whether all of the caller's columns are kept.
    """

    kept: tuple[str, ...]
    added: dict[str, str]
    error: str
    whole: bool

    def additions(self, done: Annotations) -> dict[str, list[Any]]:
        """Return the added columns by their names in the output."""
        return {name: done.reasons if key == self.error else done.results[key] for key, name in self.added.items()}


class Reader(Protocol):
    """Reads a table file; opening it has looked through the whole file once."""

    columns: list[str]
    total: int

    def chunks(self, rows: int, skip: int) -> Iterator[Chunk]:
        """Yield chunks of at most ``rows`` rows, after the first ``skip`` rows."""
        ...

    def schema(self) -> pa.Schema:
        """Return the columns' types, for Parquet output."""
        ...


class Writer(Protocol):
    """Turns chunks into parts of a file, and parts into the file."""

    def part(self, chunk: Chunk, done: Annotations) -> bytes:
        """Return the chunk's rows with the results."""
        ...

    def assemble(self, parts: Sequence[Path], out: Path) -> None:
        """Write the file from all its parts."""
        ...


def cut(items: Iterable[T], rows: int, size: Callable[[T], int]) -> Iterator[list[T]]:
    """Group items into lists of at most ``rows`` items and about ``CHUNK_CHARACTERS`` characters."""
    group: list[T] = []
    held = 0
    for item in items:
        group.append(item)
        held += size(item)
        if len(group) >= rows or held >= CHUNK_CHARACTERS:
            yield group
            group, held = [], 0
    if group:
        yield group
