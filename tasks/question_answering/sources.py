"""What is to be indexed, as rows: a frame, dicts, or a table file, read a piece at a time."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.base import cell_problem, require_column
from slmkit.tasks.inputs import is_missing
from slmkit.tasks.question_answering.records import Document, Key
from slmkit.tasks.table_io.values import as_text

ROWS = 512  # read at a time
_BIGGEST = 2**63
_DEEPEST = 50  # levels of lists and dicts in metadata; SQLite reads no more than a thousand


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        number: its place in the source, from 0. id: as it was given. key: the id as it is kept. text: its text.
        metadata: by name, of plain values. problem: why it cannot be indexed, or None.
    """

    number: int
    id: Any
    key: Key
    text: str
    metadata: dict[str, Any]
    problem: str | None


@dataclass(frozen=True)
class Source:
    """Rows to index. total: how many there are, None where only reading to the end would tell."""

    rows: Iterator[Row]
    total: int | None


def open_source(source: Any, text: str, id: str, metadata: Sequence[str], encoding: str | None = None) -> Source:  # noqa: A002
    """Look at what was handed over.

    Raises:
        InputError: it is no frame, iterable of dicts or table file, or lacks a column.
    """
    if isinstance(metadata, str):
        raise InputError(f"metadata must be a list of names, such as [{metadata!r}]")
    names = (id, text, *metadata)
    if len(set(names[1:])) < len(names) - 1:
        raise InputError(f"the text and the metadata have one name twice: {', '.join(map(repr, names[1:]))}")
    if isinstance(source, (str, Path)):
        return _file(Path(source), names, encoding)
    if type(source).__name__ == "DataFrame" and hasattr(source, "iloc"):
        return _frame(source, names)
    if isinstance(source, Mapping) or not isinstance(source, Iterable):
        raise InputError(f"a frame, an iterable of dicts or the path of a table is needed, not {type(source).__name__}")
    total = len(source) if isinstance(source, Sized) else None
    return Source(_number(_dicts(source, names)), total)


Cells = tuple[Any, Any, Mapping[str, Any], "str | None"]
"""Of a row: its id, its text, its metadata by name, and why it cannot be indexed, or None."""


def _frame(frame: Any, names: Sequence[str]) -> Source:
    for name in names:
        require_column(name, frame.columns, "the frame")

    def rows() -> Iterator[Cells]:
        for start in range(0, len(frame), ROWS):
            part = frame.iloc[start : start + ROWS]
            for cells in zip(*(part[name].tolist() for name in names), strict=True):
                yield _cells(names, cells)

    return Source(_number(rows()), len(frame))


def _file(path: Path, names: Sequence[str], encoding: str | None) -> Source:
    from slmkit.tasks.table_io import open_reader

    if not path.is_file():
        raise InputError(f"there is no file {path}")
    reader = open_reader(path, names[1], encoding=encoding)
    for name in names:
        require_column(name, reader.columns, str(path))

    def rows() -> Iterator[Cells]:
        for chunk in reader.chunks(ROWS, 0):
            columns = [chunk.cells if name == names[1] else chunk.values(name) for name in names]
            for *cells, problem in zip(*columns, chunk.problems, strict=True):
                yield _cells(names, cells, problem)

    return Source(_number(rows()), reader.total)


def _dicts(source: Iterable[Any], names: Sequence[str]) -> Iterator[Cells]:
    for row in source:
        if isinstance(row, Mapping):
            yield _cells(names, [row.get(name) for name in names])
        elif isinstance(row, Document):  # of another index, with all that it kept unless some of it is named
            kept = {name: row.metadata.get(name) for name in names[2:]} if names[2:] else row.metadata
            yield row.id, row.text, kept, None
        else:
            yield None, None, {}, f"not a dict but {type(row).__name__}"


def _cells(names: Sequence[str], cells: Sequence[Any], problem: str | None = None) -> Cells:
    return cells[0], cells[1], dict(zip(names[2:], cells[2:], strict=True)), problem


def _number(rows: Iterator[Cells]) -> Iterator[Row]:
    for number, (given, text, values, problem) in enumerate(rows):
        key, about_id = _key(given)
        problem = problem or about_id or cell_problem(text)
        metadata: dict[str, Any] = {}
        try:
            metadata = {} if problem else {str(name): _plain_value(value) for name, value in values.items()}
        except InputError as error:
            problem = str(error)
        yield Row(number, given, key, "" if problem else str(text), metadata, problem)


def _key(value: Any) -> tuple[Key, str | None]:
    """An id as text or int, and what is wrong with it; 3.0 counts as 3, which is what a gap makes of a column."""
    if is_missing(value):
        return "", "its id is missing"
    if isinstance(value, str):
        return str(value), None if value else "its id is empty"
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "", "its id is a bool"
    if isinstance(value, Integral) or isinstance(value, float) and value.is_integer():
        whole = int(value)
        return whole, None if -_BIGGEST <= whole < _BIGGEST else "its id has more than 64 bits; give it as text"
    return "", f"its id is neither text nor a whole number but {type(value).__name__}"


def as_key(value: Any) -> Key:
    """An id that a caller asks for.

    Raises:
        InputError: it cannot be an id.
    """
    key, problem = _key(value)
    if problem:
        raise InputError(f"{value!r} is no document id: {problem}")
    return key


def spelt_otherwise(key: Key) -> Key | None:
    """The id that ``key`` would be, were it text instead of a whole number, or the other way round."""
    if isinstance(key, int):
        return str(key)
    return int(key) if re.fullmatch(r"-?\d{1,18}", key, re.ASCII) else None


def _plain_value(value: Any, depth: int = 0) -> Any:
    """A value of metadata as JSON can hold it: dates as text, missing values as None."""
    if depth > _DEEPEST:
        raise InputError("its metadata is nested too deeply")
    if hasattr(value, "tolist") and hasattr(value, "dtype"):
        value = value.tolist()
    if is_missing(value):
        return None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float) and math.isinf(value):
        return str(value)
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain_value(each, depth + 1) for name, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain_value(each, depth + 1) for each in value]
    return as_text(value)


def chunked(rows: Iterator[Row], most: int, characters: int) -> Iterator[list[Row]]:
    """Rows in lists of ``most``, or fewer where their texts come to so many characters."""
    chunk: list[Row] = []
    size = 0
    for row in rows:
        chunk.append(row)
        size += len(row.text)
        if len(chunk) >= most or size >= characters:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
