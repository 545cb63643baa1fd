"""The graph as RDF: nodes with labels, relations as properties, and a statement for each edge that says where from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from slmkit.errors import MissingExtraError
from slmkit.tasks.knowledge import reading
from slmkit.tasks.knowledge.edges import Evidence
from slmkit.tasks.knowledge.store import Row, Store
from slmkit.tasks.knowledge.surfaces import safe

BASE = "urn:slmkit:"
_PREFIXES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dct": "http://purl.org/dc/terms/",
    "node": f"{BASE}node:",
    "type": f"{BASE}type:",
    "relation": f"{BASE}relation:",
    "edge": f"{BASE}edge:",
    "about": f"{BASE}about:",
}


def write_rdf(store: Store, path: Path, form: str) -> None:
    """Write Turtle (``form="turtle"``) or JSON-LD (``"jsonld"``), a triple at a time.

    A name that is part of an address (a type, a relation) is written there in percent signs; its label is whole.
    """
    try:
        import pyoxigraph as ox
    except ImportError as error:
        raise MissingExtraError("pyoxigraph", "graph") from error
    formats = {"turtle": ox.RdfFormat.TURTLE, "jsonld": ox.RdfFormat.JSON_LD}
    ox.serialize(_triples(store, ox), str(path), format=formats[form], prefixes=_PREFIXES)


class _Terms:
    """Addresses, and the labels of those that stand for a type or a relation, each once."""

    def __init__(self, ox: Any) -> None:
        self.ox = ox
        self._named: set[tuple[str, str]] = set()

    def __call__(self, prefix: str, name: object) -> Any:
        return self.ox.NamedNode(_PREFIXES[prefix] + quote(str(name), safe=""))

    def name_once(self, prefix: str, name: str) -> Iterator[Any]:
        if (prefix, name) not in self._named:
            self._named.add((prefix, name))
            yield self.ox.Triple(self(prefix, name), self("rdfs", "label"), self.ox.Literal(name))


def _triples(store: Store, ox: Any) -> Iterator[Any]:
    term = _Terms(ox)
    for row in reading.nodes(store):
        yield from _node(term, row)
    for number, (row, evidence) in enumerate(reading.all_edges(store)):
        yield from _edge(term, number, row, evidence)


def _node(term: _Terms, row: Row) -> Iterator[Any]:
    number, name, type_, aliases, seen = row
    ox, node = term.ox, term("node", number)
    yield ox.Triple(node, term("rdfs", "label"), ox.Literal(name))
    for alias in aliases:
        if alias != name:
            yield ox.Triple(node, term("skos", "altLabel"), ox.Literal(alias))
    yield ox.Triple(node, term("about", "seen"), ox.Literal(seen))
    if type_:
        yield ox.Triple(node, term("rdf", "type"), term("type", type_))
        yield from term.name_once("type", type_)


def _edge(term: _Terms, number: int, row: Row, evidence: Sequence[Evidence]) -> Iterator[Any]:
    _, relation, _, score, seen, documents, head, tail, _ = reading.edge_row(row, evidence)
    ox, edge = term.ox, term("edge", number)
    ends = term("node", head), term("relation", relation), term("node", tail)
    yield ox.Triple(*ends)
    yield from term.name_once("relation", relation)
    yield ox.Triple(edge, term("rdf", "type"), term("rdf", "Statement"))
    for name, end in zip(("subject", "predicate", "object"), ends, strict=True):
        yield ox.Triple(edge, term("rdf", name), end)
    yield ox.Triple(edge, term("about", "score"), ox.Literal(float(score)))
    yield ox.Triple(edge, term("about", "seen"), ox.Literal(seen))
    for document in documents:
        source = document if isinstance(document, int) else safe(document)
        yield ox.Triple(edge, term("dct", "source"), ox.Literal(source))
    for sentence in dict.fromkeys(piece.sentence for piece in evidence):
        yield ox.Triple(edge, term("dct", "description"), ox.Literal(sentence))
