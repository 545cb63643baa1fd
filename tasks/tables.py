"""Tables in, tables out: the same rows, the same order, the same index, and the results in new columns."""

from __future__ import annotations

from typing import Any

import pandas as pd

from slmkit.errors import InputError
from slmkit.tasks.base import ERROR_COLUMN, TableTask, require_column, result_columns
from slmkit.tasks.cells import annotate_cells
from slmkit.tasks.progress import row_progress

# pandas 3 has a string dtype of its own; before it, text columns are of dtype object.
_TEXT: Any = "str" if int(pd.__version__.partition(".")[0]) >= 3 else object
_NULLABLE: dict[type, Any] = {bool: "boolean", int: "Int64", float: "float64", str: _TEXT}


def apply(
    task: TableTask,
    frame: pd.DataFrame | pd.Series,
    *,
    column: Any = "text",
    prefix: str | None = None,
    errors: str = "quarantine",
    progress: bool = False,
) -> pd.DataFrame:
    """Run a task over one column of a table.

    Args:
        task: Any object with ``name``, ``columns`` and ``annotate``.
        frame: A frame, or a series of texts. It is never changed.
        column: The column that holds the texts; for a series, the name its texts get when the series has none.
        prefix: Put before the names of the result columns (and of ``slm_error``), such as ``"title_"``.
        errors: ``"quarantine"`` gives rows that cannot be processed an empty result and a reason in ``slm_error``;
            ``"raise"`` raises on the first of them.
        progress: Show a progress bar on stderr.

    Returns:
        A new frame with the caller's columns and index, the task's columns, and ``slm_error``.

    Raises:
        InputError: The column is not there, a result column would hide one of the caller's, or, with
            ``errors="raise"``, a cell cannot be processed.
    """
    if isinstance(frame, pd.Series):
        column = frame.name if frame.name is not None else column
        frame = frame.to_frame(name=column)
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"a pandas DataFrame or Series is needed, not {type(frame).__name__}")
    require_column(column, frame.columns, "the frame")
    # With several levels of column names, a plain name lands in the first level.
    taken = frame.columns.get_level_values(0) if frame.columns.nlevels > 1 else frame.columns
    names = result_columns(task, taken, prefix)
    with row_progress(task.name, len(frame), show=progress) as advance:
        done = annotate_cells(
            task,
            frame[column].tolist(),
            errors=errors,
            name_row=lambda i: f"row {i} (index {frame.index[i]!r}, column {column!r})",
            advance=advance,
        )
    result = frame.copy()
    types = getattr(task, "column_types", {})
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
