"""Nodes put together or taken apart by hand, and why a node's names are one thing."""

from __future__ import annotations

from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.knowledge.desk import Desk, EntityRow, name_key
from slmkit.tasks.knowledge.linking import drop_dead
from slmkit.tasks.knowledge.regrouping import describe, regroup
from slmkit.tasks.knowledge.repointing import call_back, send_away
from slmkit.tasks.knowledge.settled import settle
from slmkit.tasks.knowledge.store import Store
from slmkit.tasks.knowledge.surfaces import clean

WHY = ("surface", "joined_to", "rule", "score", "seen")


def why(store: Store, node: int) -> list[list[Any]]:
    """One row for each surface of a node, see ``WHY``; the name that the node shows is joined to nothing."""
    desk = Desk(store)
    rows = desk.names(desk.entities([node])[node].names)
    found = []
    for row in rows.values():
        to, rule, score = (rows[row.via[0]].surface, *row.via[1:]) if row.via else ("", "", 1.0)
        own = row.seen - sum(alias.count for alias in row.aliases.values())
        found.append([row.surface, to, rule, float(score), own])
        found += [[text, row.surface, rule, each.score, each.count] for (text, rule), each in row.aliases.items()]
    return sorted(found, key=lambda each: (bool(each[1]), -each[4], each[0], each[2]))


def merge(store: Store, a: int, b: int, near: float) -> int:
    """Make two nodes one, now and later; returns its id."""
    desk = Desk(store)
    one, other = desk.entities([a])[a].names, desk.entities([b])[b].names
    settle(desk, one, other, same=True)
    changed = {*one, *other}
    regroup(desk, changed, near)
    desk.flush()
    changed |= call_back(desk, desk.names(changed))
    changed |= drop_dead(desk, desk.names(changed))
    regroup(desk, changed, near)
    desk.flush()
    return min(row.entity for row in desk.names([*one, *other]).values())


def split(store: Store, node: int, surface: str, near: float) -> int:
    """Take what is written as ``surface`` out of a node, now and later; returns the id of the node that it is then.

    Raises:
        InputError: the node has no such surface, or no other one.
    """
    desk = Desk(store)
    entity = desk.entities([node])[node]
    rows = desk.names(entity.names)
    text = clean(surface)
    out = [row for row in rows.values() if row.surface == text]
    told = [row for row in rows.values() if text in row.told()]
    if not out and not told:
        raise InputError(f"node {node} ({entity.name!r}) is nowhere written {surface!r}; it is: {_shown(entity)}")
    stay = [row.key for row in rows.values() if row.surface != text]
    if not stay:
        raise InputError(f"node {node} is written {surface!r} and in no other way: there is nothing to split it from")
    taken = [row.key for row in out] + [name_key(row.family, text) for row in told]
    settle(desk, taken, stay, same=False)
    for row in told:
        send_away(desk, row, text, near)
    changed = {*rows, *taken}
    regroup(desk, changed, near)
    for number in sorted({row.entity for row in desk.names(changed).values()}):
        describe(desk, desk.entities([number])[number])
    desk.flush()
    return desk.names([taken[0]])[taken[0]].entity


def _shown(entity: EntityRow) -> str:
    return ", ".join(map(repr, entity.aliases[:10]))
