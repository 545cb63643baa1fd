"""Mentions that go over to another name, with their evidence and counts: what was settled by hand asks for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from slmkit.tasks.knowledge import edges
from slmkit.tasks.knowledge.desk import Alias, Desk, EntityRow, NameRow, name_key
from slmkit.tasks.knowledge.linking import put_in
from slmkit.tasks.knowledge.regrouping import describe, regroup
from slmkit.tasks.knowledge.settled import any_settled, is_apart
from slmkit.tasks.knowledge.store import Store


def keep_apart(desk: Desk, nodes: Iterable[EntityRow], near: float) -> None:
    """Send away what is written as something that was set apart from a name of its node, which may have come later."""
    if not any_settled(desk):
        return
    for node in nodes:
        for row in list(desk.names(node.names).values()):
            for text in row.told():
                if is_apart(desk, name_key(row.family, text), node.names):
                    send_away(desk, row, text, near)
        describe(desk, node)
    desk.flush()


def send_away(desk: Desk, row: NameRow, text: str, near: float) -> None:
    """What is written as ``text`` and stood for a name becomes a name by itself."""
    key = name_key(row.family, text)
    if key not in desk.names([key]):
        put_in(desk, [NameRow(key, text, row.family)])
    regroup(desk, [key], near)  # so that it has a node
    desk.flush()
    bare = desk.names([key])[key]
    _repoint(desk, row, bare, text, meant=row.key)
    describe(desk, desk.entities([bare.entity])[bare.entity])


def call_back(desk: Desk, rows: Mapping[str, NameRow]) -> set[str]:
    """Mentions that were sent away from one of these names, and no longer are apart from it, stand for it again."""
    changed: set[str] = set()
    for row in list(rows.values()):
        found = desk.store.run(
            "MATCH (n:Name {key: $key})<-[m:MENTIONS]-(:Document) WHERE m.meant <> '' RETURN DISTINCT m.meant",
            {"key": row.key},
        )
        for meant in sorted(each[0] for each in found):
            target = desk.names([meant]).get(meant)
            node = desk.entities([target.entity]).get(target.entity) if target is not None else None
            if target is not None and node is not None and not is_apart(desk, row.key, node.names):
                _repoint(desk, row, target, row.surface, meant="")
                changed |= {row.key, meant}
    return changed


def _repoint(desk: Desk, old: NameRow, new: NameRow, text: str, *, meant: str) -> None:
    """Let the mentions that are written as ``text`` stand for another name, with their evidence and counts.

    Args:
        meant: the name that they would stand for, had it not been settled otherwise; "" where they do.
    """
    store, sent = desk.store, bool(meant)
    found = store.run(
        "MATCH (n:Name {key: $key})<-[m:MENTIONS]-(d:Document) WHERE m.text = $text AND m.rule <> 'pronoun' "
        "AND m.meant = $meant RETURN d.key, m.rule, m.score, m.places",
        {"key": old.key, "text": text, "meant": "" if sent else new.key},
    )
    moved = {}
    for document, rule, score, places in sorted(found):
        moved.update(_evidence_of(desk, old, document, text, json.loads(places)))
        ends = {"d": document, "k": old.key, "text": text, "rule": rule}
        store.run(
            "MATCH (d:Document {key: $d})-[m:MENTIONS]->(n:Name {key: $k}) "
            "WHERE m.text = $text AND m.rule = $rule DELETE m",
            ends,
        )
        store.run(
            "MATCH (d:Document {key: $d}) MATCH (n:Name {key: $k}) CREATE (d)-[:MENTIONS "
            "{text: $text, rule: $rule, score: $score, meant: $meant, places: $places}]->(n)",
            {**ends, "k": new.key, "score": score, "meant": meant, "places": places},
        )
        for label, count in _rewrite(store, document, old.key, new.key, (text, rule)):
            _transfer(old, new, (text, rule), label, count, score)
    edges.relabel(store, moved, new.key, new.entity)


def _evidence_of(desk: Desk, old: NameRow, document: str, text: str, places: list[list[Any]]) -> dict[int, Any]:
    spans = {(start, end) for start, end, _ in places}
    found = {}
    for pair, piece in edges.around(desk.store, old.entity):
        if piece.document == document:
            heads = piece.head == old.key and (piece.head_start, piece.head_end) in spans
            tails = piece.tail == old.key and (piece.tail_start, piece.tail_end) in spans
            if heads or tails:
                found[piece.number] = pair, piece, heads, tails
    return found


def _transfer(old: NameRow, new: NameRow, text: tuple[str, str], label: str, count: int, score: float) -> None:
    old.seen, new.seen = old.seen - count, new.seen + count
    old.types[label] = old.types.get(label, 0) - count
    if not old.types[label]:
        del old.types[label]
    new.types[label] = new.types.get(label, 0) + count
    if text in old.aliases:
        old.aliases[text].count -= count
        if not old.aliases[text].count:
            del old.aliases[text]
    if text[0] != new.surface:
        new.aliases.setdefault(text, Alias(score, 0)).count += count


def _rewrite(store: Store, document: str, old: str, new: str, text: tuple[str, str]) -> list[tuple[str, int]]:
    """What a document's row says of itself, so that it can be taken out again; returns what was moved."""
    content = json.loads(store.run("MATCH (d:Document {key: $key}) RETURN d.content", {"key": document})[0][0])
    texts = content["names"].get(old, [])
    moved = [each for each in texts if (each[0], each[2]) == text]
    content["names"][old] = [each for each in texts if each not in moved]
    content["names"].setdefault(new, []).extend(moved)
    # Other mentions may go on standing for the old name, so its pairs stay; a pair that holds nothing does no harm.
    sides = [[(side, new) if side == old else (side,) for side in pair] for pair in content["pairs"]]
    content["pairs"] = sorted({pair for heads, tails in sides for pair in product(heads, tails)})
    store.run(
        "MATCH (d:Document {key: $key}) SET d.content = $content",
        {"key": document, "content": json.dumps(content, ensure_ascii=False)},
    )
    return [(label, count) for _, label, _, count in moved]
