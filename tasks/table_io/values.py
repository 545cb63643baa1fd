"""Cells of any type as text and as JSON."""

from __future__ import annotations

import datetime
import json
import math
from typing import Any


def as_text(value: Any) -> str:
    """Return a cell for a delimited file: nothing for None, JSON for what is not a plain value."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, list, dict)):
        return as_json(value)
    if isinstance(value, (int, float)):
        return repr(value)
    return _foreign(value)


def as_json(value: Any) -> str:
    """Return a value as JSON on one line; NaN and infinity, which JSON does not have, as null."""
    try:
        return json.dumps(value, ensure_ascii=False, default=_foreign, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), ensure_ascii=False, default=_foreign)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return value


def shorten(value: Any) -> Any:
    """Round a result's floats to 7 significant digits: what a 32-bit score holds, for text formats."""
    if isinstance(value, float) and math.isfinite(value):
        return float(f"{value:.7g}")
    if isinstance(value, list):
        return [shorten(item) for item in value]
    if isinstance(value, dict):
        return {key: shorten(item) for key, item in value.items()}
    return value


def _foreign(value: Any) -> str:
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)
