"""Half-open spans of characters: something else in their place, and those of many that do not meet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

_Kind = TypeVar("_Kind")


def replaced(text: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """The text with each span's characters replaced.

    Args:
        text: the text. changes: start, end and what is to stand there, in order and apart.
    """
    made, at = [], 0
    for start, end, other in changes:
        made += [text[at:start], other]
        at = end
    return "".join([*made, text[at:]])


def longest_apart(spans: Sequence[tuple[tuple[int, int], _Kind]], length: int) -> list[tuple[tuple[int, int], _Kind]]:
    """Those of some spans that do not meet, in order: the longer go first, and of two as long the one given first.

    Args:
        spans: each with what it is of; empty ones are left out. length: of the text.
    """
    taken, chosen = bytearray(length), []
    for (start, end), kind in sorted(spans, key=lambda each: each[0][0] - each[0][1]):
        if end > start and not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            chosen.append(((start, end), kind))
    return sorted(chosen, key=lambda each: each[0])
