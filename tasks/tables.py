"""Tables in, tables out: the same rows, the same order, the same index, and the results in new columns."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from slmkit.errors import InputError
from slmkit.tasks.base import ERROR_COLUMN, TableTask, require_column, result_columns
from slmkit.tasks.cells import Annotations, annotate_cells
from slmkit.tasks.progress import row_progress

# pandas 3 has a string dtype of its own; before it, text columns are of dtype object.
_TEXT: Any = "str" if int(pd.__version__.partition(".")[0]) >= 3 else object
_Annotate = Callable[[Sequence[Any], Callable[[int], str]], Annotations]
_NULLABLE: dict[type, Any] = {bool: "boolean", int: "Int64", float: "float64", str: _TEXT}


def apply(
    task: TableTask,
    frame: Any,
    *,
    column: Any = "text",
    prefix: str | None = None,
    errors: str = "quarantine",
    progress: bool = False,
) -> Any:
    """Run a task over one column of a table.

    Args:
        task: Any object with ``name``, ``columns`` and ``annotate``.
        frame: A pandas frame or a series of texts; a polars frame or series, an Arrow table or column, or whatever
            else gives itself as Arrow. It is never changed.
        column: The column that holds the texts; for a series, the name its texts get when the series has none.
        prefix: Put before the names of the result columns (and of ``slm_error``), such as ``"title_"``.
        errors: ``"quarantine"`` gives rows that cannot be processed an empty result and a reason in ``slm_error``;
            ``"raise"`` raises on the first of them.
        progress: Show a progress bar on stderr.

    Returns:
        A new frame with the caller's columns and index, the task's columns, and ``slm_error``: a polars frame for one,
        an Arrow table for what else is no pandas frame, neither of which copies the caller's columns.

    Raises:
        InputError: The column is not there, a result column would hide one of the caller's, or, with
            ``errors="raise"``, a cell cannot be processed.
    """

    def annotate(cells: Sequence[Any], name_row: Callable[[int], str]) -> Annotations:
        with row_progress(task.name, len(cells), show=progress) as advance:
            return annotate_cells(task, cells, errors=errors, name_row=name_row, advance=advance)

    if not isinstance(frame, (pd.DataFrame, pd.Series)) and hasattr(frame, "__arrow_c_stream__"):
        apply_to = _apply_polars if type(frame).__module__.startswith("polars.") else _apply_arrow
        return apply_to(task, frame, column, prefix, annotate)
    frame, column = as_frame(frame, column)
    names = result_columns(task, taken_names(frame), prefix)
    done = annotate(frame[column].tolist(), row_namer(frame, column))
    return with_results(frame, done, names, getattr(task, "column_types", {}))


def _apply_arrow(task: TableTask, frame: Any, column: Any, prefix: str | None, annotate: _Annotate) -> Any:
    """As ``apply``, over what gives itself as Arrow."""
    import pyarrow as pa

    from slmkit.tasks.table_io.arrow import beside

    try:
        table = pa.table({column: frame} if isinstance(frame, pa.ChunkedArray) else frame)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise InputError(f"{type(frame).__name__} is no table: {str(error).splitlines()[0]}") from None
    require_column(column, table.column_names, "the table")
    names = result_columns(task, table.column_names, prefix)
    done = annotate(table.column(column).to_pylist(), lambda i: f"row {i} (column {column!r})")
    return beside(table, done, names, getattr(task, "column_types", {}))


def _apply_polars(task: TableTask, frame: Any, column: Any, prefix: str | None, annotate: _Annotate) -> Any:
    """As ``apply``, over a polars frame or series."""
    import pyarrow as pa

    from slmkit.tasks.table_io.arrow import result_arrays

    polars = sys.modules["polars"]
    if isinstance(frame, polars.Series):
        column = frame.name or column
        frame = frame.to_frame(column)
    require_column(column, frame.columns, "the frame")
    names = result_columns(task, frame.columns, prefix)
    done = annotate(frame.get_column(column).to_list(), lambda i: f"row {i} (column {column!r})")
    # Only the results pass through Arrow: polars' own types, such as Enum and Object, would not come back from there.
    results = pa.table(result_arrays(done, names, getattr(task, "column_types", {})))
    return frame.hstack(polars.from_arrow(results))


def as_frame(frame: Any, column: Any) -> tuple[pd.DataFrame, Any]:
    """A frame, and the column of its texts, of what a caller gave; see ``apply``.

    Raises:
        InputError: It is no frame or series, or the column is not there.
    """
    if isinstance(frame, pd.Series):
        column = frame.name if frame.name is not None else column
        frame = frame.to_frame(name=column)
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"a pandas DataFrame or Series is needed, not {type(frame).__name__}")
    require_column(column, frame.columns, "the frame")
    return frame, column


def taken_names(frame: pd.DataFrame) -> pd.Index:
    """The names that a new column cannot have."""
    # With several levels of column names, a plain name lands in the first level.
    return frame.columns.get_level_values(0) if frame.columns.nlevels > 1 else frame.columns


def row_namer(frame: pd.DataFrame, column: Any) -> Callable[[int], str]:
    """How an error names a row of the frame."""
    return lambda i: f"row {i} (index {frame.index[i]!r}, column {column!r})"


def with_results(
    frame: pd.DataFrame, done: Annotations, names: Mapping[str, str], types: Mapping[str, type]
) -> pd.DataFrame:
    """A new frame with the results beside the caller's columns.

    Args:
        frame: As many rows as there are annotations. names: Of the result columns and the error column, in the table.
        types: Of the result columns, as far as a task declares them.
    """
    result = frame.copy()
    for name, values in done.results.items():
        result[names[name]] = _column(values, types.get(name)).set_axis(result.index)
    result[names[ERROR_COLUMN]] = pd.Series(done.reasons, dtype=_TEXT).set_axis(result.index)
    return result


def _column(values: list[Any], declared: type | None) -> pd.Series:
    """Results as a series whose dtype does not depend on whether some of them are empty."""
    kinds = {type(value) for value in values if value is not None}
    kind = kinds.pop() if len(kinds) == 1 else declared if not kinds else float if kinds == {int, float} else None
    dtype = _NULLABLE.get(kind, object) if kind else object
    if kind in (int, bool) and None not in values:
        dtype = kind
    try:
        return pd.Series(values, dtype=dtype)
    except (UnicodeEncodeError, OverflowError):  # a lone surrogate, an int of more than 64 bits
        return pd.Series(values, dtype=object)
