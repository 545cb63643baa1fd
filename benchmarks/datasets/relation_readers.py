"""Readers of the relation sets.

Where two mentions are given an input is ``(text, head, tail)``, places as ``start:end``, and the label a relation. Else
the input is the text; the label is its triples ``(head, relation, tail, head type, tail type)`` or, where mentions are
marked too, ``{"entities": [(start, end, type)], "triples": [(head, relation, tail)]}`` with mentions as sides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from slmkit.benchmarks.datasets.base import DataFile, Reader, Rows
from slmkit.benchmarks.datasets.readers import decoded, fields, lines, rows_of
from slmkit.errors import DataError
from slmkit.tasks.knowledge.relations.matching import nearest, places
from slmkit.tasks.question_answering.carving import in_dev
from slmkit.tasks.question_answering.natural_words import join_natural
from slmkit.text.sentences import sentence_spans

NONE, OTHER = "no relation", "Other"
"""What a label is called where there is no relation: in the Chinese sets, and in SemEval 2010."""
Place = tuple[int, int]
_TAG = re.compile(r"(</?e[12]>)")
_MARKS = {"[[": (0, True), "]]": (0, False), "<<": (1, True), ">>": (1, False)}


def marked(text: str, head: Place, tail: Place) -> tuple[str, str, str]:
    """An input of two given mentions."""
    return text, f"{head[0]}:{head[1]}", f"{tail[0]}:{tail[1]}"


def places_of(row: tuple[str, str, str]) -> tuple[str, Place, Place]:
    """What ``marked`` was given."""
    text, *sides = row
    (a, b), (c, d) = (map(int, side.split(":")) for side in sides)
    return text, (a, b), (c, d)


def conll04(file: DataFile, content: bytes) -> Rows:
    """CoNLL04 as JSON of words, mentions and relations; the words are put together as people write them."""

    def row(found: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        text, words = join_natural(found["tokens"])
        mentions = {(a, b): (words[a][0], words[b - 1][1], kind) for a, b, kind in found["entities"]}
        triples = [(mentions[a, b], relation, mentions[c, d]) for a, b, c, d, relation in found["relations"]]
        return text, {"entities": sorted(mentions.values()), "triples": triples}

    return rows_of(map(row, json.loads(decoded(file, content))))


def scierc(file: DataFile, content: bytes) -> Rows:
    """JSON lines with ``[[ head ]]`` and ``<< tail >>`` in a text of words."""

    def row(found: dict[str, Any]) -> tuple[tuple[str, str, str], str]:
        words: list[str] = []
        spans: list[list[int]] = [[0, 0], [0, 0]]
        for word in found["text"].split(" "):
            if word in _MARKS:
                side, opens = _MARKS[word]
                spans[side][0 if opens else 1] = len(words)
            else:
                words.append(word)
        text, where = join_natural(words)
        head, tail = ((where[a][0], where[b - 1][1]) for a, b in spans)
        return marked(text, head, tail), found["label"]

    return rows_of(row(json.loads(line)) for line in lines(file, content))


def semeval2010(file: DataFile, content: bytes) -> Rows:
    """Blocks of ``id<TAB>"sentence"`` with tags around both mentions, the relation, and a comment."""

    def rows() -> Iterator[tuple[tuple[str, str, str], str]]:
        listed = lines(file, content)
        for number, line in enumerate(listed):
            if re.match(r"\d+\t", line):
                _, sentence = fields(file, line, 2)
                yield _untagged(file, sentence.strip().removeprefix('"').removesuffix('"')), listed[number + 1].strip()

    return rows_of(rows())


def _untagged(file: DataFile, sentence: str) -> tuple[str, str, str]:
    text, at = "", {}
    for part in _TAG.split(sentence):
        if _TAG.fullmatch(part):
            at[part] = len(text)
        else:
            text += part
    if set(at) != {"<e1>", "</e1>", "<e2>", "</e2>"}:
        raise DataError(f"{file.path} has a sentence without two marked mentions: {sentence[:80]!r}")
    return marked(text, (at["<e1>"], at["</e1>"]), (at["<e2>"], at["</e2>"]))


def named_pairs(file: DataFile, content: bytes) -> Rows:
    """``head<TAB>tail<TAB>relation<TAB>text``; of several places of the names those nearest to each other are meant."""

    def rows() -> Iterator[tuple[tuple[str, str, str], str]]:
        for line in lines(file, content):
            head, tail, relation, text = fields(file, line, 4)
            pair = nearest(places(text, head), places(text, tail), sentence_spans(text))
            if pair is None:
                raise DataError(f"{file.path} has a text without its mention {head!r} or {tail!r}: {text[:80]!r}")
            yield marked(text, *pair), NONE if relation == "unknown" else relation

    return rows_of(rows())


def duie(*, held_out: bool | None = None) -> Reader:
    """DuIE as JSON lines; with ``held_out`` only the texts that are held back as dev, or only the others."""

    def read(file: DataFile, content: bytes) -> Rows:
        found = [json.loads(line) for line in lines(file, content)]
        return rows_of(
            (row["text"], _distinct(_spo(said, said["object"], said["object_type"]) for said in row["spo_list"]))
            for row in found
            if held_out is None or in_dev(row["text"]) == held_out
        )

    return read


def cmeie(file: DataFile, content: bytes) -> Rows:
    """CMeIE as JSON lines, whose objects stand in a dict of their own."""
    found = [json.loads(line) for line in lines(file, content)]
    return rows_of(
        (
            row["text"],
            _distinct(_spo(said, said["object"]["@value"], said["object_type"]["@value"]) for said in row["spo_list"]),
        )
        for row in found
    )


def named_triples(file: DataFile, content: bytes) -> Rows:
    """JSON of texts with lists of ``[head, relation, tail]``."""
    found = json.loads(decoded(file, content))
    return rows_of(
        (row["text"], _distinct((head, relation, tail, "", "") for head, relation, tail in row["triple_list"]))
        for row in found
    )


def _spo(said: dict[str, Any], tail: str, kind: str) -> tuple[str, ...]:
    return said["subject"], said["predicate"], tail, said["subject_type"], kind


def _distinct(triples: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(map(tuple, triples)))
