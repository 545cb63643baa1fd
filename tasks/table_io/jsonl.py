"""JSON Lines: one object a line. A line goes out as it came in, with the results added at its end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmkit.errors import InputError
from slmkit.tasks.base import require_column
from slmkit.tasks.table_io.chunks import Chunk, Layout, cut
from slmkit.tasks.table_io.text_files import encode, join, pack, read_lines
from slmkit.tasks.table_io.values import as_json, shorten

if TYPE_CHECKING:
    import pyarrow as pa

    from slmkit.tasks.cells import Annotations

Row = tuple[str, "dict[str, Any] | None", "str | None"]


class JsonlReader:
    """Rows of a JSON Lines file; its columns are all keys that occur."""

    def __init__(self, path: Path, column: str, encoding: str | None) -> None:
        self.path, self.encoding, self.column = path, encoding, column
        self.total = 0
        self._kinds: dict[str, set[str]] = {}
        problem = None
        for _, row, reason in self._rows():
            self.total += 1
            problem = problem or reason
            for key, value in (row or {}).items():
                self._kinds.setdefault(key, set()).add(_kind(value))
        self.columns = list(self._kinds)
        if not self.columns:
            raise InputError(f"{path} has no line that is a JSON object" + (f": {problem}" if problem else ""))
        require_column(column, self.columns, str(path))

    def _rows(self) -> Iterator[Row]:
        for number, line in enumerate(read_lines(self.path, self.encoding), start=1):
            text = line.strip()
            if not text:
                continue
            try:
                row = json.loads(text)
            except (ValueError, RecursionError) as error:
                detail = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
                yield text, None, f"line {number} is not JSON: {detail}"
                continue
            if isinstance(row, dict):
                yield text, row, None
            else:
                yield text, None, f"line {number} is not a JSON object"

    def chunks(self, rows: int, skip: int) -> Iterator[Chunk]:
        """Yield chunks of at most ``rows`` rows, after the first ``skip`` rows."""
        source = self._rows()
        for _ in range(skip):
            next(source, None)
        for group in cut(source, rows, lambda row: len(row[0])):
            # A line that is no object is kept whole, in the text column.
            objects = [{self.column: text} if row is None else row for text, row, _ in group]

            def values(name: str, objects: list[dict[str, Any]] = objects) -> list[Any]:
                return [row.get(name) for row in objects]

            lines = [as_json(row) if problem else text for (text, _, problem), row in zip(group, objects, strict=True)]
            yield Chunk(values(self.column), [problem for _, _, problem in group], values, lines=lines)

    def schema(self) -> pa.Schema:
        """Return each key's type: what all its values share, else text."""
        import pyarrow as pa

        plain = {"bool": pa.bool_(), "int": pa.int64(), "float": pa.float64()}
        fields = []
        for name, kinds in self._kinds.items():
            kinds = kinds - {"null"}
            kind = "float" if kinds == {"int", "float"} else next(iter(kinds)) if len(kinds) == 1 else "text"
            fields.append((name, plain.get(kind, pa.string())))
        return pa.schema(fields)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        # As a float a large whole number would lose digits, so it is kept as text.
        return "int" if abs(value) <= 2**53 else "text"
    return "float" if isinstance(value, float) else "text"


class JsonlWriter:
    """Rows as JSON Lines in UTF-8."""

    def __init__(self, layout: Layout, *, gzipped: bool) -> None:
        self.layout, self.gzipped = layout, gzipped

    def part(self, chunk: Chunk, done: Annotations) -> bytes:
        """Return the chunk's rows with the results."""
        added = self.layout.additions(done)
        tails = [
            as_json({name: shorten(value) for name, value in zip(added, values, strict=True)})
            for values in zip(*added.values(), strict=True)
        ]
        heads = chunk.lines if chunk.lines is not None and self.layout.whole else self._heads(chunk)
        return pack(b"".join(map(_line, heads, tails)), self.gzipped)

    def _heads(self, chunk: Chunk) -> list[str]:
        names = self.layout.kept
        columns = [chunk.values(name) for name in names]
        return [as_json(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]

    def assemble(self, parts: Sequence[Path], out: Path) -> None:
        """Write all parts."""
        join(b"", parts, out)


def _line(head: str, tail: str) -> bytes:
    body = head[:-1].rstrip()
    text = f"{body}{', ' if len(body) > 1 else ''}{tail[1:]}\n"
    try:
        return text.encode()
    except UnicodeEncodeError:  # JSON can hold a lone surrogate, escaped; UTF-8 cannot
        return encode(json.dumps(json.loads(text))) + b"\n"
