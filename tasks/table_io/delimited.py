"""CSV and TSV. Every cell is a string and goes out as it came in: leading zeros, ``NA`` and long numbers too.

A row that does not fit the header, or whose quotes do not close, costs only itself: it is kept, with a reason.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmkit.errors import InputError
from slmkit.tasks.base import require_column
from slmkit.tasks.table_io.chunks import Chunk, Layout, cut
from slmkit.tasks.table_io.text_files import encode, join, pack, read_lines
from slmkit.tasks.table_io.values import as_text, shorten

if TYPE_CHECKING:
    import pyarrow as pa

    from slmkit.tasks.cells import Annotations

# Python's own limit, 131,072 characters, is less than a long document; some limit must stay, since a quote
# that is never closed would otherwise swallow the rest of the file.
_FIELD_CHARACTERS = 16_000_000

Row = tuple[list[str], "str | None"]


class DelimitedReader:
    """Rows of a CSV or TSV file with a header line."""

    def __init__(self, path: Path, column: str, encoding: str | None, delimiter: str) -> None:
        self.path, self.encoding, self.delimiter = path, encoding, delimiter
        self.columns: list[str] = []
        self.columns, rows = self._open()
        require_column(column, self.columns, str(path))
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise InputError(f"{path} has several columns named {twice[0]!r}; give them different names")
        self._at = self.columns.index(column)
        self.total = sum(1 for _ in rows)

    def _open(self) -> tuple[list[str], Iterator[Row]]:
        records = _records(read_lines(self.path, self.encoding), self.delimiter)
        header = next((fields for fields in records if fields), None)
        if header is None:
            raise InputError(f"{self.path} has no header line")
        return header, _fit(records, len(header), self.delimiter)

    def chunks(self, rows: int, skip: int) -> Iterator[Chunk]:
        """Yield chunks of at most ``rows`` rows, after the first ``skip`` rows."""
        _, records = self._open()
        for _ in range(skip):
            next(records, None)
        for group in cut(records, rows, lambda row: sum(map(len, row[0]))):
            lists = [fields for fields, _ in group]

            def values(name: str, lists: list[list[str]] = lists) -> list[Any]:
                at = self.columns.index(name)
                return [fields[at] for fields in lists]

            yield Chunk([fields[self._at] for fields in lists], [problem for _, problem in group], values)

    def schema(self) -> pa.Schema:
        """Return all columns as strings."""
        import pyarrow as pa

        return pa.schema([(name, pa.string()) for name in self.columns])


class _Lines:
    """Lines that can be given back, and that remembers which of them the current record took."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._returned: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._lines)
        self.taken.append(line)
        return line

    def give_back(self, lines: Sequence[str]) -> None:
        self._returned.extendleft(reversed(lines))


def _records(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(max(csv.field_size_limit(), _FIELD_CHARACTERS))
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        source.taken.clear()
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            # A quote that opens and does not close properly. Its first line is taken as typed, quotes and all;
            # the lines that the quote had swallowed are read again as rows of their own.
            source.give_back(source.taken[1:])
            yield source.taken[0].rstrip("\r\n").split(delimiter)


def _fit(records: Iterator[list[str]], width: int, delimiter: str) -> Iterator[Row]:
    for fields in records:
        count = len(fields)
        if count == width:
            yield fields, None
        elif not fields:
            if width == 1:  # in a table of one column, a blank line is an empty cell
                yield [""], None
        elif count < width:
            yield fields + [""] * (width - count), f"the row has {count} fields, the header {width}"
        else:
            whole = [*fields[: width - 1], delimiter.join(fields[width - 1 :])]  # nothing is lost
            yield whole, f"the row has {count} fields, the header {width}"


class DelimitedWriter:
    r"""Rows as CSV or TSV in UTF-8, lines ended by ``\n``."""

    def __init__(self, layout: Layout, *, delimiter: str, gzipped: bool) -> None:
        self.layout, self.delimiter, self.gzipped = layout, delimiter, gzipped

    def part(self, chunk: Chunk, done: Annotations) -> bytes:
        """Return the chunk's rows with the results."""
        kept = [map(as_text, chunk.values(name)) for name in self.layout.kept]
        added = [map(as_text, map(shorten, values)) for values in self.layout.additions(done).values()]
        return self._format(zip(*kept, *added, strict=True))

    def assemble(self, parts: Sequence[Path], out: Path) -> None:
        """Write the header and all parts."""
        join(self._format([(*self.layout.kept, *self.layout.added.values())]), parts, out)

    def _format(self, rows: Any) -> bytes:
        sink = _Sink()
        csv.writer(sink, delimiter=self.delimiter, lineterminator="\r\n").writerows(rows)
        return pack(encode(sink.text.getvalue()), self.gzipped)


class _Sink:
    r"""Ends rows with ``\n``. The csv module quotes a cell's ``\r`` only when it is part of the line end."""

    def __init__(self) -> None:
        self.text = io.StringIO()

    def write(self, row: str) -> None:
        self.text.write(row[:-2] + "\n")
