"""The page to look at: one HTML file with graph, drawing library and scripts inside, no request anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.knowledge import reading
from slmkit.tasks.knowledge.edges import Evidence
from slmkit.tasks.knowledge.keys import as_given
from slmkit.tasks.knowledge.page.layout import lay_out
from slmkit.tasks.knowledge.store import Row, Store

SENTENCES = 20
"""Of an edge, at most; the page says how often it was seen in all."""
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def write_page(store: Store, path: Path, most: int) -> Path:
    """Write the page; it appears whole or not at all.

    Raises:
        InputError: ``most`` is less than 1, or the page cannot be written.
    """
    if most < 1:
        raise InputError(f"most must be at least 1, not {most}")
    page = render(collect(store, most), title=store.path.name)
    new = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(page, encoding="utf-8")
        os.replace(new, path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            new.unlink()
    return path


def collect(store: Store, most: int) -> dict[str, Any]:
    """What the page shows: nodes, edges between them, their sentences.

    Nodes are ``[name, type, aliases, seen, x, y]``; edges ``[head, tail, relations]`` with places of nodes; relations
    ``[name, score, seen, documents, evidence]``; evidence ``[document, sentence, score, head span, tail span]`` with
    the place of the sentence and spans of characters in it.
    """
    rows = list(reading.nodes(store))
    degree = _degrees(store, rows)
    kept = sorted(rows, key=lambda row: (-degree.get(row[0], 0), -row[4], row[0]))[:most]
    place = {row[0]: number for number, row in enumerate(kept)}
    sentences: dict[str, int] = {}
    found: dict[tuple[int, int], list[Any]] = {}
    for row, evidence in reading.all_edges(store):
        if row[0] in place and row[1] in place:
            about = [
                row[2],
                round(row[3], 3),
                row[4],
                row[5],
                [_piece(each, sentences) for each in evidence[:SENTENCES]],
            ]
            found.setdefault((place[row[0]], place[row[1]]), []).append(about)
    spots = lay_out(len(kept), list(found))
    return {
        "all": [len(rows), sum(degree.values()) // 2],
        "nodes": [
            [name, type_, [each for each in aliases if each != name], seen, round(float(x)), round(float(y))]
            for (_, name, type_, aliases, seen), (x, y) in zip(kept, spots, strict=True)
        ],
        "edges": [[head, tail, relations] for (head, tail), relations in found.items()],
        "sentences": list(sentences),
    }


def render(data: Mapping[str, Any], *, title: str) -> str:
    """The page's text. Whatever the data holds, it stays data: no name can end the script that it stands in."""
    folder = files(__package__)
    page = folder.joinpath("page.html").read_text(encoding="utf-8")
    library = folder.joinpath("cytoscape.html").read_text(encoding="utf-8")
    scripts = _SCRIPT.findall(library) + _SCRIPT.findall(page)
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    parts = {"%%TITLE%%": _escape(title), "%%HASHES%%": hashes, "%%LIBRARY%%": library, "%%DATA%%": _as_data(data)}
    return re.sub("|".join(parts), lambda match: parts[match[0]], page)


def _degrees(store: Store, rows: list[Row]) -> dict[int, int]:
    found: dict[int, int] = {}
    for cypher in (
        "MATCH (a:Entity)-[r:RELATED]->() RETURN a.id, count(*)",
        "MATCH ()-[r:RELATED]->(a:Entity) RETURN a.id, count(*)",
    ):
        for number, count in store.run(cypher):
            found[number] = found.get(number, 0) + count
    return found


def _piece(each: Evidence, sentences: dict[str, int]) -> list[Any]:
    number = sentences.setdefault(each.sentence, len(sentences))
    spans = [each.head_start, each.head_end], [each.tail_start, each.tail_end]
    head, tail = ([start - each.start_at, end - each.start_at] for start, end in spans)
    return [str(as_given(each.document)), number, round(each.score, 3), head, tail]


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _as_data(data: Mapping[str, Any]) -> str:
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _escape(text: str) -> str:
    for char, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(char, name)
    return text
