"""What the shipped speller learns from: raw texts, a dictionary of misspellings, sets of Chinese sentences; licences.

Left out is what the spelling benchmarks keep to themselves (see ``slmkit.pretraining.held_back``), and of the raw texts
those for non-commercial use or study only (the translations of apachecn, progit2 and gold-miner).
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slmkit.errors import DataError
from slmkit.pretraining.held_back import is_document_held_back, is_held_back, is_sentence_held_back
from slmkit.pretraining.sources import read_text

READ = 0.25
"""Share of the documents that lessons are made of. The lists are counted from the others, so that lessons are as new to
them as the texts of users are."""
_HEAD = 200  # characters of a document that decide
_NON_COMMERCIAL = frozenset({"apachecn-ds", "progit2"})
_PLAIN = re.compile(r"[a-z]+(?:'[a-z]+)?")
SHAPES = ("zh/csc-confusion/SimilarShape_simplied.txt.xz", "zh/csc-confusion/wdimmy_confusion.txt")
DICTIONARY = "en/codespell/dictionary.txt.xz"


@dataclass(frozen=True)
class RawText:
    """A file of documents, JSON lines.

    Attributes:
        name: of the file in ``raw``. licence: as far as known. careless: its writers misspell.
    """

    name: str
    licence: str
    careless: bool = False


@dataclass(frozen=True)
class PairSet:
    """A set of Chinese sentences, ``flag<TAB>wrong<TAB>right``.

    Attributes:
        name: of the set. paths: its files. licence: as far as known. carved: a part of it is held back by sentence.
    """

    name: str
    paths: tuple[str, ...]
    licence: str
    carved: bool = False


RAW = (
    RawText("en_wikipedia", "CC BY-SA"),
    RawText("en_imdb_train_unsup", "none stated (Maas et al. 2011)", careless=True),
    RawText("en_sgd_dialogue", "CC BY-SA 4.0"),
    RawText("en_standardebooks", "public domain"),
    RawText("en_factbook", "CC0 1.0"),
    RawText("en_openstax_ccby", "CC BY 4.0"),
    RawText("par_docs_tatoeba", "of its sources: MIT, Apache-2.0, CC BY, CC BY-SA; its CC BY-NC-SA part is left out"),
    RawText("zh_wikipedia", "CC BY-SA"),
    RawText("zh_news_xwlb", "repository MIT; text of CCTV, no licence stated"),
    RawText("zh_tech_essays", "CC BY-SA 4.0, Unlicense, none stated; its CC BY-NC-SA part is left out"),
    RawText("zh_laws", "statutes"),
)
PAIRS = (
    PairSet(
        "sighan",
        ("zh/sighan-csc/train2013.txt", "zh/sighan-csc/train2014.txt.xz", "zh/sighan-csc/train2015.txt.xz"),
        "repository MIT; SIGHAN data for research",
    ),
    PairSet(
        "ecspell",
        ("zh/ecspell-csc/law.train.xz", "zh/ecspell-csc/med.train.xz", "zh/ecspell-csc/odw.train.xz"),
        "repository MIT",
        carved=True,
    ),
)


def documents(data: Path, raw: RawText, *, read: bool, characters: int | None = None) -> Iterator[str]:
    """Documents of a file that training may see.

    Args:
        data: the folder with ``raw``. raw: the file. read: those that lessons are made of, or else the others.
        characters: about so many at most.

    Raises:
        DataError: the file is missing or damaged.
    """
    path, left = data / "raw" / f"{raw.name}.jsonl.xz", characters
    try:
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row.get("source") in _NON_COMMERCIAL:
                    continue
                for text in filter(None, (row.get(key) for key in ("text", "en", "zh"))):
                    if not is_document_held_back(text) and is_read(text) == read:
                        yield text
                        left = None if left is None else left - len(text)
                if left is not None and left <= 0:
                    return
    except (OSError, EOFError, lzma.LZMAError, ValueError, AttributeError) as error:
        raise DataError(f"{path} cannot be read: {error!r}") from error


def is_read(text: str) -> bool:
    """Whether lessons are made of a document, rather than that its words are counted."""
    digest = hashlib.sha256(f"spelling\x1e{text[:_HEAD]}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") < READ * 2**32


def known_misspellings(data: Path) -> dict[str, list[str]]:
    """Misspellings of the right words that are not held back, from codespell's dictionary (CC BY-SA 3.0).

    Raises:
        DataError: the dictionary cannot be read.
    """
    made: dict[str, list[str]] = {}
    try:
        for line in read_text(data / DICTIONARY).splitlines():
            wrong, arrow, right = line.strip().partition("->")
            words = right.split(",")[:-1] if "," in right else [right]
            for word in (word.strip() for word in words if arrow):
                if _PLAIN.fullmatch(wrong) and _PLAIN.fullmatch(word) and not is_held_back(word):
                    made.setdefault(word, []).append(wrong)
    except (OSError, lzma.LZMAError, ValueError) as error:
        raise DataError(f"{data / DICTIONARY} cannot be read: {error!r}") from error
    if not made:
        raise DataError(f"{data / DICTIONARY} has no misspellings")
    return made


def pairs(data: Path, source: PairSet) -> list[tuple[str, str]]:
    """Wrong and right sentences of a set, without those that are held back.

    Raises:
        DataError: a file is missing, or is not in the layout that is expected.
    """
    made = []
    for name in source.paths:
        try:
            for line in read_text(data / name).splitlines():
                _, wrong, right = (part.strip() for part in line.split("\t"))
                if not (source.carved and is_sentence_held_back(right)):
                    made.append((wrong, right))
        except (OSError, lzma.LZMAError, ValueError) as error:
            raise DataError(f"{data / name} cannot be read: {error!r}") from error
    return made


def shapes(data: Path) -> dict[str, str]:
    """Characters that look alike, from the confusion sets of the SIGHAN bake-off and of Wang et al. (2018).

    Raises:
        DataError: a file cannot be read.
    """
    made: dict[str, str] = {}
    for name in SHAPES:
        try:
            for line in read_text(data / name).splitlines():
                character, others = re.split("[,:]", line.strip(), maxsplit=1)
                made[character] = made.get(character, "") + others
        except (OSError, lzma.LZMAError, ValueError) as error:
            raise DataError(f"{data / name} cannot be read: {error!r}") from error
    return made
