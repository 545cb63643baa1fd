"""What an extractor learns from and tells where mentions are given: pairs of them, each beside the text around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from slmkit.tasks.knowledge.relations.examples import Example, LeftOut, Span
from slmkit.tasks.knowledge.relations.lessons import TOO_FAR
from slmkit.tasks.knowledge.relations.schema import Schema
from slmkit.tasks.knowledge.relations.units import FIRST, Unit
from slmkit.text.alignment import span_tokens
from slmkit.text.sentences import sentence_spans
from slmkit.text.tokenizer import Tokens


@dataclass(frozen=True)
class Reach:
    """Which pairs of given mentions are looked at.

    Attributes:
        both: whether the second of two may be the head of the first; else heads are listed before their tails.
        sentences: how many the sentence of the one may lie from that of the other.
    """

    both: bool = True
    sentences: int = 1

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Reach:
        """As far as the triples of the examples reach."""
        both, apart = False, 0
        for example in examples:
            owner = sentence_numbers(example.text, example.mentions) if example.triples else []
            for head, _, tail in example.triples:
                both |= head > tail
                apart = max(apart, abs(owner[head] - owner[tail]))
        return cls(both, apart)

    def pairs(self, text: str, mentions: Sequence[Span]) -> list[tuple[int, int]]:
        """Numbers of the head and of the tail of each pair."""
        owner = sentence_numbers(text, mentions)
        return [
            (head, tail)
            for head in range(len(mentions))
            for tail in range(0 if self.both else head + 1, len(mentions))
            if head != tail and abs(owner[head] - owner[tail]) <= self.sentences
        ]


@dataclass(frozen=True)
class PairUnits:
    """Pairs and the units that they are read in.

    Attributes:
        units: stretches of the texts, each once. owner: the unit of each pair ``(P,)``. sides: first and last token of
            head and tail in the window of that unit ``(P, 2, 2)``. asked: text, head and tail of each pair. far: pairs
            that no window holds, in the same form.
    """

    units: list[Unit]
    owner: np.ndarray
    sides: np.ndarray
    asked: list[tuple[int, int, int]]
    far: list[tuple[int, int, int]]

    @classmethod
    def of(
        cls,
        tokens: Sequence[Tokens],
        mentions: Sequence[Sequence[Span]],
        asked: Sequence[tuple[int, int, int]],
        room: int,
    ) -> PairUnits:
        """Lay them out: a text that fits in a window is read whole, of a longer one what is around the pair.

        Args:
            tokens, mentions: of the texts. asked: text, head and tail of each pair. room: tokens of a unit.
        """
        units: dict[Unit, int] = {}
        owner, sides, kept, far = [], [], [], []
        for text, head, tail in asked:
            places = [span_tokens(tokens[text].offsets, mentions[text][m][:2]) for m in (head, tail)]
            unit = _around(text, len(tokens[text]), places, room)
            if unit is None:
                far.append((text, head, tail))
                continue
            owner.append(units.setdefault(unit, len(units)))
            sides.append([[token - unit.start + FIRST for token in place] for place in places])
            kept.append((text, head, tail))
        return cls(
            list(units),
            np.array(owner, dtype=np.int64),
            np.array(sides, dtype=np.int64).reshape(-1, 2, 2),
            kept,
            far,
        )

    def marks(self, rows: np.ndarray, length: int) -> Tensor:
        """Which tokens are in the head, and which in the tail, of these pairs: bool ``(B, length, 2)``."""
        first, last = torch.from_numpy(self.sides[rows]).unbind(-1)  # (B, 2)
        at = torch.arange(length)[None, :, None]
        return (at >= first[:, None]) & (at <= last[:, None])


def truths(examples: Sequence[Example], schema: Schema, asked: Sequence[tuple[int, int, int]]) -> list[tuple[int, ...]]:
    """The numbers of the relations that hold for each pair: text, head and tail."""
    said: dict[tuple[int, int, int], list[int]] = {}
    for number, example in enumerate(examples):
        for head, relation, tail in example.triples:
            said.setdefault((number, head, tail), []).append(schema.numbers[relation])
    return [tuple(sorted(said.get(pair, ()))) for pair in asked]


def unasked(examples: Sequence[Example], asked: Sequence[tuple[int, int, int]]) -> list[LeftOut]:
    """Triples whose pair is not among these."""
    there = set(asked)
    return [
        LeftOut(
            example.row,
            example.text[slice(*example.mentions[head][:2])],
            relation,
            example.text[slice(*example.mentions[tail][:2])],
            TOO_FAR,
        )
        for number, example in enumerate(examples)
        for head, relation, tail in example.triples
        if (number, head, tail) not in there
    ]


def sentence_numbers(text: str, mentions: Sequence[Span]) -> list[int]:
    """The number of the sentence that each mention begins in."""
    starts = np.array([start for start, _ in sentence_spans(text)])
    return [int(np.searchsorted(starts, start, side="right")) for start, _, _ in mentions]


def _around(text: int, length: int, places: Sequence[tuple[int, int]], room: int) -> Unit | None:
    if length <= room:
        return Unit(text, 0, length)
    first, last = min(a for a, _ in places), max(b for _, b in places) + 1
    if last - first > room:
        return None
    start = min(max(0, (first + last - room) // 2), length - room)
    return Unit(text, start, start + room, (start > 0, start + room < length))
