"""A step of training with types by name: some texts of one set, and the types that are looked for in them, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slmkit.tasks.knowledge.entities.entity import Span
from slmkit.tasks.knowledge.entities.inventories import GENERAL, NamedType, inventory
from slmkit.tasks.knowledge.entities.sources import EntitySource, Lesson

MOST_KINDS = 24  # of one step
_AS_GENERAL, _OWN_LANGUAGE = 0.5, 0.7  # chances
_POOL = 512  # texts that are looked at for a batch of like lengths
_TOKENS = {"en": 0.28, "zh": 1.0}  # a character, about
_MARKS = 2


@dataclass(frozen=True)
class Offer:
    """What one step learns from.

    Attributes:
        texts: some texts. spans: in each, of kinds that are offered. kinds: their names. words: of each kind.
    """

    texts: list[str]
    spans: list[list[Span]]
    kinds: list[str]
    words: list[str]


@dataclass(frozen=True)
class Shelf:
    """A set that steps are drawn from.

    Attributes:
        source: what it is. lessons: to learn from. held: that are held back. weight: how often it is drawn.
    """

    source: EntitySource
    lessons: list[Lesson]
    held: list[Lesson]
    weight: float

    @classmethod
    def of(cls, source: EntitySource, lessons: Sequence[Lesson], *, held: int, seed: int) -> Shelf:
        """Hold back a twentieth, at most ``held``; sets are drawn by the square root of their size and their share."""
        order = np.random.default_rng(seed).permutation(len(lessons))
        count = min(held, len(lessons) // 20)
        taught = [lessons[i] for i in np.sort(order[count:])]
        return cls(
            source, taught, [lessons[i] for i in np.sort(order[:count])], source.share * max(len(taught), 1) ** 0.5
        )

    def draw(self, tokens: int, rng: np.random.Generator) -> Offer:
        """Texts of about so many tokens in all, of like length, and the types that are offered."""
        pool = rng.integers(len(self.lessons), size=_POOL)
        rate = _TOKENS[self.source.language]
        costs = np.array([len(self.lessons[i][0]) * rate + _MARKS for i in pool])
        order = np.argsort(costs, kind="stable")
        begin = int(rng.integers(len(order)))
        chosen, longest = [order[begin]], costs[order[begin]]
        for at in order[begin + 1 :]:
            longest = costs[at]  # padded to the longest, and sorted by length
            if longest * (len(chosen) + 1) > tokens:
                break
            chosen.append(at)
        lessons = [self.lessons[pool[at]] for at in chosen]
        return self.offer(lessons, rng)

    def offer(self, lessons: Sequence[Lesson], rng: np.random.Generator) -> Offer:
        """Choose what is looked for: the set's own types or the general ones, each in one of its wordings."""
        types = inventory(self.source.name)
        general = dict.fromkeys(named.general for named in types.values() if named.general)
        if general and rng.random() < _AS_GENERAL:
            of_label = {label: named.general for label, named in types.items() if named.general}
            words = {kind: _one_of(GENERAL[kind].split("|"), rng) for kind in general}
        else:
            present = {kind for _, spans in lessons for _, _, kind in spans}
            of_label = {label: label for label in _some(list(types), present, rng)}
            words = {label: self._wording(types[label], rng) for label in of_label}
        words |= {f"absent {word}": word for word in self._absent(words, rng)}
        spans = [[(start, end, of_label[kind]) for start, end, kind in own if kind in of_label] for _, own in lessons]
        return Offer([text for text, _ in lessons], spans, list(words), list(words.values()))

    def _wording(self, named: NamedType, rng: np.random.Generator) -> str:
        own, other = (named.zh, named.en) if self.source.language == "zh" else (named.en, named.zh)
        return _one_of(own if rng.random() < _OWN_LANGUAGE else other, rng)

    def _absent(self, words: dict[str, str], rng: np.random.Generator) -> list[str]:
        free = [word for word in self.source.absent if word not in words.values()]
        count = min(len(free), int(rng.integers(3)))
        return [free[i] for i in rng.permutation(len(free))[:count]]


def general_offer(source: EntitySource, lessons: Sequence[Lesson]) -> Offer | None:
    """Held-back lessons with the general types that the set marks; None where it marks none."""
    types = inventory(source.name)
    of_label = {label: named.general for label, named in types.items() if named.general}
    kinds = list(dict.fromkeys(of_label.values()))
    spans = [[(start, end, of_label[kind]) for start, end, kind in own if kind in of_label] for _, own in lessons]
    return Offer([text for text, _ in lessons], spans, kinds, [GENERAL[kind] for kind in kinds]) if kinds else None


def named_offer(name: str, lessons: Sequence[Lesson]) -> Offer:
    """Lessons of a set with all of its own types, each in its plainest words."""
    types = inventory(name)
    spans = [[span for span in own if span[2] in types] for _, own in lessons]
    return Offer([text for text, _ in lessons], spans, list(types), [named.words for named in types.values()])


def _some(labels: list[str], present: set[str], rng: np.random.Generator) -> list[str]:
    """At most ``MOST_KINDS`` labels, those that are present sooner than others."""
    order = [labels[i] for i in rng.permutation(len(labels))]
    return sorted(order, key=lambda label: label not in present)[:MOST_KINDS]


def _one_of(words: Sequence[str], rng: np.random.Generator) -> str:
    return words[int(rng.integers(len(words)))]
