"""Readers of the sets whose label is a text: a summary, a title, a translation, a description, a continuation."""

from __future__ import annotations

import csv
import io
import json
import re
import tarfile

from slmkit.benchmarks.datasets.base import DataFile, Reader, Rows
from slmkit.benchmarks.datasets.readers import decoded, fields, lines, rows_of
from slmkit.errors import DataError

PARAGRAPH = (200, 2000)  # characters of a paragraph that is continued: the least, and where a longer one is cut
SENTENCE = 50  # characters of a Chinese sentence that is continued, at least
_ARTICLES, _SUMMARIES = "News Articles", "Summaries"
# The BBC summaries are sentences put together without a space: "… from $10.9bn.For the full year …".
_JOINT = re.compile(r"""(?:(?<=[a-z0-9)%][.!?])|(?<=[.!?]["'”’]))(?=[A-Z“‘])""")
# WikiText's tokenizer: "0 @.@ 7", "word ,", "( in", "lobster 's".
_SPACED = (
    (re.compile(r" @(.)@ "), r"\1"),
    (re.compile(r" ([.,;:!?%)\]]|'s\b|n't\b)"), r"\1"),
    (re.compile(r"([(\[$£]) "), r"\1"),
)


def csv_source_target(*, source: str, target: str) -> Reader:
    """A CSV file with a header, whose case does not matter."""

    def read(file: DataFile, content: bytes) -> Rows:
        table = csv.DictReader(io.StringIO(decoded(file, content), newline=""))
        names = {name.lower(): name for name in table.fieldnames or ()}
        if not {source, target} <= set(names):
            raise DataError(f"{file.path} needs the columns {source} and {target}; got {table.fieldnames}")
        return rows_of((_one_line_end(row[names[source]]), _one_line_end(row[names[target]]).strip()) for row in table)

    return read


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n")


def tab_target_source(file: DataFile, content: bytes) -> Rows:
    """``target<TAB>source`` without a header."""
    parts = (fields(file, line, 2) for line in lines(file, content))
    return rows_of((source.strip(), target.strip()) for target, source in parts)


def scitldr(file: DataFile, content: bytes) -> Rows:
    """SciTLDR: the sentences of an abstract, joined by a space, and all one-sentence summaries of the paper."""
    rows = [json.loads(line) for line in lines(file, content)]
    return rows_of((" ".join(row["source"]), [target.strip() for target in row["target"]]) for row in rows)


def dialogsum(file: DataFile, content: bytes) -> Rows:
    """DialogSum: a dialogue and its summary; the test file has three of them."""

    def summaries(row: dict[str, str]) -> str | list[str]:
        if "summary" in row:
            return row["summary"].strip()
        return [row[f"summary{number}"].strip() for number in (1, 2, 3)]

    rows = [json.loads(line) for line in lines(file, content)]
    return rows_of((row["dialogue"], summaries(row)) for row in rows)


def bbc_archive(file: DataFile, content: bytes) -> Rows:
    """A tar of ``News Articles/TOPIC/N.txt`` and ``Summaries/TOPIC/N.txt``; a space goes between two sentences."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        texts = {m.name: _as_text(archive.extractfile(m).read()) for m in archive if m.isfile()}  # type: ignore[union-attr]
    names = sorted(name for name in texts if f"/{_ARTICLES}/" in name)
    pairs = ((texts[name], texts[name.replace(_ARTICLES, _SUMMARIES)]) for name in names)
    return rows_of((article.strip(), _JOINT.sub(" ", summary.strip())) for article, summary in pairs)


def _as_text(content: bytes) -> str:
    # UTF-8 but for one article.
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def tatoeba(*, source: str) -> Reader:
    """``English<TAB>Chinese<TAB>attribution``; ``source`` is the language that is translated."""

    def read(file: DataFile, content: bytes) -> Rows:
        pairs = [[part.strip() for part in line.split("\t")[:2]] for line in lines(file, content)]
        return rows_of((zh, en) if source == "zh" else (en, zh) for en, zh in pairs)

    return read


def one_side(file: DataFile, content: bytes) -> Rows:
    """One language of a parallel set, a sentence a line; the label is the language, which ends the file's name.

    Blank lines stay, since the other file's lines are counted against these.
    """
    side = file.path.removesuffix(".xz").rpartition(".")[2]
    found = decoded(file, content).removesuffix("\n").split("\n")
    return Rows([line.strip() for line in found], [side] * len(found))


def wiki_paragraphs(file: DataFile, content: bytes) -> Rows:
    """WikiText paragraphs, cut in the middle: the first half is the input, the rest the text that follows.

    The spaces that its tokenizer put round marks are taken out; the ``<unk>`` for rare words stays.
    """
    found = []
    for line in lines(file, content):
        text = line.strip()
        if text.startswith("=") or len(text) < PARAGRAPH[0]:
            continue
        for pattern, by in _SPACED:
            text = pattern.sub(by, text)
        words = text[: PARAGRAPH[1]].split(" ")
        middle = len(words) // 2
        found.append((" ".join(words[:middle]), " ".join(words[middle:])))
    return rows_of(found)


def column_sentences(file: DataFile, content: bytes) -> Rows:
    """Chinese sentences with a character a line, whatever stands behind it; those long enough are cut in the middle."""
    found = []
    for block in decoded(file, content).split("\n\n"):
        text = "".join(line.split(maxsplit=1)[0] for line in block.splitlines() if line.strip())
        if len(text) >= SENTENCE:
            found.append((text[: len(text) // 2], text[len(text) // 2 :]))
    return rows_of(found)
