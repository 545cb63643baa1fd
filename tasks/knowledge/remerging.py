"""All names compared again, as if they came now; what was settled by hand stays."""

from __future__ import annotations

from collections.abc import Callable

from slmkit.tasks.knowledge.blocking import keys_of
from slmkit.tasks.knowledge.desk import Desk
from slmkit.tasks.knowledge.linking import form_of, tie
from slmkit.tasks.knowledge.regrouping import regroup
from slmkit.tasks.knowledge.store import Store

Step = Callable[[Desk, list[str]], None]
_STEP = 500
_KEYS = f"MATCH (n:Name) WHERE n.key > $after RETURN n.key ORDER BY n.key LIMIT {_STEP}"


_BEGUN = "MERGE (m:Meta {name: 'remerging'}) SET m.value = 'yes'"
_DONE = "MATCH (m:Meta {name: 'remerging'}) DELETE m"
_OPEN = "MATCH (m:Meta {name: 'remerging'}) RETURN m.value"


def remerge(store: Store, near: float) -> int:
    """Compare and group all names, some at a time; returns how many changed their node.

    Where it is interrupted nodes and edges stay right, but names are not kept under all of their keys; see ``finish``.
    """
    steps = (_keep_under_keys, _compare, lambda desk, keys: regroup(desk, keys, near))
    with store.alone():
        before = dict(_entities(store))
        with store.change():
            store.run("MATCH (b:Block) DETACH DELETE b")
            store.run(_BEGUN)
        for step in steps:
            _throughout(store, step)
        with store.change():
            store.run(_DONE)
        return sum(before.get(key) != entity for key, entity in _entities(store))


def finish(store: Store, near: float) -> None:
    """Begin anew what was interrupted, before anything else changes the graph."""
    with store.alone():
        if store.run(_OPEN):
            remerge(store, near)


def _throughout(store: Store, step: Step) -> None:
    after, more = "", True
    while more:
        with store.change():
            keys = [row[0] for row in store.run(_KEYS, {"after": after})]
            desk = Desk(store)
            step(desk, keys)
            desk.flush()
        more = len(keys) == _STEP
        after = keys[-1] if keys else ""


def _entities(store: Store) -> list[tuple[str, int]]:
    return [(key, entity) for key, entity in store.run("MATCH (n:Name) RETURN n.key, n.entity")]


def _keep_under_keys(desk: Desk, keys: list[str]) -> None:
    for row in desk.names(keys).values():
        for other in row.ties.values():
            other.link = None
        row.ties = {key: other for key, other in row.ties.items() if other.out or other.back}
        if not row.bound:
            for block in desk.blocks(keys_of(form_of(row)).kept).values():
                block.append(row.key)


def _compare(desk: Desk, keys: list[str]) -> None:
    for row in desk.names(keys).values():
        if not row.bound:
            tie(desk, row, keys_of(form_of(row)))
