"""The sets that the shipped extractor learns from: their files, licences and readers.

Left out are sets that are marked non-commercial or for research only, or whose texts are (SciERC, CMeIE, WebNLG,
DialogRE, the New York Times), and the parts that the benchmarks call dev.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slmkit.errors import DataError
from slmkit.pretraining.sources import read_all, read_text
from slmkit.tasks.knowledge.relations import general
from slmkit.tasks.knowledge.relations.examples import Example, Link, Span, read_examples
from slmkit.tasks.knowledge.relations.general import Mapped, mapped, side_types, told_by
from slmkit.tasks.knowledge.relations.matching import nearest, places
from slmkit.tasks.question_answering.carving import in_dev
from slmkit.tasks.question_answering.natural_words import join_natural
from slmkit.text.language import letters_of
from slmkit.text.sentences import sentence_spans


@dataclass(frozen=True)
class RelationSource:
    """One set.

    Attributes:
        name: of the set. language: en or zh. licence: as far as known. read: folder of the data -> examples.
        share: factor on how often it is drawn.
    """

    name: str
    language: str
    licence: str
    read: Callable[[Path], Iterator[Example]]
    share: float = 1.0


def load_source(source: RelationSource, data: Path) -> list[Example]:
    """All examples of a set, in the general schema.

    Raises:
        DataError: a file is missing, or is not in the layout that is expected.
    """
    found = read_all(source.name, source.read, data)
    if not any(example.triples for example in found):
        raise DataError(f"{source.name} in {data} has no relations")
    return found


def _conll04(data: Path) -> Iterator[Example]:
    """Every mention and every relation of five kinds is marked; sentences of the dev file are left out."""
    told = told_by(general.CONLL04)
    typed = frozenset(general.CONLL04_TYPES.values())
    dev = {letters_of("".join(row["tokens"])) for row in json.loads(read_text(data / "en/conll04/valid.CoNLL04.json"))}
    for row in json.loads(read_text(data / "en/conll04/train.CoNLL04.json.xz")):
        if letters_of("".join(row["tokens"])) in dev:
            continue
        text, words = join_natural(row["tokens"])
        mentions: dict[tuple[int, int], int] = {}
        spans: list[Span] = []
        for start, end, kind in row["entities"]:
            if kind in general.CONLL04_TYPES:
                mentions[start, end] = len(spans)
                spans.append((words[start][0], words[end - 1][1], general.CONLL04_TYPES[kind]))
        triples = [
            link
            for a, b, c, d, label in row["relations"]
            for link in mapped(general.CONLL04, label, mentions[a, b], mentions[c, d])
        ]
        yield Example(text, tuple(spans), tuple(triples), judged=told, typed=typed)


def _duie(data: Path) -> Iterator[Example]:
    """Relations of 41 kinds, as names; the texts that the benchmark holds back are left out."""
    told = told_by(general.DUIE)
    typed = frozenset(general.DUIE_TYPES.values())
    for line in read_text(data / "zh/ske2019-duie/train_data.json.xz").splitlines():
        row = json.loads(line)
        if in_dev(row["text"]) or not row["text"].strip():
            continue
        triples = [
            {
                "head": ends[head],
                "relation": relation,
                "tail": ends[tail],
            }
            for said in row["spo_list"]
            for ends in [_ends(said)]
            for head, relation, tail in mapped(general.DUIE, said["predicate"], 0, 1)
        ]
        (found,), _ = read_examples([row["text"]], [triples])
        yield Example(found.text, found.mentions, found.triples, found.maybe, found.by_name, judged=told, typed=typed)


def _ends(said: dict[str, Any]) -> list[dict[str, str]]:
    sides = (("subject", "subject_type"), ("object", "object_type"))
    return [{"text": said[name], "type": general.DUIE_TYPES.get(said[kind], general.OTHER)} for name, kind in sides]


def _pairs(name: str, table: Mapped, ignored: Sequence[str]) -> Callable[[Path], Iterator[Example]]:
    """``head<TAB>tail<TAB>label<TAB>text``: of each text the relation of two mentions, and no more, is known."""

    def read(data: Path) -> Iterator[Example]:
        for line in read_text(data / name).splitlines():
            if not line.strip():
                continue
            head, tail, label, text = line.split("\t")
            pair = nearest(places(text, head), places(text, tail), sentence_spans(text))
            if pair is not None and pair[0] != pair[1] and (label in table or label in ignored):
                yield _of_pair(text, pair, table, label)

    return read


def _fewrel(data: Path) -> Iterator[Example]:
    """Sentences of Wikipedia with two mentions and their relation."""
    for label, rows in json.loads(read_text(data / "en/fewrel/val_wiki.json.xz")).items():
        if label not in general.FEWREL:
            continue
        for row in rows:
            text, words = join_natural(row["tokens"])
            head, tail = ((words[at[0]][0], words[at[-1]][1]) for at in (row["h"][2][0], row["t"][2][0]))
            if head != tail:
                yield _of_pair(text, (head, tail), general.FEWREL, label)


def _of_pair(text: str, pair: tuple[tuple[int, int], tuple[int, int]], table: Mapped, label: str) -> Example:
    """An example of two mentions; a type is told only where the schema leaves no choice."""
    links: list[Link] = list(mapped(table, label, 0, 1))
    spans = []
    for number, (start, end) in enumerate(pair):
        kinds = {kind for head, relation, _ in links for kind in side_types(relation, int(head != number))}
        spans.append((start, end, kinds.pop() if len(kinds) == 1 else ""))
    return Example(text, tuple(spans), tuple(links), complete=False, judged=told_by(table))


SOURCES = (
    RelationSource("conll04", "en", "none stated in the repository", _conll04, share=2.0),
    RelationSource("duie", "zh", "none stated (official sample of the LIC 2019 challenge)", _duie, share=2.0),
    RelationSource("fewrel", "en", "CC BY-SA 4.0; repository MIT", _fewrel),
    RelationSource(
        "finre", "zh", "repository MIT", _pairs("zh/finre/train.txt.xz", general.FINRE, ["unknown"]), share=0.7
    ),
    RelationSource(
        "sanwen", "zh", "repository MIT", _pairs("zh/sanwen/train.txt.xz", general.SANWEN, ["unknown"]), share=0.4
    ),
)
