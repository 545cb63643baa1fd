"""The Chinese character list: how often each is seen, and the characters that are typed or written for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from slmkit.text.pinyin import blurred, readings

SYLLABLE, TONE, NEAR, SHAPE = 1, 2, 4, 8
"""Why a character stands in for another: the same syllable, the same tone too, a near syllable, the same shape."""
# Other characters for one. With 59, of which 36 by sound, 90 % of SIGHAN 2013's wrong sentences and 74 % of ECSpell's
# medical ones could be mended at all; with these, 96 % and 87 %.
MOST = 120
_BY_SOUND, _BY_SHAPE = 60, 40
_OTHER_TONE = 2  # times as rare a character of another tone counts


class CharacterList:
    """Characters by how often they were seen. Nothing changes after construction.

    Args:
        characters: the most frequent first. counts: how often each was seen, int64 ``(n,)``.
        others: for each, the numbers of the characters that it may stand for, int32.
        why: for each of these, the bits above, uint8.
    """

    def __init__(self, characters: str, counts: np.ndarray, others: list[np.ndarray], why: list[np.ndarray]) -> None:
        self.characters, self.counts = characters, np.asarray(counts, dtype=np.int64)
        self.others, self.why = others, why
        self.index = {character: number for number, character in enumerate(characters)}
        largest = np.log1p(max(int(self.counts.max(initial=0)), 1))
        self.frequency = (np.log1p(self.counts) / largest).astype(np.float32)

    def __len__(self) -> int:
        return len(self.characters)

    @classmethod
    def build(cls, counts: Mapping[str, int], shapes: Mapping[str, str] | None = None) -> CharacterList:
        """Make the list.

        Args:
            counts: how often each character was seen. shapes: characters that look like each.

        Raises:
            MissingExtraError: pypinyin is not installed.
        """
        ranked = sorted(counts, key=lambda character: (-counts[character], character))
        index = {character: number for number, character in enumerate(ranked)}
        spoken = readings(ranked) if ranked else []
        by_syllable: dict[str, list[int]] = {}
        by_blur: dict[str, list[int]] = {}
        for number, read in enumerate(spoken):
            for syllable in dict.fromkeys(syllable for syllable, _ in read):
                by_syllable.setdefault(syllable, []).append(number)
                by_blur.setdefault(blurred(syllable), []).append(number)
        seen = _both_ways(shapes or {}, index)
        others, why = [], []
        for number, read in enumerate(spoken):
            found: dict[int, int] = {}
            for syllable, tone in read:
                for other in by_syllable[syllable]:
                    found[other] = found.get(other, 0) | SYLLABLE | (TONE if (syllable, tone) in spoken[other] else 0)
                for other in by_blur[blurred(syllable)]:
                    found[other] = found.get(other, 0) | NEAR
            for other in seen.get(number, ()):
                found[other] = found.get(other, 0) | SHAPE
            found.pop(number, None)
            chosen = _chosen(found)
            others.append(np.array(chosen, dtype=np.int32))
            # A syllable that is the same is no near one.
            why.append(
                np.array([found[i] & ~NEAR if found[i] & SYLLABLE else found[i] for i in chosen], dtype=np.uint8)
            )
        return cls("".join(ranked), np.array([counts[c] for c in ranked], dtype=np.int64), others, why)

    def to_arrays(self) -> dict[str, Any]:
        """Plain arrays, and the characters as one text."""
        empty = np.empty(0)
        return {
            "characters": self.characters,
            "character_counts": self.counts,
            "character_others": np.concatenate([empty, *self.others]).astype(np.int32),
            "character_why": np.concatenate([empty, *self.why]).astype(np.uint8),
            "character_sizes": np.array([len(each) for each in self.others], dtype=np.uint8),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> CharacterList:
        """What ``to_arrays`` gave.

        Raises:
            KeyError, ValueError: it lacks a part, or the parts do not fit.
        """
        ends = np.cumsum(arrays["character_sizes"].astype(np.int64))
        characters, total = arrays["characters"], int(ends[-1]) if len(ends) else 0
        if len(characters) != len(ends) or total != len(arrays["character_others"]):
            raise ValueError(f"{len(characters)} characters and {len(ends)} sizes")
        others = np.split(arrays["character_others"], ends[:-1]) if total else [np.empty(0, np.int32)] * len(ends)
        why = np.split(arrays["character_why"], ends[:-1]) if total else [np.empty(0, np.uint8)] * len(ends)
        return cls(characters, arrays["character_counts"], others, why)


def _both_ways(shapes: Mapping[str, str], index: Mapping[str, int]) -> dict[int, set[int]]:
    """Numbers of the characters that look alike; who looks like another, that one looks like too."""
    seen: dict[int, set[int]] = {}
    for character, alike in shapes.items():
        for other in alike:
            if character in index and other in index:
                seen.setdefault(index[character], set()).add(index[other])
                seen.setdefault(index[other], set()).add(index[character])
    return seen


def _chosen(found: Mapping[int, int]) -> list[int]:
    """The likeliest stand-ins: by sound, by shape, then the rest; the frequent first, which have low numbers."""
    sound = sorted(
        (i for i, bits in found.items() if bits & SYLLABLE),
        key=lambda i: ((i + 1) * (1 if found[i] & TONE else _OTHER_TONE), i),
    )
    shape = sorted(i for i, bits in found.items() if bits & SHAPE and not bits & SYLLABLE)
    rest = sorted(i for i, bits in found.items() if not bits & (SYLLABLE | SHAPE))
    made = [*sound[:_BY_SOUND], *shape[:_BY_SHAPE]]
    made += [*rest, *sound[_BY_SOUND:], *shape[_BY_SHAPE:]][: MOST - len(made)]
    return made
