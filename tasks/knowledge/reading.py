"""What a graph holds: nodes and edges as rows, found by name, around a node, on the way between two."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any

from rapidfuzz import fuzz, process

from slmkit.errors import InputError
from slmkit.tasks.inputs import is_missing
from slmkit.tasks.knowledge import edges
from slmkit.tasks.knowledge.desk import Desk
from slmkit.tasks.knowledge.edges import Evidence, Pair
from slmkit.tasks.knowledge.keys import as_given
from slmkit.tasks.knowledge.store import Row, Store
from slmkit.tasks.knowledge.surfaces import clean, fold

PAGE = 1000
NODE_COLUMNS = ("id", "name", "type", "aliases", "seen")
EDGE_COLUMNS = ("head", "relation", "tail", "score", "seen", "documents", "head_id", "tail_id", "sentence")
NEIGHBOUR_COLUMNS = ("head", "relation", "tail", "score", "seen", "documents", "head_id", "tail_id")
EVIDENCE_COLUMNS = (
    *("relation", "document", "score", "sentence", "start", "end"),
    *("head", "head_start", "head_end", "tail", "tail_start", "tail_end"),
)
MENTION_COLUMNS = ("document", "text", "start", "end", "score", "name", "rule")
_NODES = (
    "MATCH (n:Entity) WHERE n.id > cast($after AS INT64) "
    f"RETURN n.id, n.name, n.type, n.aliases, n.seen ORDER BY n.id LIMIT {PAGE}"
)
_NODE = "MATCH (n:Entity {id: cast($id AS INT64)}) RETURN n.id"
_BIGGEST = 2**63
_OUT = (
    "MATCH (a:Entity {id: cast($id AS INT64)})-[r:RELATED]->(b:Entity) "
    "RETURN a.id, b.id, r.relation, r.score, r.seen, r.documents, a.name, b.name"
)
_IN = (
    "MATCH (b:Entity {id: cast($id AS INT64)})<-[r:RELATED]-(a:Entity) "
    "RETURN a.id, b.id, r.relation, r.score, r.seen, r.documents, a.name, b.name"
)
_MENTIONS = "MATCH (n:Name {key: $key})<-[m:MENTIONS]-(d:Document) RETURN d.key, m.text, m.places, m.rule"


def nodes(store: Store) -> Iterator[Row]:
    """All nodes in the order of their ids, see ``NODE_COLUMNS``; memory stays flat."""
    after = -1
    while True:
        page = store.run(_NODES, {"after": after})
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1][0]


def edges_of(store: Store, node: int, *, incoming: bool = False) -> list[Row]:
    """A node's edges: head's id, tail's id, relation, score, seen, documents, and the names of head and tail."""
    return sorted(store.run(_IN if incoming else _OUT, {"id": node}))


def evidence_of(store: Store, pair: Pair) -> dict[str, list[Evidence]]:
    """The evidence of the edges from one node to another, by relation; the best first."""
    found: dict[str, list[Evidence]] = {}
    for piece in edges.between(store, pair):
        found.setdefault(piece.relation, []).append(piece)
    return {name: sorted(pieces, key=lambda each: (-each.score, each.number)) for name, pieces in found.items()}


def all_edges(store: Store) -> Iterator[tuple[Row, list[Evidence]]]:
    """All edges, by head, each with its evidence; memory grows with one node's edges alone."""
    for node in nodes(store):
        evidence: dict[tuple[int, str], list[Evidence]] = {}
        found = edges_of(store, node[0])
        if not found:
            continue
        for pair, piece in edges.leaving(store, node[0]):
            evidence.setdefault((pair[1], piece.relation), []).append(piece)
        for row in found:
            yield row, sorted(evidence[row[1], row[2]], key=lambda each: (-each.score, each.number))


def edge_row(row: Row, evidence: Sequence[Evidence]) -> list[Any]:
    """An edge as a row, see ``EDGE_COLUMNS``; ``documents`` are ids, ``sentence`` is that of the best evidence."""
    documents = list(dict.fromkeys(as_given(piece.document) for piece in evidence))
    head_id, tail_id, relation, score, seen, _, head, tail = row
    return [head, relation, tail, score, seen, documents, head_id, tail_id, evidence[0].sentence]


def edge_rows(store: Store) -> list[list[Any]]:
    """All edges as rows, see ``EDGE_COLUMNS``."""
    return [edge_row(row, evidence) for row, evidence in all_edges(store)]


def neighbours(store: Store, node: Any) -> list[list[Any]]:
    """The edges of a node that is asked for by name or id, see ``NEIGHBOUR_COLUMNS``; the often seen first."""
    number = find(store, node)
    back = [row for row in edges_of(store, number, incoming=True) if row[0] != row[1]]
    found = sorted([*edges_of(store, number), *back], key=lambda row: (-row[4], -row[3], row[0], row[1], row[2]))
    return [[row[6], row[2], row[7], row[3], row[4], row[5], row[0], row[1]] for row in found]


def evidence_rows(store: Store, head: Any, tail: Any) -> list[list[Any]]:
    """The evidence between two nodes that are asked for by name or id, see ``EVIDENCE_COLUMNS``."""
    found = evidence_of(store, (find(store, head), find(store, tail)))
    return [
        [each.relation, as_given(each.document), each.score, each.sentence, each.start_at, each.end_at]
        + [each.head_text, each.head_start, each.head_end, each.tail_text, each.tail_start, each.tail_end]
        for pieces in found.values()
        for each in pieces
    ]


def mentions(store: Store, node: Any) -> list[list[Any]]:
    """Where a node that is asked for by name or id is mentioned, see ``MENTION_COLUMNS``."""
    desk, number = Desk(store), find(store, node)
    found = []
    for row in desk.names(desk.entities([number])[number].names).values():
        for key, text, places, rule in store.run(_MENTIONS, {"key": row.key}):
            for start, end, score in json.loads(places):
                found.append([as_given(key), text, start, end, score, row.surface, rule])
    return sorted(found, key=lambda each: (str(each[0]), each[2], each[3]))


def find(store: Store, node: Any) -> int:
    """The id of a node by its id, its name or one of its aliases.

    Raises:
        InputError: there is none, or several have the name.
    """
    if isinstance(node, Integral) and not isinstance(node, bool):  # those of a frame are numpy's
        number = int(node)
        if not -_BIGGEST <= number < _BIGGEST or not store.run(_NODE, {"id": number}):
            raise InputError(f"there is no node {number}")
        return number
    if not isinstance(node, str) or is_missing(node) or not clean(node):
        raise InputError(f"a node is asked for by its name or id, not {node!r}")
    text, wanted = clean(node), fold(clean(node))
    found = _named(store, text, wanted)
    if len(found) == 1:
        return found[0]
    if found:
        rows = Desk(store).entities(found)
        shown = ", ".join(f"{number} ({row.name}, {row.type or 'no type'})" for number, row in rows.items())
        raise InputError(f"several nodes are called {node!r}: ask by id: {shown}")
    near = [row[1] for row in search(store, node, 3)]
    hint = f"; near it are {', '.join(map(repr, near))}" if near else ""
    raise InputError(f"no node is called {node!r}{hint}")


def _named(store: Store, text: str, wanted: str) -> list[int]:
    """Nodes that show a name, or else have it as an alias, or else have it up to case, width and accents."""
    shown: list[int] = []
    told: list[int] = []
    like: list[int] = []
    cypher = (
        "MATCH (n:Entity) WHERE n.name = $text OR list_contains(n.aliases, $text) RETURN n.id, n.name ORDER BY n.id"
    )
    for number, name in store.run(cypher, {"text": text}):
        (shown if name == text else told).append(number)
    if not shown and not told:
        like = [row[0] for row in nodes(store) if any(fold(alias) == wanted for alias in row[3])]
    return shown or told or like


def search(store: Store, text: str, k: int) -> list[list[Any]]:
    """The ``k`` nodes whose names are most like a text: a node's row with the likeness (0 to 1) at its end."""
    wanted = fold(clean(text))
    if not wanted:
        return []
    best: list[tuple[float, int, int, Row]] = []
    for row in nodes(store):
        found = process.extractOne(wanted, row[3], scorer=fuzz.WRatio, processor=fold)
        # Names that only hold the text come after the name itself, however long they are.
        score = 1.0 if any(fold(alias) == wanted for alias in row[3]) else 0.99 * (found[1] if found else 0) / 100
        entry = (round(score, 4), row[4], -row[0], row)
        if len(best) < k:
            heapq.heappush(best, entry)
        elif entry[:3] > best[0][:3]:
            heapq.heapreplace(best, entry)
    return [[*row, score] for score, _, _, row in sorted(best, reverse=True, key=lambda each: each[:3]) if score > 0.5]


def path(store: Store, a: Any, b: Any, longest: int) -> list[list[Any]]:
    """The way between two nodes that are asked for by name or id, as rows, see ``EDGE_COLUMNS``."""
    steps = _walk(store, find(store, a), find(store, b), longest)
    return [edge_row(row, evidence_of(store, (row[0], row[1]))[row[2]]) for row in steps]


def _walk(store: Store, a: int, b: int, longest: int) -> list[Row]:
    """The edges of a shortest way between two nodes, in any direction; of equals, the one of the best scores."""
    if a == b:
        return []
    came: dict[int, tuple[int, Row]] = {}
    edge, seen = [a], {a}
    for _ in range(longest):
        following: list[int] = []
        for here in edge:
            for row in sorted(_around(store, here), key=lambda each: (-each[3], each[0], each[1], each[2])):
                there = row[1] if row[0] == here else row[0]
                if there in seen:
                    continue
                seen.add(there)
                came[there] = here, row
                following.append(there)
        if b in came:
            steps = []
            while b != a:
                b, row = came[b]
                steps.append(row)
            return steps[::-1]
        edge = following
    return []


def _around(store: Store, node: int) -> list[Row]:
    return edges_of(store, node) + edges_of(store, node, incoming=True)
