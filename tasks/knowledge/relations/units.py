"""What is read at a time: whole sentences, as many as a window holds; a relation never reaches out of its window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slmkit.text.sentences import sentence_spans
from slmkit.text.tokenizer import BOS, EOS, Tokens
from slmkit.text.windows import Windows, window_spans

MARKS = 2  # tokens of a window that are none of the text
FIRST = 1  # place of the text's first token in a window


@dataclass(frozen=True)
class Unit:
    """A stretch of a text's tokens.

    Attributes:
        text: its number. start, end: of its tokens. cut: whether a sentence is cut at its start, and at its end.
    """

    text: int
    start: int
    end: int
    cut: tuple[bool, bool] = (False, False)


def units_of(number: int, text: str, tokens: Tokens, room: int, most: int | None = None) -> list[Unit]:
    """Stretches of whole sentences that cover a text, neighbours sharing up to a quarter of their room.

    A sentence that is longer than a window is cut into windows of its own, which overlap.

    Args:
        number: of the text. text: it. tokens: its tokens. room: tokens of a stretch at most.
        most: sentences of a stretch; None for as many as there is room for.
    """
    sentences, units = token_sentences(text, tokens), []
    most = most or len(sentences)
    at = 0
    while at < len(sentences):
        start, end = sentences[at]
        if end - start > room:
            units += _cut(number, start, end, room)
            at += 1
            continue
        last, end_at = at, min(len(sentences), at + most)
        while last + 1 < end_at and sentences[last + 1][1] - start <= room:
            last += 1
        units.append(Unit(number, start, sentences[last][1]))
        at = last + 1
        if at < len(sentences):  # begin anew a little before, where that leaves room for what is new
            first = max(1, last + 2 - most)
            while at > first and sentences[at - 1][0] > start and _shares(sentences, at - 1, last, room):
                at -= 1
    return units or [Unit(number, 0, len(tokens))]


def lay_units(units: Sequence[Unit], tokens: Sequence[Tokens]) -> Windows:
    """A window for each unit; ``text_index`` is the unit's number, and ``fresh`` are all tokens of the text.

    Args:
        units: stretches. tokens: of the texts that they are of.
    """
    ids, offsets, fresh = [], [], []
    empty = np.zeros((1, 2), dtype=np.int64)
    for unit in units:
        read = tokens[unit.text]
        ids.append(np.concatenate([[BOS], read.ids[unit.start : unit.end], [EOS]]).astype(np.int64))
        offsets.append(np.concatenate([empty, read.offsets[unit.start : unit.end], empty]).astype(np.int64))
        own = np.ones(len(ids[-1]), dtype=bool)
        own[[0, -1]] = False
        fresh.append(own)
    return Windows(ids, offsets, np.arange(len(units)), fresh, len(units))


def token_sentences(text: str, tokens: Tokens) -> list[tuple[int, int]]:
    """Half-open spans of the tokens of each sentence, to which a token belongs that ends in it."""
    ends = np.array([end for _, end in sentence_spans(text)], dtype=np.int64)
    if not len(tokens) or not len(ends):
        return []
    owner = np.minimum(np.searchsorted(ends, tokens.offsets[:, 1] - 1, side="right"), len(ends) - 1)
    bounds = np.flatnonzero(np.diff(owner, prepend=-1, append=-1))
    return list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))


def _cut(number: int, start: int, end: int, room: int) -> list[Unit]:
    spans = window_spans(end - start, room, room // 4)
    return [Unit(number, start + a, start + b, (a > 0, start + b < end)) for a, b in spans]


def _shares(sentences: Sequence[tuple[int, int]], begin: int, last: int, room: int) -> bool:
    """Whether a stretch may begin with this sentence, before the last one that is read already."""
    start = sentences[begin][0]
    return sentences[last][1] - start <= room // 4 and sentences[last + 1][1] - start <= room
