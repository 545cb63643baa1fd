"""Bits per byte: how well a system foretells a text, whatever pieces it reads in."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np


def counts(gold: Sequence[str], predicted: Sequence[float]) -> np.ndarray:
    """Bits and UTF-8 bytes of each row: ``(n, 2)``.

    Args:
        gold: the texts. predicted: natural logarithm of the probability that the system gave to each.
    """
    sizes = [len(text.encode("utf-8", "surrogatepass")) for text in gold]
    return np.stack([-np.asarray(predicted, dtype=np.float64) / log(2), np.asarray(sizes, dtype=np.float64)], axis=1)


def of_counts(total: np.ndarray) -> float:
    """Bits per byte of summed counts ``(2,)``."""
    return float(total[0] / total[1])
