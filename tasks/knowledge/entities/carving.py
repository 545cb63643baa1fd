"""Which sentences of a set without a dev split of its own are held back as dev: shared by recipes and benchmarks.

The core's joint stage read nine sentences of ten of some sets with their labels (``slmkit.pretraining.sources``): only
the tenth can be reported on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

TENTH = 10
_Row = TypeVar("_Row")


def in_dev(number: int) -> bool:
    """Whether the sentence of this number, counted from 0 in the order of its file, is held back."""
    return (number + 1) % TENTH == 0


def without_dev(rows: Sequence[_Row]) -> list[_Row]:
    """The rows of a file that may be learned from."""
    return [row for number, row in enumerate(rows) if not in_dev(number)]
