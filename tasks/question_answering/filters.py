"""Conditions on metadata as SQL. Names and values are always bound, never part of the statement."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.cells import plain
from slmkit.tasks.table_io.text_files import scrub

_COMPARE = {"=": "=", "==": "=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ESCAPED = re.compile(r'[\x00-\x1f"\\]')
OPERATORS = (*_COMPARE, "!=", "in", "not in")


def compile_where(where: Mapping[str, Any] | None) -> tuple[str, list[Any]]:
    """Translate ``{"lang": "en", "year": {">=": 2000}, "tag": {"in": ["a", "b"]}}``.

    All conditions must hold. A number is also compared with text that spells a number, as in tables read from CSV;
    None is "has no such value"; a document without the value differs (``!=``, ``not in``) from every other.

    Returns:
        A condition on the column ``metadata`` ("1" for none) and what it binds.

    Raises:
        InputError: an operator or a value that is not known.
    """
    if where is None:
        return "1", []
    if not isinstance(where, Mapping):
        raise InputError(f"where must be a mapping such as {{'lang': 'en'}}, not {type(where).__name__}")
    parts: list[str] = []
    bound: list[Any] = []
    for name, asked in where.items():
        if not isinstance(name, str):
            raise InputError(f"where: {name!r} is not the name of a metadata field")
        conditions = asked if isinstance(asked, Mapping) else {"=": asked}
        for operator, operand in conditions.items():
            sql, values = _condition(name, operator, plain(operand))
            parts.append(sql)
            bound += values
    return " AND ".join(parts) or "1", bound


def _condition(name: str, operator: Any, operand: Any) -> tuple[str, list[Any]]:
    value, path = _value(name)
    if operator in ("in", "not in"):
        if isinstance(operand, (str, bytes, Mapping)) or not isinstance(operand, Iterable):
            raise InputError(f"where: {name!r} {operator} needs a list, not {operand!r}")
        listed = [_check(name, each) for each in operand]
        texts = [each for each in listed if isinstance(each, str)]
        numbers = [each for each in listed if isinstance(each, (int, float))]
        # As "=" compares: a text with texts, a number also with text that spells one, which the cast sees to.
        among = (
            f"COALESCE((typeof({value}) = 'text' AND {value} IN (SELECT value FROM json_each(?)))"
            f" OR {value} IN (SELECT CAST(value AS NUMERIC) FROM json_each(?)), 0)"
        )
        missing = f" OR {value} IS NULL" if None in listed else ""
        binds = [path, path, json.dumps(texts), path, json.dumps(numbers), *([path] if missing else [])]
        return f"{'NOT ' if operator == 'not in' else ''}({among}{missing})", binds
    operand = _check(name, operand)
    if operator == "!=":
        return (f"{value} IS NOT NULL", [path]) if operand is None else _differs(value, path, operand)
    if operator not in _COMPARE:
        raise InputError(f"where: {name!r} has the operator {operator!r}; there are {', '.join(OPERATORS)}")
    if operand is None:
        if _COMPARE[operator] != "=":
            raise InputError(f"where: {name!r} {operator} needs a number or a text, not None")
        return f"{value} IS NULL", [path]
    if isinstance(operand, str):
        # Numbers come before every text in SQLite: only text is compared with text.
        return f"(typeof({value}) = 'text' AND {value} {_COMPARE[operator]} ?)", [path, path, operand]
    # The cast makes SQLite read text that spells a number as one; any other text is greater than all numbers.
    compared = f"{value} {_COMPARE[operator]} CAST(? AS NUMERIC)"
    return f"({compared} AND {value} <= CAST(9e999 AS NUMERIC))", [path, operand, path]


def _differs(value: str, path: str, operand: Any) -> tuple[str, list[Any]]:
    other = "?" if isinstance(operand, str) else "CAST(? AS NUMERIC)"
    return f"COALESCE({value} <> {other}, 1)", [path, operand]


def _value(name: str) -> tuple[str, str]:
    """An expression for one field of ``metadata``, with one place to bind, and what to bind there."""
    name = scrub(name)
    if _ESCAPED.search(name):  # a path cannot spell these
        return "(SELECT value FROM json_each(metadata) WHERE key = ?)", name
    return "json_extract(metadata, ?)", f'$."{name}"'


def _check(name: str, operand: Any) -> Any:
    if isinstance(operand, str):
        return scrub(operand)
    if isinstance(operand, float) and math.isinf(operand):
        raise InputError(f"where: {name!r} is compared with {operand!r}")
    if isinstance(operand, bool):
        return int(operand)
    if isinstance(operand, int) and not -(2**63) <= operand < 2**63:
        return float(operand)
    if operand is None or isinstance(operand, (int, float)):
        return operand
    raise InputError(f"where: {name!r} is compared with a {type(operand).__name__}; give text, a number, or None")
