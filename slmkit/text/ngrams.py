"""N-grams of tokens as numbers, and a table that finds many of them at once."""

from __future__ import annotations

import numpy as np

LONGEST = 3  # tokens of an n-gram: as characters of Chinese, or words of English, are usually counted
BITS = 21  # of a token id inside a key: three of them fit an int64
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio (Knuth's multiplicative hashing)
_EMPTY = -1


def ngrams(ids: np.ndarray, longest: int = LONGEST) -> list[np.ndarray]:
    """Keys of the stretches of 1, 2 and 3 tokens: ids ``(n,)`` -> int64 ``(n,)``, ``(n - 1,)``, ``(n - 2,)``."""
    found, key = [], np.zeros(len(ids), dtype=np.int64)
    for size in range(min(longest, len(ids))):
        key = (key[: len(ids) - size] << BITS) | (ids[size:] + 1)
        found.append(key)
    return found


def inside(lengths: np.ndarray, size: int) -> np.ndarray:
    """Of the stretches of ``size`` tokens over texts back to back, bool: those that lie in one text."""
    owner = np.repeat(np.arange(len(lengths)), lengths)
    return owner[: max(len(owner) - size + 1, 0)] == owner[size - 1 :]


class KeyTable:
    """Rows of keys by hashing with open addressing; several times as fast as a binary search.

    Args:
        keys: different int64 numbers from 0 up ``(n,)``; their places are what is found.
    """

    def __init__(self, keys: np.ndarray) -> None:
        bits = max(int(len(keys) * 3).bit_length(), 4)
        self._shift, self._mask = np.uint64(64 - bits), (1 << bits) - 1
        self._keys = np.full(1 << bits, _EMPTY, dtype=np.int64)
        self._rows = np.full(1 << bits, -1, dtype=np.int64)
        rows, slots = np.arange(len(keys)), self._slots(keys)
        while len(rows):
            free = self._keys[slots] == _EMPTY
            self._rows[slots[free]] = rows[free]  # of several for one slot the last stays
            placed = np.zeros(len(rows), dtype=bool)
            placed[free] = self._rows[slots[free]] == rows[free]
            self._keys[slots[placed]] = keys[rows[placed]]
            rows, slots = rows[~placed], (slots[~placed] + 1) & self._mask

    def places(self, keys: np.ndarray) -> np.ndarray:
        """Places of these keys ``(m,)``, int64; -1 for unknown ones."""
        slots, places = self._slots(keys), np.full(len(keys), -1, dtype=np.int64)
        left = np.arange(len(keys))  # those that are neither found nor known to be missing
        while len(left):
            found = self._keys[slots]
            same = found == keys[left]
            places[left[same]] = self._rows[slots[same]]
            more = ~same & (found != _EMPTY)
            left, slots = left[more], (slots[more] + 1) & self._mask
        return places

    def _slots(self, keys: np.ndarray) -> np.ndarray:
        return ((keys.astype(np.uint64) * _MIX) >> self._shift).astype(np.int64)
