"""The rows that one transaction works on: read at most once, written at its end if they have changed.

All statements find their rows by primary key: the database's planner reads a whole table for a pattern whose ends come
from a list, so that edges are followed from one node at a time.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slmkit.tasks.knowledge.rules import Link
from slmkit.tasks.knowledge.store import Store

STATED = Link("stated", 0.95, points=1)
_APART = "\x1f"  # in no surface: clean() takes it for white space


def name_key(family: str, surface: str, document: str = "") -> str:
    """The key of a name; ``document`` for one that means something in that document alone."""
    return _APART.join([family, surface, document] if document else [family, surface])


@dataclass
class Tie:
    """What links a name to another one.

    Attributes:
        link: by the letters of the two, or None. out: in how many documents the text says that the name is another
            name of the other one; back: the other way round.
    """

    link: Link | None = None
    out: int = 0
    back: int = 0

    def best(self) -> Link | None:
        """The surest link."""
        told = STATED if self.out >= self.back else STATED.turned()
        if not self.out and not self.back:
            return self.link
        return told if self.link is None or self.link.score < told.score else self.link


@dataclass
class Alias:
    """A surface that stands for a name in some documents, by one rule: with which score, how often."""

    score: float
    count: int


@dataclass
class NameRow:
    """A name as it is written, see ``Form``; ``via`` is why it is where it is: [other name, rule, score]."""

    key: str
    surface: str
    family: str
    types: dict[str, int] = field(default_factory=dict)
    seen: int = 0
    entity: int = 0
    bound: bool = False
    aliases: dict[tuple[str, str], Alias] = field(default_factory=dict)  # by surface and rule
    ties: dict[str, Tie] = field(default_factory=dict)
    via: list[Any] = field(default_factory=list)
    vector: np.ndarray | None = None  # int64 (width,): the sum of its contexts' vectors

    def told(self) -> list[str]:
        """The surfaces that stand for it, in order, without pronouns."""
        return sorted({text for text, rule in self.aliases if rule != "pronoun"})


@dataclass
class EntityRow:
    """A node: ``names`` are the keys of the names that are one thing."""

    id: int
    name: str = ""
    type: str = ""
    aliases: list[str] = field(default_factory=list)
    seen: int = 0
    names: list[str] = field(default_factory=list)


class Desk:
    """Names, entities, blocks and rulings of one transaction."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._names: dict[str, NameRow | None] = {}
        self._entities: dict[int, EntityRow | None] = {}
        self._blocks: dict[str, list[str]] = {}
        self._rulings: dict[str, dict[str, list[Any]]] = {}
        self._meta: dict[str, int] = {}
        self._before: dict[tuple[str, Any], Any] = {}

    def names(self, keys: Iterable[str]) -> dict[str, NameRow]:
        """The names that are there, by key."""
        wanted = sorted(set(keys))
        missing = [key for key in wanted if key not in self._names]
        if missing:
            rows = self.store.run(_READ_NAMES, {"keys": missing})
            self._names.update(dict.fromkeys(missing))
            for row in rows:
                self._keep(self._names, "Name", row[0], _name_of(row))
        return {key: name for key in wanted if (name := self._names[key]) is not None}

    def entities(self, ids: Iterable[int]) -> dict[int, EntityRow]:
        """The nodes that are there, by id."""
        wanted = sorted(set(ids))
        missing = [number for number in wanted if number not in self._entities]
        if missing:
            rows = self.store.run(_READ_ENTITIES, {"keys": missing})
            self._entities.update(dict.fromkeys(missing))
            for number, name, type_, aliases, seen, names in rows:
                read = EntityRow(number, name, type_, list(aliases), seen, json.loads(names))
                self._keep(self._entities, "Entity", number, read)
        return {number: row for number in wanted if (row := self._entities[number]) is not None}

    def blocks(self, keys: Iterable[str]) -> dict[str, list[str]]:
        """The names under blocking keys; the lists may be changed."""
        return self._lists(self._blocks, "Block", keys, _READ_BLOCKS, [])

    def rulings(self, keys: Iterable[str]) -> dict[str, dict[str, list[Any]]]:
        """What was settled by hand about names: other name -> [same, number]; the dicts may be changed."""
        return self._lists(self._rulings, "Ruling", keys, _READ_RULINGS, {})

    def count(self, what: str) -> int:
        """The next number of a kind; none is given out twice."""
        self._meta[what] = self.last(what) + 1
        return self._meta[what]

    def last(self, what: str) -> int:
        """The last number of a kind, 0 where there is none yet."""
        if what not in self._meta:
            rows = self.store.run("MATCH (m:Meta {name: $name}) RETURN m.value", {"name": what})
            self._meta[what] = 0
            if rows:
                self._keep(self._meta, "Meta", what, int(rows[0][0]))
        return self._meta[what]

    def put_name(self, row: NameRow) -> None:
        """Add a name."""
        self._names[row.key] = row

    def put_entity(self, row: EntityRow) -> None:
        """Add a node."""
        self._entities[row.id] = row

    def drop_name(self, key: str) -> None:
        """Take a name out."""
        self._names[key] = None

    def drop_entity(self, number: int) -> None:
        """Take a node out."""
        self._entities[number] = None

    def flush(self) -> None:
        """Write what has changed."""
        self._write("Entity", self._entities, _entity_values, _NEW_ENTITY, _SET_ENTITY)
        self._write("Name", self._names, _name_values, _NEW_NAME, _SET_NAME)
        self._write("Block", self._blocks, _list_values, _NEW_BLOCK, _SET_BLOCK)
        self._write("Ruling", self._rulings, _list_values, _NEW_RULING, _SET_RULING)
        self._write("Meta", self._meta, _list_values, _NEW_META, _SET_META)
        self._before.clear()
        for kind, rows in _kinds(self):
            for key, row in rows.items():
                if row:
                    self._before[kind, key] = copy.deepcopy(row)

    def _keep(self, rows: dict[Any, Any], kind: str, key: Any, row: Any) -> None:
        rows[key] = row
        self._before[kind, key] = copy.deepcopy(row)

    def _lists(self, held: dict[str, Any], kind: str, keys: Iterable[str], read: str, empty: Any) -> dict[str, Any]:
        wanted = sorted(set(keys))
        missing = [key for key in wanted if key not in held]
        if missing:
            for key, text in self.store.run(read, {"keys": missing}):
                self._keep(held, kind, key, json.loads(text))
            held.update({key: copy.deepcopy(empty) for key in missing if key not in held})
        return {key: held[key] for key in wanted}

    def _write(self, kind: str, rows: dict[Any, Any], values: Any, new: str, change: str) -> None:
        fresh, changed, gone = [], [], []
        for key in sorted(rows):
            row, before = rows[key], self._before.get((kind, key))
            if before is None and row:
                fresh.append(values(key, row))
            elif before is not None and not row:
                gone.append(key)
            elif before is not None and not _equal(row, before):
                changed.append(values(key, row))
        if gone:
            by = {"Entity": "id", "Meta": "name"}.get(kind, "key")
            self.store.run(f"UNWIND $keys AS k MATCH (n:{kind} {{{by}: k}}) DETACH DELETE n", {"keys": gone})
        if fresh:
            self.store.run(new, {"rows": fresh})
        if changed:
            self.store.run(change, {"rows": changed})
        if kind == "Name":
            self._write_vectors()

    def _write_vectors(self) -> None:
        rows = [
            {"k": key, "vector": row.vector.tobytes()}
            for key, row in sorted(self._names.items())
            if row is not None and row.vector is not None and _has_moved(row, self._before.get(("Name", key)))
        ]
        if rows:
            self.store.run("UNWIND $rows AS r MATCH (n:Name {key: r.k}) SET n.vector = r.vector", {"rows": rows})


def _has_moved(row: NameRow, before: NameRow | None) -> bool:
    return before is None or before.vector is None or bool((before.vector != row.vector).any())


def _kinds(desk: Desk) -> list[tuple[str, dict[Any, Any]]]:
    return [
        ("Entity", desk._entities),
        ("Name", desk._names),
        ("Block", desk._blocks),
        ("Ruling", desk._rulings),
        ("Meta", desk._meta),
    ]


def _equal(row: Any, before: Any) -> bool:
    if isinstance(row, NameRow):
        return all(getattr(row, name) == getattr(before, name) for name in _COMPARED)
    return row == before


_COMPARED = ("types", "seen", "entity", "aliases", "ties", "via")


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _name_of(row: list[Any]) -> NameRow:
    key, surface, family, types, seen, entity, bound, aliases, links, via, vector = row
    ties = {
        other: Tie(Link(rule, score, points, weak) if rule else None, out, back)
        for other, (rule, score, points, weak, out, back) in json.loads(links).items()
    }
    told = {(text, rule): Alias(score, count) for text, rule, score, count in json.loads(aliases)}
    sums = np.frombuffer(vector, dtype=np.int64).copy() if vector else None
    return NameRow(key, surface, family, json.loads(types), seen, entity, bound, told, ties, json.loads(via), sums)


def _name_values(key: str, row: NameRow) -> dict[str, Any]:
    ties = {
        other: [*((t.link.rule, t.link.score, t.link.points, t.link.weak) if t.link else ("", 0, 0, False))]
        + [t.out, t.back]
        for other, t in row.ties.items()
    }
    aliases = [[*key, alias.score, alias.count] for key, alias in sorted(row.aliases.items())]
    return {
        "k": key,
        "surface": row.surface,
        "family": row.family,
        "types": _dump(row.types),
        "seen": row.seen,
        "entity": row.entity,
        "bound": row.bound,
        "aliases": _dump(aliases),
        "links": _dump(ties),
        "via": _dump(row.via),
    }


def _entity_values(key: int, row: EntityRow) -> dict[str, Any]:
    aliases, names = row.aliases or [row.name], _dump(row.names)
    return {"k": key, "name": row.name, "type": row.type, "aliases": aliases, "seen": row.seen, "names": names}


def _list_values(key: str, value: Any) -> dict[str, Any]:
    return {"k": key, "value": _dump(value)}


_READ_NAMES = (
    "UNWIND $keys AS k MATCH (n:Name {key: k}) "
    "RETURN n.key, n.surface, n.family, n.types, n.seen, n.entity, n.bound, n.aliases, n.links, n.via, n.vector"
)
_READ_ENTITIES = "UNWIND $keys AS k MATCH (n:Entity {id: k}) RETURN n.id, n.name, n.type, n.aliases, n.seen, n.names"
_READ_BLOCKS = "UNWIND $keys AS k MATCH (n:Block {key: k}) RETURN n.key, n.names"
_READ_RULINGS = "UNWIND $keys AS k MATCH (n:Ruling {key: k}) RETURN n.key, n.about"
_NEW_NAME = (
    "UNWIND $rows AS r CREATE (:Name {key: r.k, surface: r.surface, family: r.family, types: r.types, seen: r.seen[1], "
    "entity: r.entity[1], bound: r.bound, aliases: r.aliases, links: r.links, via: r.via})"
)
_SET_NAME = (
    "UNWIND $rows AS r MATCH (n:Name {key: r.k}) SET n.types = r.types, n.seen = r.seen[1], n.entity = r.entity[1], "
    "n.aliases = r.aliases, n.links = r.links, n.via = r.via"
)
_NEW_ENTITY = (
    "UNWIND $rows AS r "
    "CREATE (:Entity {id: r.k[1], name: r.name, type: r.type, aliases: r.aliases, seen: r.seen[1], names: r.names})"
)
_SET_ENTITY = (
    "UNWIND $rows AS r MATCH (n:Entity {id: r.k[1]}) "
    "SET n.name = r.name, n.type = r.type, n.aliases = r.aliases, n.seen = r.seen[1], n.names = r.names"
)
_NEW_BLOCK = "UNWIND $rows AS r CREATE (:Block {key: r.k, names: r.value})"
_SET_BLOCK = "UNWIND $rows AS r MATCH (n:Block {key: r.k}) SET n.names = r.value"
_NEW_RULING = "UNWIND $rows AS r CREATE (:Ruling {key: r.k, about: r.value})"
_SET_RULING = "UNWIND $rows AS r MATCH (n:Ruling {key: r.k}) SET n.about = r.value"
_NEW_META = "UNWIND $rows AS r CREATE (:Meta {name: r.k, value: r.value})"
_SET_META = "UNWIND $rows AS r MATCH (n:Meta {name: r.k}) SET n.value = r.value"
