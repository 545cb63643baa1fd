"""What each row added to each score, kept in a result file: a few bytes a row, so that runs can be compared by row.

The numbers are 32-bit floats, little-endian, packed by zlib and written in base64: 10,000 right or wrong answers take
about 3 kB. ``format`` is raised when that changes. A file from before they were kept has none, and is read as ever.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slmkit.benchmarks import metrics
from slmkit.errors import DataError

FORMAT = 1
_DTYPE = np.dtype("<f4")


def pack(names: Sequence[str], gold: Sequence[Any], predicted: Sequence[Any]) -> dict[str, Any]:
    """What the rows add to the metrics called ``names``, as a result file keeps it."""
    return {"format": FORMAT, "rows": {name: _pack(metrics.row_values(name, gold, predicted)) for name in names}}


def _pack(values: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(values.astype(_DTYPE).tobytes(), 9)).decode()


def unpack(outcomes: Mapping[str, Any], metric: str) -> np.ndarray | None:
    """What the rows added to a metric. Shape: ``(n,)``; None where it was not kept.

    Raises:
        DataError: it is kept in a form that this version does not read.
    """
    text = _texts(outcomes).get(metric)
    if text is None:
        return None
    try:
        values = np.frombuffer(zlib.decompress(base64.b64decode(text, validate=True)), dtype=_DTYPE)
    except (ValueError, TypeError, zlib.error) as error:
        raise DataError(f"result outcomes of {metric!r} are damaged: {error}") from error
    return values.astype(np.float64)


def check(outcomes: Mapping[str, Any], n: int) -> None:
    """Raise DataError unless each metric has a finite number for each of ``n`` rows."""
    for metric in _texts(outcomes):
        values = unpack(outcomes, metric)
        if values is None or len(values) != n or not np.isfinite(values).all():
            raise DataError(f"result outcomes of {metric!r} must hold a number for each of {n} rows")


def _texts(outcomes: Mapping[str, Any]) -> Mapping[str, str]:
    if not outcomes:
        return {}
    rows = outcomes.get("rows")
    if outcomes.get("format") != FORMAT or not isinstance(rows, Mapping):
        raise DataError(f"result outcomes are in format {outcomes.get('format')!r}; this version reads {FORMAT}")
    return rows
