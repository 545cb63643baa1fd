"""The pieces that a small model knows: those of the shared tokenizer that its training texts hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

PAD, BEGIN, END, UNKNOWN = range(4)
MARKS = 4


class Pieces:
    """Numbers of a few pieces among the many of a tokenizer, the frequent ones first.

    Args:
        texts: token ids of each training text. vocabulary: size of the tokenizer. most: pieces to keep.
        least: times that a piece must occur.
    """

    def __init__(self, texts: Iterable[np.ndarray], vocabulary: int, *, most: int, least: int) -> None:
        counts = np.bincount(np.concatenate([np.empty(0, dtype=np.int64), *texts]), minlength=vocabulary)
        order = np.argsort(-counts, kind="stable")[:most]
        self._ids = order[counts[order] >= least]
        self._numbers = np.full(vocabulary, UNKNOWN, dtype=np.int64)
        self._numbers[self._ids] = np.arange(MARKS, MARKS + len(self._ids))

    def __len__(self) -> int:
        """Pieces and marks."""
        return MARKS + len(self._ids)

    def numbers(self, ids: np.ndarray) -> np.ndarray:
        """Token ids as numbers; UNKNOWN for what is not kept."""
        return self._numbers[ids]

    def ids(self, numbers: Sequence[int]) -> list[int]:
        """Numbers as token ids, marks left out."""
        return [int(self._ids[n - MARKS]) for n in numbers if n >= MARKS]
