"""Texts as a caller gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmkit.errors import InputError

_HINT = "tables.apply takes dirty cells"


def as_list(texts: str | Sequence[str]) -> list[str]:
    """One string or many as a list.

    Args:
        texts: a string, or a list, array, Series or iterator of them. The names of a table's columns are no texts: a
            table is refused.

    Raises:
        InputError: not one string nor many, or something in it is not a string.
    """
    if isinstance(texts, str):
        return [texts]
    if isinstance(texts, (bytes, Mapping)) or getattr(texts, "ndim", 1) != 1 or hasattr(texts, "columns"):
        raise InputError(f"got {type(texts).__name__}, expected a str or a list of them; of a table give one column")
    try:
        listed = list(texts)
    except TypeError as error:
        raise InputError(f"got {type(texts).__name__}, expected a str or a list of them ({_HINT})") from error
    for number, text in enumerate(listed):
        if not isinstance(text, str):
            raise InputError(f"text {number} is {type(text).__name__}, expected str ({_HINT})")
    return listed
