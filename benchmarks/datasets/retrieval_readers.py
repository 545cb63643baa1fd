"""Readers of the retrieval sets: documents and queries with their ids, judgements, and texts judged for a query."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from collections.abc import Mapping

from slmkit.benchmarks.datasets.base import DataFile, Reader, Rows
from slmkit.benchmarks.datasets.readers import decoded, fields, lines, rows_of
from slmkit.errors import DataError

_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_DOCUMENT = re.compile(r"<docno>\s*(\S+?)\s*</docno>.*?<text>(.*?)</text>", re.DOTALL)
_TOPIC = re.compile(r"<title>(.*?)</title>", re.DOTALL)


def by_split(readers: Mapping[str, Reader]) -> Reader:
    """A reader for each of the dataset's files, chosen by the split that the file holds."""

    def read(file: DataFile, content: bytes) -> Rows:
        return readers[file.split](file, content)

    return read


def parallel_lines(file: DataFile, content: bytes) -> Rows:
    """Each line as it stands, blank ones too: line n of one file belongs to line n of another."""
    found = [line.rstrip("\r") for line in decoded(file, content).split("\n")]
    kept = found[:-1] if found[-1] == "" else found
    return Rows(kept, kept)


def plain_documents(file: DataFile, content: bytes) -> Rows:
    """A document a line, known by its text."""
    found = lines(file, content)
    return Rows(found, found)


def scifact_documents(file: DataFile, content: bytes) -> Rows:
    """SciFact's corpus as CSV: a document is its title and abstract, one text; labels are the ids.

    An abstract is printed as an array of quoted sentences, with no commas between them.
    """
    table = csv.DictReader(io.StringIO(decoded(file, content), newline=""))
    return rows_of((f"{row['title']} {_array_text(row['abstract'])}".strip(), row["doc_id"]) for row in table)


def _array_text(printed: str) -> str:
    return " ".join(str(ast.literal_eval(sentence.replace("\n", " "))) for sentence in _QUOTED.findall(printed))


def scifact_claims(file: DataFile, content: bytes) -> Rows:
    """SciFact's claims as CSV, one row an evidence: each claim once, labels are the ids."""
    table = csv.DictReader(io.StringIO(decoded(file, content), newline=""))
    return rows_of((claim, key) for key, claim in {row["id"]: row["claim"] for row in table}.items())


def beir_judgements(file: DataFile, content: bytes) -> Rows:
    """``query-id<TAB>corpus-id<TAB>score`` under a header: inputs are pairs of ids, labels grades."""
    parts = (fields(file, line, 3) for line in lines(file, content)[1:])
    return rows_of(((query, document), int(grade)) for query, document, grade in parts)


def trec_documents(file: DataFile, content: bytes) -> Rows:
    """Cranfield's ``<docno>`` and ``<text>``, which begins with the title; labels are the numbers."""
    return rows_of((" ".join(text.split()), number) for number, text in _DOCUMENT.findall(decoded(file, content)))


def trec_topics(file: DataFile, content: bytes) -> Rows:
    """Cranfield's ``<title>`` of each topic, numbered from 1 in order, as the judgements number them.

    Their own ``<num>`` leaves numbers out and runs to 365.
    """
    found = _TOPIC.findall(decoded(file, content))
    return rows_of((" ".join(text.split()), str(number)) for number, text in enumerate(found, start=1))


def trec_judgements(file: DataFile, content: bytes) -> Rows:
    """``query 0 document grade``: inputs are pairs of ids; labels 1 where the grade is above 0."""
    found = []
    for line in lines(file, content):
        parts = line.split()
        if len(parts) != 4:
            raise DataError(f"{file.path} has a line of {len(parts)} fields where 4 are expected: {line[:80]!r}")
        found.append(((parts[0], parts[2]), int(int(parts[3]) > 0)))
    return rows_of(found)


def csv_judged(*, query: str, text: str, label: str) -> Reader:
    """A CSV file with a header: inputs are ``(query, text)``, labels grades."""

    def read(file: DataFile, content: bytes) -> Rows:
        table = csv.DictReader(io.StringIO(decoded(file, content), newline=""))
        return rows_of(((row[query], row[text]), int(row[label])) for row in table)

    return read


def json_judged(*, query: str, text: str, label: str) -> Reader:
    """One JSON object a line: inputs are ``(query, text)``, labels grades."""

    def read(file: DataFile, content: bytes) -> Rows:
        rows = [json.loads(line) for line in lines(file, content)]
        return rows_of(((row[query], row[text]), int(row[label])) for row in rows)

    return read


def json_ranked(file: DataFile, content: bytes) -> Rows:
    """``{"query", "title", "neg_title"}`` a line: the title is graded 1, the other 0."""
    rows = [json.loads(line) for line in lines(file, content)]
    return rows_of(((row["query"], row[key]), grade) for row in rows for key, grade in (("title", 1), ("neg_title", 0)))


def squad_paragraphs(file: DataFile, content: bytes) -> Rows:
    """SQuAD-style JSON: inputs are ``(question, its paragraph)``, labels 1."""
    articles = json.loads(decoded(file, content))["data"]
    paragraphs = [p for article in articles for p in article["paragraphs"]]
    return rows_of(((qa["question"], p["context"]), 1) for p in paragraphs for qa in p["qas"])
