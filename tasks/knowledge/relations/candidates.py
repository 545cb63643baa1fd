"""From scores to what they may mean: mentions, and triples of them that the schema allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from slmkit.tasks.knowledge.relations.calibrate import Judge
from slmkit.tasks.knowledge.relations.head import RelationHead
from slmkit.tasks.knowledge.relations.pairs import Reach
from slmkit.tasks.knowledge.relations.schema import Schema
from slmkit.tasks.knowledge.relations.units import Unit
from slmkit.text.alignment import visible
from slmkit.text.sentences import sentence_spans

SPAN_FLOOR, LINK_FLOOR = -3.0, -4.0  # scores below which nothing is looked at; 0 is where right and wrong part
MOST_SPANS = 64  # of a window
_STRETCH = 64  # characters; heads that overlap have one in common

Place = tuple[int, int, int]
"""Start, end and type of a mention; the type by its number."""
Where = tuple[tuple[int, int], Any, tuple[int, int]]
"""The places of head and tail, and between them the relation."""


@dataclass
class Found:
    """What may be said in one text.

    Attributes:
        mentions: the score of each. heads, tails: mentions of each candidate triple. relations: its relation.
        scores: of its head, its tail, where they begin, and where they end.
    """

    mentions: dict[Place, float] = field(default_factory=dict)
    heads: list[Place] = field(default_factory=list)
    tails: list[Place] = field(default_factory=list)
    relations: list[int] = field(default_factory=list)
    scores: list[list[float]] = field(default_factory=list)

    def best(self, judge: Judge, *, overlaps: bool) -> list[tuple[float, int]]:
        """The likeliest reading of each triple of two places, the surest first: its chance, and its number.

        Args:
            judge: tells the chances. overlaps: whether triples of one relation may stand where both their heads and
                both their tails overlap; else the surest of them is kept.
        """
        chances = judge.chances(np.array(self.scores, dtype=np.float64).reshape(-1, 4))
        made: dict[Where, tuple[float, int]] = {}
        near: dict[tuple[int, int], list[Where]] = {}  # by relation and stretch of the text
        for number in np.argsort(-chances, kind="stable").tolist():
            head, relation = self.heads[number][:2], self.relations[number]
            where = head, relation, self.tails[number][:2]
            stretches = [(relation, at) for at in range(head[0] // _STRETCH, head[1] // _STRETCH + 1)]
            if where in made or (
                not overlaps and any(clash(where, each) for at in stretches for each in near.get(at, ()))
            ):
                continue
            made[where] = float(chances[number]), number
            for at in stretches:
                near.setdefault(at, []).append(where)
        return list(made.values())


def clash(one: Where, other: Where) -> bool:
    """Whether two triples tell one relation of heads that overlap and of tails that overlap."""
    return one[1] == other[1] and all(
        one[side][0] < other[side][1] and other[side][0] < one[side][1] for side in (0, 2)
    )


@dataclass(frozen=True)
class AllowedPairs:
    """Which mentions a relation may join.

    Attributes:
        types: relations between types ``(relations, types, types)`` bool. apart: sentences from one mention to the
            other at most. starts: of the sentences of each text.
    """

    types: Tensor
    apart: int
    starts: list[np.ndarray]

    @classmethod
    def of(cls, schema: Schema, reach: Reach, texts: Sequence[str]) -> AllowedPairs:
        """As a schema and a reach say, in these texts."""
        starts = [np.array([start for start, _ in sentence_spans(text)]) for text in texts]
        return cls(torch.from_numpy(schema.allowed), reach.sentences, starts)

    def near(self, text: int, places: Sequence[Place]) -> Tensor:
        """Whether two mentions of a text are near enough: ``(E, E)`` bool."""
        owner = torch.from_numpy(np.searchsorted(self.starts[text], [place[0] for place in places], side="right"))
        return (owner[:, None] - owner[None, :]).abs() <= self.apart


@torch.no_grad()
def collect(
    found: Sequence[Found],
    head: RelationHead,
    states: Tensor,
    allowed: Tensor,
    units: Sequence[Unit],
    offsets: Sequence[np.ndarray],
    texts: Sequence[str],
    pairs: AllowedPairs,
) -> None:
    """Add what a batch of windows may say to its texts.

    Args:
        found: of all texts. head: reads the states. states: of the branch ``(B, T, W)``. allowed: tokens of the texts
            ``(B, T)``. units: of the windows. offsets: characters of each window's tokens. texts: all of them.
        pairs: what may be joined.
    """
    scores = head.spans(states, allowed)  # (B, types, T, T)
    starts, ends = head.links(states)
    for row, unit in enumerate(units):
        spans, mention = _spans(scores[row], unit, int(allowed[row].sum()))
        if not len(spans):
            continue
        kind, first, last = spans.unbind(1)
        places = _places(spans.numpy(), visible(offsets[row], texts[unit.text]), texts[unit.text])
        own = found[unit.text]
        for place, score in zip(places, mention.tolist(), strict=True):
            if place[0] < place[1]:
                own.mentions[place] = max(score, own.mentions.get(place, -np.inf))
        n = torch.arange(len(spans))
        one, other = (side.flatten() for side in torch.meshgrid(n, n, indexing="ij"))
        rows = torch.full_like(one, row)
        links = torch.stack(
            [starts.at(rows, first[one], first[other]), ends.at(rows, last[one], last[other])]
        )  # (2, E E, relations)
        joined = (first[one] != first[other]) | (last[one] != last[other])
        joined &= pairs.near(unit.text, places).flatten()
        likely = (links.amin(0) > LINK_FLOOR) & pairs.types[:, kind[one], kind[other]].T & joined[:, None]
        for pair, relation in likely.nonzero().tolist():
            a, b = int(one[pair]), int(other[pair])
            if places[a][0] < places[a][1] and places[b][0] < places[b][1]:
                own.heads.append(places[a])
                own.tails.append(places[b])
                own.relations.append(relation)
                own.scores.append([float(mention[a]), float(mention[b]), *links[:, pair, relation].tolist()])


def _spans(scores: Tensor, unit: Unit, length: int) -> tuple[Tensor, Tensor]:
    """Type, first and last token of the likeliest mentions ``(E, 3)``, best first, and their scores ``(E,)``.

    What touches the place where a sentence was cut may be cut too: it stands whole in the window beside.
    """
    flat = scores.flatten()
    best = flat.topk(min(MOST_SPANS, len(flat)))
    likely = best.values > SPAN_FLOOR
    at, values = best.indices[likely], best.values[likely]
    size = scores.shape[-1]
    spans = torch.stack([at // size**2, at // size % size, at % size], dim=1)
    kept = torch.ones(len(spans), dtype=torch.bool)
    if unit.cut[0]:
        kept &= spans[:, 1] > 1
    if unit.cut[1]:
        kept &= spans[:, 2] < length
    return spans[kept], values[kept]


def _places(spans: np.ndarray, seen: np.ndarray, text: str) -> list[Place]:
    """Characters of spans of tokens, without the white space at their ends."""
    made = []
    for kind, first, last in spans.tolist():
        start, end = int(seen[first, 0]), int(seen[last, 1])
        kept = text[start:end]
        start += len(kept) - len(kept.lstrip())
        made.append((start, start + len(kept.strip()), kind))
    return made
