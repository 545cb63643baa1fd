"""The graph for other programs: GraphML, JSON-LD, Turtle, CSV for Neo4j's importer, Parquet, NetworkX."""

from __future__ import annotations

import csv
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmkit.errors import InputError, MissingExtraError
from slmkit.tasks.knowledge import reading
from slmkit.tasks.knowledge.keys import as_given
from slmkit.tasks.knowledge.store import Store
from slmkit.tasks.knowledge.surfaces import safe

if TYPE_CHECKING:
    import networkx

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_ROWS = 5000


def as_networkx(store: Store) -> networkx.MultiDiGraph:
    """Nodes by id with name, type, aliases and seen; edges by relation with score, seen, documents and sentence."""
    try:
        import networkx
    except ImportError as error:
        raise MissingExtraError("networkx", "graph") from error
    graph = networkx.MultiDiGraph()
    for number, name, type_, aliases, seen in reading.nodes(store):
        graph.add_node(number, name=name, type=type_, aliases=list(aliases), seen=seen)
    for row, evidence in reading.all_edges(store):
        _, relation, _, score, seen, documents, head, tail, sentence = reading.edge_row(row, evidence)
        about = {"relation": relation, "score": score, "seen": seen, "documents": documents, "sentence": sentence}
        graph.add_edge(head, tail, key=relation, **about)
    return graph


def export(store: Store, path: Path, form: str | None, *, overwrite: bool) -> Path:
    """Write the graph in a format; what is written appears whole or not at all.

    Raises:
        InputError: the format is not known, there is something at ``path``, or it cannot be written.
    """
    form = form or _SUFFIXES.get(path.suffix.lower(), "")
    if form not in FORMATS:
        shown = ", ".join(FORMATS)
        raise InputError(f"the format of {str(path)!r} is not known; name one: {shown} (or a suffix: {_SHOWN})")
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists; overwrite=True replaces it (on the command line --overwrite)")
    new = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        FORMATS[form](store, new)
        if path.is_dir():
            shutil.rmtree(path) if new.is_dir() and _ours(path) else _refuse(path)
        os.replace(new, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            shutil.rmtree(new) if new.is_dir() else new.unlink()
    return path


def _ours(folder: Path) -> bool:
    return {file.name for file in folder.iterdir()} <= {f"{n}.{s}" for n in ("nodes", "edges") for s in _TWO_FILES}


def _refuse(path: Path) -> None:
    raise InputError(f"{path} is a folder with other files than an export's; choose another place")


def _graphml(store: Store, path: Path) -> None:
    import networkx

    graph = as_networkx(store)
    for _, about in graph.nodes(data=True):
        about.update({name: _for_xml(value) for name, value in about.items()})
    plain = networkx.MultiDiGraph()
    plain.add_nodes_from(graph.nodes(data=True))
    for number, (head, tail, about) in enumerate(graph.edges(data=True)):
        plain.add_edge(head, tail, key=number, **{name: _for_xml(value) for name, value in about.items()})
    networkx.write_graphml(plain, path, encoding="utf-8")


def _for_xml(value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
    return _NOT_XML.sub("\ufffd", text) if isinstance(text, str) else text


def _rdf(name: str) -> Callable[[Store, Path], None]:
    def write(store: Store, path: Path) -> None:
        from slmkit.tasks.knowledge.rdf import write_rdf

        write_rdf(store, path, name)

    return write


def _neo4j(store: Store, folder: Path) -> None:
    """``nodes.csv`` and ``edges.csv`` for ``neo4j-admin database import``; no cell is one that a spreadsheet runs."""
    folder.mkdir()
    with (folder / "nodes.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id:ID", "name", "type", "aliases:string[]", "seen:long", ":LABEL"])
        for number, name, type_, aliases, seen in reading.nodes(store):
            writer.writerow([number, inert(name), inert(type_), _listed(aliases), seen, "Entity"])
    with (folder / "edges.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        heads = ("relation", "score:double", "seen:long", "documents:string[]", "sentence")
        writer.writerow([":START_ID", ":END_ID", ":TYPE", *heads])
        for row, evidence in reading.all_edges(store):
            _, relation, _, score, seen, documents, head, tail, sentence = reading.edge_row(row, evidence)
            ends = [head, tail, "RELATED", inert(relation)]
            from_ = _listed(safe(str(document)) for document in documents)
            writer.writerow([*ends, score, seen, from_, inert(" ".join(sentence.split()))])


def inert(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: such a one gets an apostrophe before it."""
    return f"'{text}" if text.lstrip().startswith(_RUN_BY_SPREADSHEETS) or text[:1] in "\t\r\n" and text else text


def _listed(values: Any) -> str:
    return inert(";".join(" ".join(value.replace(";", ",").split()) for value in values))


def _parquet(store: Store, folder: Path) -> None:
    """``nodes.parquet`` and ``edges.parquet``, the evidence of an edge as a list of structs."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.list_(pa.string())
    nodes = pa.schema([("id", pa.int64()), ("name", pa.string()), ("type", pa.string()), ("aliases", texts)])
    nodes = nodes.append(pa.field("seen", pa.int64()))
    spans = [(name, pa.int64()) for name in ("start", "end", "head_start", "head_end", "tail_start", "tail_end")]
    piece = pa.struct([("document", pa.string()), ("score", pa.float64()), ("sentence", pa.string()), *spans])
    edges = pa.schema(
        [("head_id", pa.int64()), ("relation", pa.string()), ("tail_id", pa.int64()), ("head", pa.string())]
        + [("tail", pa.string()), ("score", pa.float64()), ("seen", pa.int64()), ("evidence", pa.list_(piece))]
    )
    folder.mkdir()
    for name, schema, rows in (
        ("nodes", nodes, (dict(zip(reading.NODE_COLUMNS, row, strict=True)) for row in reading.nodes(store))),
        ("edges", edges, _edge_dicts(store)),
    ):
        with pq.ParquetWriter(folder / f"{name}.parquet", schema) as writer:
            for block in _blocks(rows):
                writer.write_table(pa.Table.from_pylist(block, schema))


def _edge_dicts(store: Store) -> Iterator[dict[str, Any]]:
    for row, evidence in reading.all_edges(store):
        about = dict(zip(("head_id", "tail_id", "relation", "score", "seen"), row, strict=False))
        pieces = [
            {"document": safe(str(as_given(each.document))), "score": each.score, "sentence": each.sentence}
            | {"start": each.start_at, "end": each.end_at, "head_start": each.head_start, "head_end": each.head_end}
            | {"tail_start": each.tail_start, "tail_end": each.tail_end}
            for each in evidence
        ]
        yield {**about, "head": row[6], "tail": row[7], "evidence": pieces}


def _blocks(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    block: list[dict[str, Any]] = []
    for row in rows:
        block.append(row)
        if len(block) == _ROWS:
            yield block
            block = []
    if block:
        yield block


FORMATS: dict[str, Callable[[Store, Path], None]] = {
    "graphml": _graphml,
    "jsonld": _rdf("jsonld"),
    "turtle": _rdf("turtle"),
    "neo4j": _neo4j,
    "parquet": _parquet,
}
"""Formats by name; neo4j and parquet write a folder of two files."""
_SUFFIXES = {".graphml": "graphml", ".jsonld": "jsonld", ".ttl": "turtle"}
_SHOWN = ", ".join(_SUFFIXES)
_TWO_FILES = ("csv", "parquet")
