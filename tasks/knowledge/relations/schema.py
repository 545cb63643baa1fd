"""Which relations there are, and between which types each may stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from slmkit.errors import InputError
from slmkit.tasks.knowledge.relations.examples import Example, LeftOut
from slmkit.tasks.knowledge.relations.given import name_of

Pair = tuple[str, str]
AGAINST = "the schema does not allow it between these types"


@dataclass(frozen=True)
class Schema:
    """Relations and types of mentions, numbered by their places.

    Attributes:
        relations, types: their names. pairs: for each relation the types of head and tail that it may stand between,
            None for any. The type "" is one that is not known, and goes with every other.
    """

    relations: tuple[str, ...]
    types: tuple[str, ...]
    pairs: tuple[frozenset[Pair] | None, ...]

    @classmethod
    def of(cls, asked: Any, examples: Sequence[Example]) -> Schema:
        """The caller's schema or, where there is none, what the examples show.

        Args:
            asked: see ``RelationExtractor``; None takes the relations, and the types each stands between, from the
                examples.

        Raises:
            InputError: it is no schema, or lacks a relation that the examples have.
        """
        seen: dict[str, set[Pair]] = {}
        for example in examples:
            for head, relation, tail in example.triples:
                seen.setdefault(relation, set()).add((example.mentions[head][2], example.mentions[tail][2]))
        pairs: dict[str, Any] = seen if asked is None else read_schema(asked)
        lacking = sorted(set(seen) - set(pairs))
        if lacking:
            raise InputError(f"the schema lacks {lacking[0]!r}, which is among the triples; it has {_shown(pairs)}")
        relations = sorted(pairs)
        types = {kind for example in examples for _, _, kind in example.mentions if kind or example.complete}
        types |= {kind for each in pairs.values() for pair in each or () for kind in pair if asked is not None}
        found = (None if pairs[name] is None else frozenset(pairs[name]) for name in relations)
        return cls(tuple(relations), tuple(sorted(types)) or ("",), tuple(found))

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each relation."""
        return {name: number for number, name in enumerate(self.relations)}

    @cached_property
    def allowed(self) -> np.ndarray:
        """Whether a relation may stand between two types: bool ``(relations, types, types)``."""
        found = np.zeros((len(self.relations), len(self.types), len(self.types)), dtype=bool)
        for number, head in enumerate(self.types):
            for other, tail in enumerate(self.types):
                found[:, number, other] = self.between(head, tail)
        return found

    def between(self, head: str, tail: str) -> np.ndarray:
        """Which relations may stand between two types: bool ``(relations,)``."""
        return np.array([each is None or any(_fits(pair, (head, tail)) for pair in each) for each in self.pairs])

    def without_forbidden(self, examples: Iterable[Example]) -> tuple[list[Example], list[LeftOut]]:
        """The examples without the triples that it does not allow, and these."""
        kept, left_out = [], []
        for example in examples:
            triples = []
            for link in example.triples:
                head, relation, tail = link
                (a, b, first), (c, d, second) = example.mentions[head], example.mentions[tail]
                if self.between(first, second)[self.numbers[relation]]:
                    triples.append(link)
                else:
                    left_out.append(LeftOut(example.row, example.text[a:b], relation, example.text[c:d], AGAINST))
            same = len(triples) == len(example.triples)
            kept.append(example if same else replace(example, triples=tuple(triples)))
        return kept, left_out

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        pairs = [None if each is None else sorted(map(list, each)) for each in self.pairs]
        return {"relations": list(self.relations), "types": list(self.types), "pairs": pairs}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Schema:
        """What ``to_json`` gave.

        Raises:
            ValueError: it is not that.
        """
        relations, types = tuple(map(str, data["relations"])), tuple(map(str, data["types"]))
        pairs = tuple(None if each is None else frozenset((str(a), str(b)) for a, b in each) for each in data["pairs"])
        if not relations or not types or len(pairs) != len(relations) or len(set(relations)) != len(relations):
            raise ValueError(f"a schema of {len(relations)} relations, {len(types)} types and {len(pairs)} entries")
        return cls(relations, types, pairs)


def read_schema(asked: Any) -> dict[str, set[Pair] | None]:
    """The pairs of types of each relation.

    Args:
        asked: relation -> None, or the types of its head and those of its tail as a tuple (each a name or several), or
            a list of such tuples.

    Raises:
        InputError: not that.
    """
    if not isinstance(asked, Mapping) or not asked:
        raise InputError(f"schema: a mapping from relations to (head types, tail types) is needed, not {asked!r:.200}")
    return {name_of(name, "schema: a relation"): _pairs(name, each) for name, each in asked.items()}


def _pairs(name: str, given: Any) -> set[Pair] | None:
    if given is None:
        return None
    several = [given] if isinstance(given, tuple) else given
    if not isinstance(several, list) or not several:
        raise InputError(f"schema: {name!r} has {given!r:.200}; give None, (head types, tail types) or a list of these")
    found: set[Pair] = set()
    for each in several:
        if not isinstance(each, (tuple, list)) or len(each) != 2:
            raise InputError(f"schema: {name!r} has {each!r:.200}, which is no pair of head types and tail types")
        heads, tails = (_types(name, side) for side in each)
        found |= {(head, tail) for head in heads for tail in tails}
    return found


def _types(name: str, given: Any) -> list[str]:
    several = [given] if isinstance(given, str) else list(given) if isinstance(given, (list, tuple, set)) else [given]
    return [name_of(kind, f"schema: a type of {name!r}") for kind in several]


def _fits(wanted: Pair, got: Pair) -> bool:
    return all(a == b or "" in (a, b) for a, b in zip(wanted, got, strict=True))


def _shown(names: Iterable[str]) -> str:
    listed = sorted(names)
    return ", ".join(map(repr, listed[:12])) + (" …" if len(listed) > 12 else "")
