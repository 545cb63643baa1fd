"""One document into the graph, or out of it: what happens inside of one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from slmkit.tasks.knowledge import edges
from slmkit.tasks.knowledge.desk import Alias, Desk, NameRow, name_key
from slmkit.tasks.knowledge.edges import Evidence
from slmkit.tasks.knowledge.linking import drop_dead, put_in, state
from slmkit.tasks.knowledge.local import Reading, Use, read
from slmkit.tasks.knowledge.records import Extraction, Mention, Triple, as_plain
from slmkit.tasks.knowledge.regrouping import describe, regroup
from slmkit.tasks.knowledge.repointing import keep_apart
from slmkit.tasks.knowledge.settled import is_apart
from slmkit.tasks.knowledge.store import Store
from slmkit.tasks.knowledge.surfaces import clean, safe

UNIT = 2**20
"""Vectors are summed as whole numbers of this part of 1, so that no order of summing gives another sum."""


@dataclass(frozen=True)
class Entry:
    """A document ready to go in.

    Attributes:
        key: its id as stored. text: it. mentions, triples: checked. contexts: int64 (mentions, width), or None.
    """

    key: str
    text: str
    mentions: Sequence[Mention]
    triples: Sequence[Triple]
    digest: str
    contexts: np.ndarray | None = None


@dataclass
class _Used:
    """What a document makes of one name."""

    family: str
    surface: str
    bound: bool
    uses: list[tuple[Use, str]] = field(default_factory=list)  # with the name that was meant, where it was set apart
    vector: np.ndarray | None = None


@dataclass(frozen=True)
class Found:
    """A document that is there: the number that it went in with, and what ``digest`` and ``add`` made of it."""

    number: int
    digest: str
    content: dict[str, Any]


def digest(text: str, extraction: Extraction | None = None) -> str:
    """Tells one text from another; and, in what follows, one extraction from another."""
    parts = [text] if extraction is None else [text, json.dumps(as_plain(extraction), sort_keys=True)]
    return "".join(hashlib.blake2b(part.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest() for part in parts)


def find(store: Store, key: str) -> Found | None:
    """The document with this key."""
    rows = store.run("MATCH (d:Document {key: $key}) RETURN d.number, d.digest, d.content", {"key": key})
    return Found(rows[0][0], rows[0][1], json.loads(rows[0][2])) if rows else None


def add(store: Store, entry: Entry, near: float) -> None:
    """Put in a document that is not there."""
    desk = Desk(store)
    reading = read(entry.text, entry.mentions)
    keys, used = _place(desk, entry, reading)
    there = desk.names(used)
    fresh = [
        NameRow(key, each.surface, each.family, bound=each.bound) for key, each in used.items() if key not in there
    ]
    put_in(desk, fresh)
    changed = {row.key for row in fresh} | state(desk, reading.stated, 1)
    rows = desk.names(used)
    for key, each in used.items():
        changed |= _count(rows[key], each)
    regroup(desk, changed, near)
    for node in desk.entities(row.entity for row in rows.values()).values():
        describe(desk, node)
    desk.flush()
    first = _numbers(desk, len(entry.triples))
    placed = [((rows[piece.head].entity, rows[piece.tail].entity), piece) for piece in _evidence(entry, keys, first)]
    _write_document(desk, entry, used, reading.stated, placed)
    edges.put_in(store, placed)
    desk.flush()
    keep_apart(desk, list(desk.entities(row.entity for row in rows.values()).values()), near)


def remove(store: Store, key: str, content: Mapping[str, Any], near: float) -> None:
    """Take out a document with all that it alone supports.

    Args:
        content: what ``find`` gives.
    """
    desk = Desk(store)
    vectors = _read_vectors(store, key, content)
    rows = desk.names(content["names"])
    pairs = {(rows[a].entity, rows[b].entity) for a, b in content["pairs"] if a in rows and b in rows}
    edges.take_out(store, key, pairs)
    store.run("MATCH (d:Document {key: $key}) DETACH DELETE d", {"key": key})
    changed = state(desk, map(tuple, content["stated"]), -1)
    for name, row in rows.items():
        changed |= _discount(row, content["names"][name], vectors.get(name))
    touched = desk.entities(row.entity for row in rows.values())
    changed |= drop_dead(desk, rows)
    regroup(desk, changed, near)
    for number, node in touched.items():
        if not node.names:
            desk.drop_entity(number)
        elif desk.entities([number]):
            describe(desk, node)
    desk.flush()


def _place(desk: Desk, entry: Entry, reading: Reading) -> tuple[dict[int, str], dict[str, _Used]]:
    """The name of each mention (by its place), and what the document makes of each name."""
    keys: dict[int, str] = {}
    used: dict[str, _Used] = {}
    for place, use in enumerate(reading.uses):
        if use is None:
            continue
        key, meant = _resolve(desk, use, entry.key)
        surface = use.name if not meant else use.surface
        each = used.setdefault(key, _Used(use.family, surface, use.bound and not meant))
        each.uses.append((use, meant))
        keys[place] = key
        if entry.contexts is not None:
            own = entry.contexts[place]
            each.vector = own.copy() if each.vector is None else each.vector + own
    for family, *surfaces in reading.stated:
        for surface in surfaces:
            used.setdefault(name_key(family, surface), _Used(family, surface, False))
    return keys, used


def _resolve(desk: Desk, use: Use, document: str) -> tuple[str, str]:
    """The key of the name that a mention stands for, and the one that it would, had that not been settled by hand."""
    key = name_key(use.family, use.name, document if use.bound else "")
    if not use.rule or use.rule == "pronoun":
        return key, ""
    bare = name_key(use.family, use.surface)
    row = desk.names([key]).get(key)
    node = desk.entities([row.entity]).get(row.entity) if row is not None else None
    apart = is_apart(desk, bare, node.names if node is not None else [key])
    return (bare, key) if apart and bare != key else (key, "")


def _count(row: NameRow, used: _Used) -> set[str]:
    """Count a document's mentions of a name; returns its key where its contexts may change what it joins."""
    row.seen += len(used.uses)
    for use, _ in used.uses:
        label = clean(use.mention.type)
        row.types[label] = row.types.get(label, 0) + 1
        if use.surface != row.surface:
            row.aliases.setdefault((use.surface, use.rule), Alias(use.score, 0)).count += 1
    if used.vector is None:
        return set()
    row.vector = used.vector if row.vector is None else row.vector + used.vector
    return {row.key} if row.ties else set()


def _discount(row: NameRow, texts: Sequence[Sequence[Any]], vector: np.ndarray | None) -> set[str]:
    for text, label, rule, count in texts:
        row.seen -= count
        row.types[label] -= count
        if not row.types[label]:
            del row.types[label]
        if text != row.surface:
            row.aliases[text, rule].count -= count
            if not row.aliases[text, rule].count:
                del row.aliases[text, rule]
    if vector is None or row.vector is None:
        return set()
    row.vector = row.vector - vector
    return {row.key} if row.ties else set()


def _numbers(desk: Desk, count: int) -> int:
    """The first of so many numbers for evidence."""
    return [desk.count("evidence") for _ in range(count)][0] if count else 0


def _evidence(entry: Entry, keys: Mapping[int, str], first: int) -> list[Evidence]:
    """The document's triples; those with a pronoun that stands for nobody are left out."""
    place = {(m.start, m.end, m.type): number for number, m in enumerate(entry.mentions)}
    found = []
    for number, triple in enumerate(entry.triples, start=first):
        head, tail = (keys.get(place[m.start, m.end, m.type]) for m in (triple.head, triple.tail))
        if head is None or tail is None:
            continue
        found.append(
            Evidence(
                number=number,
                relation=clean(triple.relation),
                score=float(triple.score),
                document=entry.key,
                sentence=safe(entry.text[triple.start : triple.end]),
                start_at=triple.start,
                end_at=triple.end,
                head=head,
                head_text=safe(triple.head.text),
                head_start=triple.head.start,
                head_end=triple.head.end,
                tail=tail,
                tail_text=safe(triple.tail.text),
                tail_start=triple.tail.start,
                tail_end=triple.tail.end,
            )
        )
    return found


def _write_document(
    desk: Desk,
    entry: Entry,
    used: Mapping[str, _Used],
    stated: Sequence[tuple[str, str, str]],
    placed: Sequence[tuple[edges.Pair, Evidence]],
) -> None:
    store = desk.store
    counts: dict[str, dict[tuple[str, str, str], int]] = {key: {} for key in used}
    mentions: dict[tuple[str, str, str, str], list[Use]] = {}
    for key, each in used.items():
        for use, meant in each.uses:
            text = use.surface, clean(use.mention.type), use.rule
            counts[key][text] = counts[key].get(text, 0) + 1
            mentions.setdefault((key, use.surface, use.rule, meant), []).append(use)
    content = {
        "names": {key: [[*text, count] for text, count in sorted(about.items())] for key, about in counts.items()},
        "pairs": sorted({(piece.head, piece.tail) for _, piece in placed}),
        "stated": stated,
        "vectors": [key for key, each in used.items() if each.vector is not None],
    }
    values: dict[str, Any] = {
        "key": entry.key,
        "digest": entry.digest,
        "content": json.dumps(content, ensure_ascii=False),
    }
    values |= {"mentions": len(entry.mentions), "triples": len(entry.triples), "number": desk.count("documents")}
    store.run(_DOCUMENT, values)
    vectors = [each.vector for each in used.values() if each.vector is not None]
    if vectors:
        sums = np.stack(vectors).tobytes()
        store.run("MATCH (d:Document {key: $key}) SET d.vectors = $sums", {"key": entry.key, "sums": sums})
    rows = [
        {
            **{"k": key, "d": entry.key, "text": text, "rule": rule, "meant": meant, "score": float(uses[0].score)},
            "places": json.dumps([[u.mention.start, u.mention.end, u.mention.score] for u in uses]),
        }
        for (key, text, rule, meant), uses in mentions.items()
    ]
    if rows:
        store.run(_MENTION, {"rows": rows})


def _read_vectors(store: Store, key: str, content: Mapping[str, Any]) -> dict[str, np.ndarray]:
    sums = store.run("MATCH (d:Document {key: $key}) RETURN d.vectors", {"key": key})[0][0]
    if not sums:
        return {}
    names = content["vectors"]
    return dict(zip(names, np.frombuffer(sums, dtype=np.int64).reshape(len(names), -1), strict=True))


_DOCUMENT = (
    "CREATE (:Document {key: $key, number: cast($number AS INT64), digest: $digest, "
    "mentions: cast($mentions AS INT64), triples: cast($triples AS INT64), content: $content})"
)
_MENTION = (
    "UNWIND $rows AS r MATCH (d:Document {key: r.d}) MATCH (n:Name {key: r.k}) "
    "CREATE (d)-[:MENTIONS {text: r.text, rule: r.rule, score: r.score, meant: r.meant, places: r.places}]->(n)"
)
