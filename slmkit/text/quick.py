"""Token ids without spans, several times as fast: a text falls into units that are looked up as a whole.

No piece of the vocabulary crosses a space or stands on both sides of a Chinese character, so the best segmentation of a
text is that of its units: words, each with the space before it, and single characters of Chinese. Words come back again
and again; each is segmented once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from slmkit.text.language import CJK, is_cjk

if TYPE_CHECKING:
    from tokenizers import Tokenizer as RustTokenizer

MOST, LONGEST = 200_000, 32  # units that are kept, and characters of one: memory stays flat whatever is read
_UNIT = re.compile(f" ?[^ {CJK}]+|[{CJK}]| ")


def splits(pieces: Sequence[str], metaspace: str) -> bool:
    """Whether a vocabulary is such that texts fall into units: see the module."""
    return all(len(piece) < 2 or (metaspace not in piece[1:] and not any(map(is_cjk, piece))) for piece in pieces)


class Units(dict[str, tuple[int, ...]]):
    """Ids of the units seen so far; the others are segmented when they are asked for."""

    def __init__(self, rust: RustTokenizer) -> None:
        super().__init__()
        self._rust = rust

    def __missing__(self, unit: str) -> tuple[int, ...]:
        ids = tuple(self._rust.encode(unit, add_special_tokens=False).ids)
        if len(unit) <= LONGEST and len(self) < MOST:
            self[unit] = ids
        return ids

    def ids(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Ids of all texts back to back, int64 ``(tokens,)``, and the tokens of each, int64 ``(n,)``."""
        rows = [[number for unit in _UNIT.findall(text) for number in self[unit]] for text in texts]
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        return np.fromiter(chain.from_iterable(rows), np.int64, int(lengths.sum())), lengths
