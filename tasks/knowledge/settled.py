"""What was settled by hand: pairs of names that are one thing, or are not. The last word on a pair counts.

It is kept by name, not by node, so that it holds for names that come, or come back, later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product

from slmkit.tasks.knowledge.desk import Desk, NameRow

Pairs = frozenset[tuple[str, str]]


def settle(desk: Desk, ones: Iterable[str], others: Iterable[str], *, same: bool) -> None:
    """Remember that every name of ``ones`` is one thing with every name of ``others``, or not."""
    pairs = [(a, b) for a, b in product(sorted(set(ones)), sorted(set(others))) if a != b]
    rulings = desk.rulings(key for pair in pairs for key in pair)
    number = desk.count("rulings")
    for a, b in pairs:
        rulings[a][b] = rulings[b][a] = [same, number]


def any_settled(desk: Desk) -> bool:
    """Whether anything was ever settled by hand."""
    return desk.last("rulings") > 0


def tied_by_hand(desk: Desk, rows: Mapping[str, NameRow]) -> set[str]:
    """Names that were put together with these by hand."""
    rulings = desk.rulings(rows)
    return {other for about in rulings.values() for other, (same, _) in about.items() if same}


def settled_pairs(desk: Desk, keys: Iterable[str]) -> tuple[Pairs, Pairs]:
    """Pairs among the names that are one thing, and pairs that are not."""
    found: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    rulings = desk.rulings(keys)
    for a, about in rulings.items():
        for b, (same, _) in about.items():
            if a < b and b in rulings:
                found[bool(same)].add((a, b))
    return frozenset(found[True]), frozenset(found[False])


def is_apart(desk: Desk, key: str, names: Iterable[str]) -> bool:
    """Whether a name was set apart by hand from one of these, and not put together with one of them later."""
    about = desk.rulings([key])[key]
    said = [about[name] for name in names if name in about]
    return bool(said) and not max(said, key=lambda each: each[1])[0]
