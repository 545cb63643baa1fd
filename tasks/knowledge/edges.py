"""Evidence and the edges that it makes up.

``EVIDENCE`` has one edge a time that a document states a relation; ``RELATED`` has one edge a relation between two
nodes, with how often it was seen, in how many documents, and the best score.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from dataclasses import replace as replace_fields
from typing import Any

from slmkit.tasks.knowledge.store import Store

Pair = tuple[int, int]


@dataclass(frozen=True)
class Evidence:
    """A statement of a document; ``head`` and ``tail`` are keys of names, ``*_text`` how these are written there."""

    number: int
    relation: str
    score: float
    document: str
    sentence: str
    start_at: int
    end_at: int
    head: str
    head_text: str
    head_start: int
    head_end: int
    tail: str
    tail_text: str
    tail_start: int
    tail_end: int


FIELDS = tuple(Evidence.__dataclass_fields__)
COLUMNS = ", ".join(f"v.{name}" for name in FIELDS)
_WHOLE = frozenset(name for name, field in Evidence.__dataclass_fields__.items() if field.type == "int")
_VALUES = ", ".join(f"{name}: r.{name}{'[1]' if name in _WHOLE else ''}" for name in FIELDS)
_PAIR = "MATCH (a:Entity {id: cast($a AS INT64)})-[%s]->(b:Entity {id: cast($b AS INT64)}) "
_STATED, _RELATED = _PAIR % "v:EVIDENCE", _PAIR % "r:RELATED"
_ENDS = "UNWIND $rows AS r MATCH (a:Entity {id: r.a[1]}) MATCH (b:Entity {id: r.b[1]}) "
_CREATE = f"{_ENDS}CREATE (a)-[:EVIDENCE {{{_VALUES}}}]->(b)"
_OUT = f"MATCH (a:Entity {{id: cast($id AS INT64)}})-[v:EVIDENCE]->(b:Entity) RETURN a.id, b.id, {COLUMNS}"
_IN = f"MATCH (b:Entity {{id: cast($id AS INT64)}})<-[v:EVIDENCE]-(a:Entity) RETURN a.id, b.id, {COLUMNS}"
_BETWEEN = f"{_STATED}RETURN a.id, b.id, {COLUMNS} ORDER BY v.number"
_DELETE = f"{_STATED}WHERE v.number = cast($number AS INT64) DELETE v"
_DELETE_OF = f"{_STATED}WHERE v.document = $document DELETE v"
_SUM = f"{_STATED}RETURN v.relation, max(v.score), count(*), count(DISTINCT v.document)"
_CLEAR = f"{_RELATED}DELETE r"
_READ = f"{_RELATED}RETURN r.relation, r.score, r.seen, r.documents"
_SET = (
    f"{_RELATED}WHERE r.relation = $relation "
    "SET r.score = $score, r.seen = cast($seen AS INT64), r.documents = cast($documents AS INT64)"
)
_RELATE = (
    f"{_ENDS}CREATE (a)-[:RELATED "
    "{relation: r.relation, score: r.score, seen: r.seen[1], documents: r.documents[1]}]->(b)"
)


def put_in(store: Store, placed: Sequence[tuple[Pair, Evidence]]) -> None:
    """Put in the evidence of one document, each piece between two nodes, and count it."""
    _create(store, placed)
    by_pair: dict[Pair, dict[str, list[float]]] = {}
    for pair, piece in placed:
        by_pair.setdefault(pair, {}).setdefault(piece.relation, []).append(piece.score)
    fresh = []
    for (a, b), relations in sorted(by_pair.items()):
        there = {row[0]: row[1:] for row in store.run(_READ, {"a": a, "b": b})}
        for relation, scores in sorted(relations.items()):
            score, seen, documents = there.get(relation, (0.0, 0, 0))
            values = {
                **{"a": a, "b": b, "relation": relation},
                **{"score": float(max(score, *scores)), "seen": seen + len(scores), "documents": documents + 1},
            }
            if relation in there:
                store.run(_SET, values)
            else:
                fresh.append(values)
    if fresh:
        store.run(_RELATE, {"rows": fresh})


def take_out(store: Store, document: str, pairs: Iterable[Pair]) -> None:
    """Take out what a document states between these pairs of nodes."""
    for a, b in sorted(set(pairs)):
        store.run(_DELETE_OF, {"a": a, "b": b, "document": document})
        recount(store, (a, b))


def around(store: Store, node: int) -> list[tuple[Pair, Evidence]]:
    """All evidence of a node's edges, oldest first."""
    rows = store.run(_OUT, {"id": node}) + store.run(_IN, {"id": node})
    found = {row[2]: ((row[0], row[1]), Evidence(*row[2:])) for row in rows}
    return [found[number] for number in sorted(found)]


def leaving(store: Store, node: int) -> list[tuple[Pair, Evidence]]:
    """All evidence of the edges that leave a node, oldest first."""
    found = [((row[0], row[1]), Evidence(*row[2:])) for row in store.run(_OUT, {"id": node})]
    return sorted(found, key=lambda each: each[1].number)


def between(store: Store, pair: Pair) -> list[Evidence]:
    """The evidence from one node to another, oldest first."""
    return [Evidence(*row[2:]) for row in store.run(_BETWEEN, {"a": pair[0], "b": pair[1]})]


def move(store: Store, names: Mapping[str, tuple[int, int]]) -> None:
    """Move the evidence of names that went from one node to another; all nodes must be there."""
    found: dict[int, tuple[Pair, Evidence]] = {}
    for node in sorted({old for old, _ in names.values()}):
        found.update((piece.number, (pair, piece)) for pair, piece in around(store, node))
    moved = []
    for pair, piece in (found[number] for number in sorted(found)):
        there = (
            names[piece.head][1] if piece.head in names else pair[0],
            names[piece.tail][1] if piece.tail in names else pair[1],
        )
        if there != pair:
            moved.append((pair, there, piece))
    replace(store, moved)


def replace(store: Store, moved: Sequence[tuple[Pair, Pair, Evidence]]) -> None:
    """Take each piece of evidence from its pair of nodes to another pair."""
    for old, _, piece in moved:
        store.run(_DELETE, {"a": old[0], "b": old[1], "number": piece.number})
    _create(store, [(new, piece) for _, new, piece in moved])
    for pair in sorted({pair for old, new, _ in moved for pair in (old, new)}):
        recount(store, pair)


def relabel(store: Store, found: Mapping[int, tuple[Pair, Evidence, bool, bool]], name: str, node: int) -> None:
    """Let evidence speak of another name, which is a node's, as its head, its tail or both (the two flags)."""
    moved = []
    for number in sorted(found):
        pair, piece, heads, tails = found[number]
        new = replace_fields(piece, head=name if heads else piece.head, tail=name if tails else piece.tail)
        moved.append((pair, (node if heads else pair[0], node if tails else pair[1]), new))
    replace(store, moved)


def recount(store: Store, pair: Pair) -> None:
    """Make the edges from one node to another anew from their evidence."""
    ends: dict[str, Any] = {"a": pair[0], "b": pair[1]}
    store.run(_CLEAR, ends)
    rows = [
        {**ends, "relation": relation, "score": score, "seen": seen, "documents": documents}
        for relation, score, seen, documents in sorted(store.run(_SUM, ends))
    ]
    if rows:
        store.run(_RELATE, {"rows": rows})


def _create(store: Store, placed: Sequence[tuple[Pair, Evidence]]) -> None:
    rows = [{"a": pair[0], "b": pair[1], **asdict(piece)} for pair, piece in placed]
    if rows:
        store.run(_CREATE, {"rows": rows})
