"""Where in a text a name stands that was given without its place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

MOST = 20  # places of a name that are looked at
Place = tuple[int, int]


def places(text: str, name: str) -> list[Place]:
    """Half-open spans of a name: as a word of its own or, where it is nowhere one, inside of other words."""
    found: list[Place] = []
    at = text.find(name) if name else -1
    while at >= 0 and len(found) < MOST:
        found.append((at, at + len(name)))
        at = text.find(name, at + 1)
    whole = [place for place in found if not _in_word(text, *place)]
    return whole or found


def nearest(heads: Sequence[Place], tails: Sequence[Place], sentences: Sequence[Place]) -> tuple[Place, Place] | None:
    """The places of two names that a relation between them most likely means; None where one is nowhere.

    Places that do not overlap come first, of these such as stand in one sentence, of these the nearest, of these the
    first in the text.
    """
    pairs = [(head, tail) for head in heads for tail in tails]
    starts = [start for start, _ in sentences]

    def cost(pair: tuple[Place, Place]) -> tuple[bool, int, int, int]:
        head, tail = pair
        gap = max(head[0], tail[0]) - min(head[1], tail[1])
        apart = abs(bisect_right(starts, head[0]) - bisect_right(starts, tail[0]))
        return gap < 0, apart, gap, min(head[0], tail[0])

    return min(pairs, key=cost, default=None)


def _in_word(text: str, start: int, end: int) -> bool:
    joints = text[max(0, start - 1) : start + 1], text[end - 1 : end + 1]
    return any(len(joint) == 2 and joint.isascii() and joint.isalnum() for joint in joints)
