"""After names or ties have changed: which nodes there are now, and their edges moved to where their names went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from slmkit.tasks.knowledge import edges
from slmkit.tasks.knowledge.desk import Desk, EntityRow, NameRow
from slmkit.tasks.knowledge.linking import form_of
from slmkit.tasks.knowledge.merging import Cluster, Joined, Likeness, Problem, cluster, explain
from slmkit.tasks.knowledge.rules import Link
from slmkit.tasks.knowledge.settled import settled_pairs, tied_by_hand
from slmkit.tasks.knowledge.surfaces import PLACE_SUFFIX


def regroup(desk: Desk, seeds: Iterable[str], near: float) -> None:
    """Cluster again all names that hang together with the seeds.

    Args:
        near: see ``Problem``.
    """
    rows = _reach(desk, seeds)
    if not rows:
        return
    same, apart = settled_pairs(desk, rows)
    problem = Problem(sorted(rows), _links(rows), same, apart, _likeness(rows), near)
    clusters = cluster(problem)
    before = desk.entities(row.entity for row in rows.values() if row.entity)
    ids = _claim(desk, clusters, rows, before)
    moved: dict[str, tuple[int, int]] = {}
    for found, number in zip(clusters, ids, strict=True):
        for key in found.names:
            if rows[key].entity != number:
                moved[key] = rows[key].entity, number
                rows[key].entity = number
    _settle_nodes(desk, clusters, ids, before)
    for found, number in zip(clusters, ids, strict=True):
        describe(desk, desk.entities([number])[number], found)
    old = {key: pair for key, pair in moved.items() if pair[0]}
    if old:
        desk.flush()  # the new nodes must be there before edges lead to them
        edges.move(desk.store, old)
    for number in before:
        if desk.entities([number]) and not desk.entities([number])[number].names:
            desk.drop_entity(number)


def describe(desk: Desk, node: EntityRow, found: Cluster | None = None) -> None:
    """Set what a node shows: its name, type, aliases and how often it was seen; and why its names are there.

    Args:
        found: how its names were joined; None when that has not changed.
    """
    rows = desk.names(node.names)
    root = max(rows.values(), key=_rank)
    node.name, node.seen = root.surface, sum(row.seen for row in rows.values())
    types: dict[str, int] = {}
    for row in rows.values():
        for label, count in row.types.items():
            types[label] = types.get(label, 0) + count
    node.type = min(types, key=lambda label: (not label, -types[label], label), default="")
    told = {text for row in rows.values() for text in row.told()}
    node.aliases = sorted({root.surface, *told, *(row.surface for row in rows.values())})
    if found is None:  # the same joints, seen from another name perhaps
        joints = tuple(Joined(key, *row.via) for key, row in rows.items() if row.via)
        found = Cluster(tuple(sorted(rows)), joints)
    reasons = explain(found, root.key)
    for key, row in rows.items():
        row.via = [reasons[key].to, reasons[key].rule, reasons[key].score] if key in reasons else []


def _rank(row: NameRow) -> tuple[bool, bool, int, int, str]:
    """The name to show: a long form without a title, seen often. 北京 is as good as 北京市."""
    form = form_of(row)
    links = [tie.link for tie in row.ties.values() if tie.link is not None and tie.link.rule != PLACE_SUFFIX]
    short = any(tie.out for tie in row.ties.values()) or any(link.points > 0 for link in links)
    return bool(row.seen), not short and not form.acronym and not form.title, row.seen, len(row.surface), row.surface


def _reach(desk: Desk, seeds: Iterable[str]) -> dict[str, NameRow]:
    """All names that hang together with the seeds, by ties or by hand."""
    rows: dict[str, NameRow] = {}
    edge = set(seeds)
    asked: set[str] = set()
    while edge:
        asked |= edge
        found = desk.names(edge)
        rows.update(found)
        near = {other for row in found.values() for other in row.ties}
        for node in desk.entities(row.entity for row in found.values() if row.entity).values():
            near.update(node.names)
        edge = (near | tied_by_hand(desk, found)) - asked
    return rows


def _links(rows: Mapping[str, NameRow]) -> dict[tuple[str, str], Link]:
    found = {}
    for key, row in rows.items():
        for other, tie in row.ties.items():
            link = tie.best()
            if key < other and other in rows and link is not None:
                found[key, other] = link
    return found


def _likeness(rows: Mapping[str, NameRow]) -> Likeness:
    units: dict[str, np.ndarray] = {}

    def cosine(a: str, b: str) -> float | None:
        for key in (a, b):
            vector = rows[key].vector
            if key not in units and vector is not None and vector.any():
                units[key] = vector / np.linalg.norm(vector.astype(np.float64))
        return float(units[a] @ units[b]) if a in units and b in units else None

    return cosine


def _claim(
    desk: Desk, clusters: list[Cluster], rows: Mapping[str, NameRow], before: Mapping[int, EntityRow]
) -> list[int]:
    """An id for each cluster: that of the node that most of it was, or a new one."""
    held: dict[int, dict[int, int]] = {}
    for place, found in enumerate(clusters):
        for key in found.names:
            if rows[key].entity in before:
                seen = held.setdefault(rows[key].entity, {})
                seen[place] = seen.get(place, 0) + rows[key].seen
    wanted: dict[int, list[int]] = {}
    for number in sorted(held):
        place = max(held[number], key=lambda each: (held[number][each], -each))
        wanted.setdefault(place, []).append(number)
    ids = []
    for place in range(len(clusters)):
        claims = wanted.get(place)
        ids.append(max(claims, key=lambda n: (before[n].seen, -n)) if claims else desk.count("entities"))
    return ids


def _settle_nodes(desk: Desk, clusters: list[Cluster], ids: list[int], before: Mapping[int, EntityRow]) -> None:
    for node in before.values():
        node.names = []
    for found, number in zip(clusters, ids, strict=True):
        if number not in before:
            desk.put_entity(EntityRow(number))
        desk.entities([number])[number].names = list(found.names)
