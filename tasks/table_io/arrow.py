"""Results as Arrow arrays: of the type that a task declares, of what fits them all, or as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from slmkit.tasks.base import ERROR_COLUMN
from slmkit.tasks.table_io.text_files import scrub
from slmkit.tasks.table_io.values import as_text

if TYPE_CHECKING:
    from slmkit.tasks.cells import Annotations

_Rows = TypeVar("_Rows", pa.RecordBatch, pa.Table)
DECLARED = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
"""The Arrow type of each type that a task may declare for a result."""


def as_array(values: list[Any], kind: pa.DataType | None) -> pa.Array:
    """Values as an array of a type, or of the type they have; values of several types become text."""
    if kind is not None and pa.types.is_string(kind):
        values = [value if value is None else as_text(value) for value in values]
    try:
        return pa.array(values, type=kind)
    except UnicodeEncodeError:
        return pa.array([scrub(value) if isinstance(value, str) else value for value in values], type=kind)
    except (pa.ArrowException, OverflowError):  # values of several types: as text
        return pa.array([value if value is None else scrub(as_text(value)) for value in values])


def cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """A column as another type; as text where it cannot be that."""
    try:
        return column.cast(kind)
    except pa.ArrowException:
        return pa.chunked_array([[value if value is None else as_text(value) for value in column.to_pylist()]], kind)


def result_arrays(done: Annotations, names: Mapping[str, str], types: Mapping[str, type]) -> dict[str, pa.Array]:
    """Results and reasons as arrays.

    Args:
        names: of the result columns and the error column, in the table.
        types: of the result columns, as far as a task declares them; the others are text, lists as JSON.
    """
    kinds = {name: DECLARED.get(types.get(name, str), pa.string()) for name in done.results}
    arrays = {names[name]: as_array(values, kinds[name]) for name, values in done.results.items()}
    return arrays | {names[ERROR_COLUMN]: as_array(list(done.reasons), pa.string())}


def beside(rows: _Rows, done: Annotations, names: Mapping[str, str], types: Mapping[str, type]) -> _Rows:
    """Rows with their results beside them; the caller's columns are not copied, and what the schema notes is kept.

    Args:
        rows: as many as there are annotations. names, types: see ``result_arrays``.
    """
    arrays: dict[str, pa.Array] = result_arrays(done, names, types)
    added: list[pa.Field] = [pa.field(name, array.type) for name, array in arrays.items()]
    schema = pa.schema([*rows.schema, *added], metadata=rows.schema.metadata)
    return type(rows).from_arrays([*rows.columns, *arrays.values()], schema=schema)
