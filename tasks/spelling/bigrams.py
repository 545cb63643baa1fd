"""How often one token was seen after another, in five bytes a pair: its hash and the logarithm of its count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

_PER_DOUBLING = 12  # levels of a byte
_FULL = 16.0  # doublings that count as 1


class Bigrams:
    """Pairs of tokens by ``places.code``; those never or seldom seen count 0. Nothing changes after construction.

    Args:
        keys: hashes of the pairs, uint32 ``(n,)``, ascending. levels: of their counts, uint8 ``(n,)``.
    """

    def __init__(self, keys: np.ndarray | None = None, levels: np.ndarray | None = None) -> None:
        self.keys = np.empty(0, np.uint32) if keys is None else keys
        self.levels = np.empty(0, np.uint8) if levels is None else levels

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def counted(cls, pairs: np.ndarray, counts: np.ndarray, most: int) -> Bigrams:
        """Keep the most frequent pairs.

        Args:
            pairs: first code in the high half and second in the low, uint64 ``(n,)``, each once. counts: ``(n,)``.
            most: pairs to keep.
        """
        if len(pairs) > most:
            kept = np.argpartition(-counts, most)[:most]
            pairs, counts = pairs[kept], counts[kept]
        keys = _hashed(pairs)
        levels = np.minimum(1 + np.log2(np.maximum(counts, 1)) * _PER_DOUBLING, 255).astype(np.uint8)
        order = np.lexsort((-levels.astype(np.int64), keys))  # of pairs with one hash the most frequent counts
        keys, levels = keys[order], levels[order]
        first = np.concatenate([[True], keys[1:] != keys[:-1]]) if len(keys) else np.empty(0, bool)
        return cls(keys[first], levels[first])

    def look(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Logarithm of how often each pair was seen, 0 for never and 1 for often, float32 ``(n,)``.

        Args:
            left, right: codes of the tokens, ``(n,)`` each.
        """
        if not len(self.keys):
            return np.zeros(len(left), dtype=np.float32)
        wanted = _hashed(joined(left, right))
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        levels = np.where(self.keys[at] == wanted, self.levels[at], 0)
        return (levels / (_PER_DOUBLING * _FULL)).astype(np.float32)

    def to_arrays(self) -> dict[str, Any]:
        """Plain arrays; differences of neighbouring hashes, which pack well."""
        return {"bigrams": np.diff(self.keys, prepend=np.uint32(0)), "bigram_levels": self.levels}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Bigrams:
        """What ``to_arrays`` gave."""
        return cls(np.cumsum(arrays["bigrams"], dtype=np.uint32), arrays["bigram_levels"])


def joined(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Pairs of codes as one number each, uint64."""
    return (left.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64)


def _hashed(pairs: np.ndarray) -> np.ndarray:
    """32 well mixed bits of 64 (Stafford's thirteenth mixer)."""
    mixed = pairs.astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (mixed >> np.uint64(32)).astype(np.uint32)
