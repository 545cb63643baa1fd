"""What callers hand over: texts (list, array, Series, one-column frame) as strings, seeds; errors name the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from slmkit.errors import InputError

_SHOWN = 8


def as_texts(texts: Any) -> list[str]:
    """A list of plain strings.

    Args:
        texts: a list, array or Series of str; one column of a table is taken too.

    Raises:
        InputError: not a collection, or some of its rows are not strings; the message says which.
    """
    listed = as_rows(texts, "the texts")
    bad = [row for row, text in enumerate(listed) if not isinstance(text, str)]
    if bad:
        raise InputError(
            f"{rows_named(bad)} of the texts: not a string but {_kinds(listed, bad)}; "
            "leave such rows out (tables.apply takes dirty cells)"
        )
    return [str(text) for text in listed]  # a subclass such as numpy.str_ becomes a plain str


def as_rows(values: Any, what: str) -> list[Any]:
    """The rows of a collection with one value each.

    Raises:
        InputError: a single string, not iterable, or a table of several columns.
    """
    if isinstance(values, (str, bytes, dict)):
        raise InputError(f"{what}: got one {type(values).__name__}, expected a list, array or Series")
    shape = getattr(values, "shape", None)
    if shape is not None and len(shape) == 2 and shape[1] == 1:
        values = getattr(values, "values", values).ravel()
    elif shape is not None and len(shape) != 1:
        raise InputError(f"{what}: got shape {tuple(shape)}, expected one value a row")
    try:
        return list(values)
    except TypeError:
        raise InputError(f"{what}: got {type(values).__name__}, expected a list, array or Series") from None


def rows_named(rows: Sequence[int]) -> str:
    """Such as ``row 3`` or ``rows 3, 17 and 5 more``."""
    shown = ", ".join(str(row) for row in rows[:_SHOWN])
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f"row{'s' if len(rows) > 1 else ''} {shown}{more}"


def is_missing(value: Any) -> bool:
    """None, NaN, pd.NA, pd.NaT; asked by type name, so that no pandas is needed."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def as_series_like(texts: Any) -> Any:
    """The index of a pandas Series, or None for every other collection."""
    return texts.index if type(texts).__name__ == "Series" and hasattr(texts, "to_frame") else None


def _kinds(values: Sequence[Any], rows: Sequence[int]) -> str:
    names = {"missing" if is_missing(values[row]) else type(values[row]).__name__ for row in rows}
    return " or ".join(sorted(names))


def check_seed(random_state: Any) -> int:
    """A seed from ``random_state``; None draws a fresh one.

    Raises:
        InputError: not None, an int, or a numpy RandomState.
    """
    if random_state is None:
        return int(np.random.SeedSequence().entropy % 2**31)  # type: ignore[operator]
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool) and random_state >= 0:
        return int(random_state) % 2**31
    raise InputError(f"random_state {random_state!r}: give None, an int from 0 up, or a numpy RandomState")
