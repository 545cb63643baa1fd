"""What an extractor learns from that finds mentions and relations: units of texts and what is right in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from slmkit.tasks.knowledge.relations.examples import Example, LeftOut, Link
from slmkit.tasks.knowledge.relations.factored import Known
from slmkit.tasks.knowledge.relations.schema import Schema
from slmkit.tasks.knowledge.relations.units import FIRST, MARKS, Unit, token_sentences, units_of
from slmkit.text.alignment import span_tokens, visible
from slmkit.text.tokenizer import Tokenizer, Tokens

RIGHT, WRONG, OPEN = 1, 0, -1
TOO_FAR = "its head and its tail are too far apart for a window"
Pairs = dict[tuple[int, int], dict[int, int]]


@dataclass(frozen=True)
class Lesson:
    """A unit and what is right in it, in tokens of its window.

    Attributes:
        spans: ``(type, first, last)`` of each mention. starts, ends: what is known of pairs of first tokens, and of
            last tokens: relation -> ``RIGHT`` or ``OPEN``; all others are wrong there. complete: see ``Example``.
        judged: relations, and ``typed``: types, of which something is known ``(relations,)`` and ``(types,)`` bool.
        sentences: the number of the sentence of each token of the window ``(n,)``.
    """

    unit: Unit
    spans: tuple[tuple[int, int, int], ...]
    starts: Pairs
    ends: Pairs
    complete: bool
    judged: Tensor
    typed: Tensor
    sentences: Tensor


class Lessons:
    """Examples as units.

    Args:
        tokenizer: the core's. examples: with places. schema: numbers of relations and types. room: tokens of a unit.

    Attributes:
        tokens: of each example. lessons: the units, those of an example one after the other. left_out: triples that are
            in no unit. cut: mentions that begin or end inside a token.
    """

    def __init__(self, tokenizer: Tokenizer, examples: Sequence[Example], schema: Schema, room: int) -> None:
        self.examples, self.schema = list(examples), schema
        self.tokens = encoded(tokenizer, [example.text for example in examples])
        self.lessons: list[Lesson] = []
        self.left_out: list[LeftOut] = []
        self.cut = 0
        self._known: dict[tuple[frozenset[str] | None, frozenset[str] | None], tuple[Tensor, Tensor]] = {}
        for number, example in enumerate(examples):
            self._add(number, example, room)

    def __len__(self) -> int:
        return len(self.lessons)

    def most_sentences(self) -> int:
        """Sentences of the unit that has the most."""
        return max((len(lesson.sentences[FIRST:-FIRST].unique()) for lesson in self.lessons), default=1)

    def _add(self, number: int, example: Example, room: int) -> None:
        tokens = self.tokens[number]
        places = [span_tokens(tokens.offsets, (start, end)) for start, end, _ in example.mentions]
        seen = visible(tokens.offsets, example.text)
        for (start, end, _), (first, last) in zip(example.mentions, places, strict=True):
            self.cut += not len(tokens) or int(seen[first, 0]) != start or int(seen[last, 1]) != end
        met: set[Link] = set()
        for unit in units_of(number, example.text, tokens, room):
            inside = {
                mention: (first - unit.start + FIRST, last - unit.start + FIRST)
                for mention, (first, last) in enumerate(places)
                if unit.start <= first and last < unit.end
            }
            self.lessons.append(self._lesson(unit, example, inside))
            met |= {link for link in example.triples if link[0] in inside and link[2] in inside}
        for head, relation, tail in example.triples:
            if (head, relation, tail) not in met:
                (a, b, _), (c, d, _) = example.mentions[head], example.mentions[tail]
                self.left_out.append(LeftOut(example.row, example.text[a:b], relation, example.text[c:d], TOO_FAR))

    def _lesson(self, unit: Unit, example: Example, inside: dict[int, tuple[int, int]]) -> Lesson:
        types = {name: at for at, name in enumerate(self.schema.types) if name or example.complete}
        kinds = {mention: types.get(example.mentions[mention][2]) for mention in inside}
        spans = dict.fromkeys((kind, *inside[m]) for m, kind in kinds.items() if kind is not None)
        starts: Pairs = {}
        ends: Pairs = {}
        if not example.complete:  # then what is not said of the mentions that are given is the only thing that is wrong
            for head in inside.values():
                for tail in inside.values():
                    if head != tail:
                        starts.setdefault((head[0], tail[0]), {})
                        ends.setdefault((head[1], tail[1]), {})
        for value, links in ((OPEN, example.maybe), (RIGHT, example.triples)):
            for first, relation, second in links:
                if first in inside and second in inside:
                    number = self.schema.numbers[relation]
                    (a, b), (c, d) = inside[first], inside[second]
                    starts.setdefault((a, c), {})[number] = value
                    ends.setdefault((b, d), {})[number] = value
        judged, typed = self._told_of(example.judged, example.typed)
        sentences = torch.from_numpy(self._sentences(unit))
        return Lesson(unit, tuple(spans), starts, ends, example.complete, judged, typed, sentences)

    def _sentences(self, unit: Unit) -> np.ndarray:
        owner = np.zeros(unit.end - unit.start + MARKS, dtype=np.int64)
        listed = token_sentences(self.examples[unit.text].text, self.tokens[unit.text])
        for number, (start, end) in enumerate(listed):
            owner[max(start - unit.start + FIRST, 0) : max(end - unit.start + FIRST, 0)] = number
        return owner

    def _told_of(self, judged: frozenset[str] | None, typed: frozenset[str] | None) -> tuple[Tensor, Tensor]:
        key = judged, typed
        if key not in self._known:
            pairs = ((self.schema.relations, judged), (self.schema.types, typed))
            relations, types = (torch.tensor([told is None or n in told for n in names]) for names, told in pairs)
            self._known[key] = relations, types
        return self._known[key]


def encoded(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """Tokens in half the memory: a training set's stay there for as long as it is learned from."""
    return [
        Tokens(read.ids.astype(np.int32), read.offsets.astype(np.int32))
        for begin in range(0, len(texts), 4096)
        for read in tokenizer.encode_batch(texts[begin : begin + 4096])
    ]


def near_pairs(lessons: Sequence[Lesson], length: int, apart: int) -> Tensor:
    """Pairs of tokens that lie in sentences so far apart at most: bool ``(B, T, T)``."""
    owner = torch.stack([F.pad(lesson.sentences, (0, length - len(lesson.sentences))) for lesson in lessons])
    return (owner[:, :, None] - owner[:, None, :]).abs() <= apart


def right_spans(lessons: Sequence[Lesson], types: int, length: int) -> Tensor:
    """The mentions of a batch: bool ``(B, types, T, T)``."""
    right = torch.zeros(len(lessons), types, length, length, dtype=torch.bool)
    for row, lesson in enumerate(lessons):
        for kind, first, last in lesson.spans:
            right[row, kind, first, last] = True
    return right


def known_pairs(pairs: Sequence[Pairs], judged: Tensor) -> Known:
    """What is known of the pairs of a batch.

    Args:
        pairs: of each row, its starts or its ends. judged: as of the lessons ``(B, relations)``.
    """
    places = [(row, *place) for row, each in enumerate(pairs) for place in each]
    where = torch.tensor(places, dtype=torch.int64).reshape(-1, 3).T.contiguous()
    truth = torch.where(judged[where[0]], WRONG, OPEN)
    for at, (row, first, last) in enumerate(places):
        for relation, value in pairs[row][first, last].items():
            truth[at, relation] = value
    return Known(where[0], where[1], where[2], truth == RIGHT, truth == OPEN)
