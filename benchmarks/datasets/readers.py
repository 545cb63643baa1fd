"""Readers: one file's uncompressed bytes in, rows out. Each serves one layout; blank rows are left out."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from slmkit.benchmarks.datasets.base import DataFile, Reader, Rows
from slmkit.errors import DataError


def decoded(file: DataFile, content: bytes, encoding: str = "utf-8-sig") -> str:
    """A file's text."""
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(f"{file.path} is not {encoding} text: {error}") from error


def lines(file: DataFile, content: bytes, encoding: str = "utf-8-sig") -> list[str]:
    """A file's lines, blank ones left out."""
    # Not str.splitlines: it also breaks at U+2028 and the like, which stand inside some texts.
    return [line.rstrip("\r") for line in decoded(file, content, encoding).split("\n") if line.strip()]


def rows_of(pairs: Iterable[tuple[object, object]]) -> Rows:
    """Inputs and labels, rows with a blank input left out."""
    inputs, labels = [], []
    for value, label in pairs:
        if isinstance(value, str) and not value.strip():
            continue
        inputs.append(value)
        labels.append(label)
    return Rows(inputs, labels)


def _named(file: DataFile, names: Mapping[str, str], key: str) -> str:
    try:
        return names[key]
    except KeyError:
        raise DataError(f"{file.path} has the label {key!r}; known labels are {', '.join(names)}") from None


def fields(file: DataFile, line: str, n: int) -> list[str]:
    """The ``n`` columns of a line."""
    parts = line.split("\t")
    if len(parts) != n:
        raise DataError(f"{file.path} has a line of {len(parts)} columns where {n} are expected: {line[:80]!r}")
    return parts


def tab_text_label(names: Mapping[str, str]) -> Reader:
    """``text<TAB>label`` without a header."""

    def read(file: DataFile, content: bytes) -> Rows:
        parts = (fields(file, line, 2) for line in lines(file, content))
        return rows_of((text, _named(file, names, label)) for text, label in parts)

    return read


def tab_label_text(names: Mapping[str, str]) -> Reader:
    """``label<TAB>text`` under a header line."""

    def read(file: DataFile, content: bytes) -> Rows:
        parts = (fields(file, line, 2) for line in lines(file, content)[1:])
        return rows_of((text, _named(file, names, label)) for label, text in parts)

    return read


def csv_table(*, text: tuple[str, ...], label: str, names: Mapping[str, str] | None = None) -> Reader:
    """A CSV file with a header; several text columns are joined by a space."""

    def read(file: DataFile, content: bytes) -> Rows:
        table = csv.DictReader(io.StringIO(decoded(file, content), newline=""))
        missing = {*text, label} - set(table.fieldnames or ())
        if missing:
            raise DataError(f"{file.path} has no column {', '.join(sorted(missing))}; got {table.fieldnames}")
        return rows_of(
            (" ".join(row[c] for c in text), _named(file, names, row[label]) if names else row[label]) for row in table
        )

    return read


def ag_news(names: Mapping[str, str]) -> Reader:
    """AG News: ``class,title,description``; the subset has a header line, the test file has none."""

    def read(file: DataFile, content: bytes) -> Rows:
        rows = [r for r in csv.reader(io.StringIO(decoded(file, content), newline="")) if r]
        if rows and rows[0][0] == "class_index":
            rows = rows[1:]
        return rows_of((" ".join(r[1:]), _named(file, names, r[0])) for r in rows)

    return read


def trec_coarse(file: DataFile, content: bytes) -> Rows:
    """``COARSE:fine question`` in Latin-1; the label is the part before the colon."""
    parts = (line.split(" ", 1) for line in lines(file, content, "latin-1"))
    return rows_of((question, label.split(":")[0]) for label, question in parts)


def json_lines(*, text: str, label: str) -> Reader:
    """One JSON object a line."""

    def read(file: DataFile, content: bytes) -> Rows:
        rows = [json.loads(line) for line in lines(file, content)]
        return rows_of((row[text], row[label]) for row in rows)

    return read


def polarity_files(file: DataFile, content: bytes) -> Rows:
    """One snippet a line in Latin-1; the file's name says which class it holds."""
    label = "positive" if ".pos" in file.path else "negative"
    return rows_of((line.strip(), label) for line in lines(file, content, "latin-1"))


def review_archive(file: DataFile, content: bytes) -> Rows:
    """A zip of ``…/pos/*.txt`` and ``…/neg/*.txt``, one review a file."""
    names = {"pos": "positive", "neg": "negative"}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = sorted(m for m in archive.namelist() if m.endswith(".txt") and PurePosixPath(m).parent.name in names)
        return rows_of(
            (archive.read(m).decode("latin-1").strip(), names[PurePosixPath(m).parent.name]) for m in members
        )


def csv_pairs(file: DataFile, content: bytes) -> Rows:
    """``sentence1,sentence2,score`` as CSV without a header."""
    rows = [r for r in csv.reader(io.StringIO(decoded(file, content), newline="")) if r]
    return rows_of(((a, b), float(score)) for a, b, score in rows)


def tab_pairs(file: DataFile, content: bytes) -> Rows:
    """``text1<TAB>text2<TAB>number`` without a header."""
    parts = (fields(file, line, 3) for line in lines(file, content))
    return rows_of(((a, b), float(score)) for a, b, score in parts)


def cluener(file: DataFile, content: bytes) -> Rows:
    """CLUENER: ``{"text", "label": {type: {mention: [[start, last]]}}}``; spans come out half open."""

    def spans(label: Mapping[str, Mapping[str, list[list[int]]]]) -> list[tuple[int, int, str]]:
        found = [(s, e + 1, kind) for kind, by_text in label.items() for at in by_text.values() for s, e in at]
        return sorted(found)

    rows = [json.loads(line) for line in lines(file, content)]
    return rows_of((row["text"], spans(row["label"])) for row in rows)


def squad(file: DataFile, content: bytes) -> Rows:
    """SQuAD-style JSON: inputs are ``(context, question)``, labels the list of accepted answers."""
    articles = json.loads(decoded(file, content))["data"]
    paragraphs = [p for article in articles for p in article["paragraphs"]]
    return rows_of(
        ((p["context"], qa["question"]), [a["text"] for a in qa["answers"]]) for p in paragraphs for qa in p["qas"]
    )
