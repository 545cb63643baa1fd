"""What a packer foretells: the bytes that it saves are bytes that it knew."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from math import log
from typing import Any

from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, identity
from slmkit.errors import InputError

_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 16}]


class Xz:
    """LZMA2 without frame or checksum: a text costs what the packed whole is longer than the packed beginning."""

    name = "xz"
    version = "1"

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        pass

    def fingerprint(self) -> str:
        """This adapter's version."""
        return identity(self.name, self.version)

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Refused: it learns nothing."""
        raise InputError("xz learns nothing; it is not fitted")

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """Refused: it writes nothing."""
        raise InputError("xz writes nothing; it is asked for log_probabilities")

    def log_probabilities(self, inputs: Sequence[str], texts: Sequence[str]) -> list[float]:
        """Natural logarithm of two to the minus packed bits."""
        return [-8 * log(2) * (_bytes(f"{a} {b}") - _bytes(a)) for a, b in zip(inputs, texts, strict=True)]

    def size(self) -> Size:
        """Nothing."""
        return Size(parameters=0, bytes=0)


def _bytes(text: str) -> int:
    return len(lzma.compress(text.encode("utf-8", "surrogatepass"), format=lzma.FORMAT_RAW, filters=_FILTERS))
