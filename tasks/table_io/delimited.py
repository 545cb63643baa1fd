"""CSV and TSV. Every cell is a string and goes out as it came in: leading zeros, ``NA`` and long numbers too.

A row that does not fit the header, or whose quotes do not close, costs only itself: it is kept, with a reason.
Where the quotes of a TSV can only be typed text, they are taken so.
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
    """Rows of a CSV or TSV file with a header line.

    Attributes:
        delimiter: what stands between its cells; see ``_delimiter``.
    """

    def __init__(self, path: Path, column: str, encoding: str | None, delimiter: str) -> None:
        self.path, self.encoding, self.delimiter = path, encoding, delimiter
        self.columns: list[str] = []
        self._typed = False
        self.delimiter = _delimiter(self._open()[0], column, delimiter)
        header, rows = self._open()
        self.columns = _named(header)
        require_column(column, self.columns, str(path))
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise InputError(f"{path} has several columns named {twice[0]!r}; give them different names")
        self._at = self.columns.index(column)
        self.total = sum(1 for _ in rows)
        # In CSV, quotes are the rule; there a cell whose lines happen to look like rows stays one.
        if self.delimiter == "\t" and self._records.like_rows > self._records.like_cells:
            self._typed = True
            self.total = sum(1 for _ in self._open()[1])

    def _open(self) -> tuple[list[str], Iterator[Row]]:
        self._records = _Records(read_lines(self.path, self.encoding), self.delimiter, typed=self._typed)
        records = iter(self._records)
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


class _Records:
    """The records of a file, one at a time.

    A record may take several lines: a cell in quotes may hold line ends. But where quotes are typed text, as in many a
    corpus, one that opens in a row and one that closes in another make them look like one record.

    Args:
        lines: of the file. delimiter: between cells. typed: take records that look like several rows as these rows.

    Attributes:
        like_rows: records of several lines, each of which could be a row. like_cells: those that can be but one record.
    """

    def __init__(self, lines: Iterator[str], delimiter: str, *, typed: bool) -> None:
        self._lines, self._delimiter, self._typed = _Lines(lines), delimiter, typed
        self._width = 0
        self.like_rows = self.like_cells = 0

    def __iter__(self) -> Iterator[list[str]]:
        csv.field_size_limit(max(csv.field_size_limit(), _FIELD_CHARACTERS))
        taken = self._lines.taken
        reader = csv.reader(self._lines, delimiter=self._delimiter, strict=True)
        while True:
            taken.clear()
            try:
                fields = next(reader)
                whole = len(taken) < 2 or not self._are_rows(taken, fields)
            except StopIteration:
                return
            except csv.Error:  # a quote that opens and does not close properly
                whole = False
            if not whole:
                # The first line is taken as typed, quotes and all; the lines that the quote had swallowed are read
                # again as rows of their own.
                self._lines.give_back(taken[1:])
                fields = taken[0].rstrip("\r\n").split(self._delimiter)
            self._width = self._width or len(fields)  # of the header
            yield fields

    def _are_rows(self, lines: Sequence[str], fields: Sequence[str]) -> bool:
        if self._width < 2 or any(line.count(self._delimiter) != self._width - 1 for line in lines):
            self.like_cells += 1
            return False
        if len(fields) != self._width:  # as one record it would not fit the header, as rows all of them do
            return True
        self.like_rows += 1
        return self._typed


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


def _delimiter(header: Sequence[str], column: str, usual: str) -> str:
    """The delimiter of a file: another one than its suffix says, where only that one finds the asked column.

    A ``.csv`` from a spreadsheet has semicolons where the comma is in decimal numbers.
    """
    if len(header) == 1 and header[0] != column:
        for other in ";\t|,":
            if column in next(csv.reader(io.StringIO(header[0], newline=""), delimiter=other), []):
                return other
    return usual


def _named(header: Sequence[str]) -> list[str]:
    """The names of the columns; where several have none, they are numbered: spreadsheets write empty columns so."""
    names = list(header)
    if names.count("") > 1:
        for at, name in enumerate(header):
            if not name:
                names[at] = f"column_{at + 1}"
                while names[at] in header:
                    names[at] += "_"
    return names


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
