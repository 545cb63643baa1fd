"""``verify``: whether all parts of an index are whole and agree with each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from slmkit.errors import IndexDamagedError
from slmkit.tasks.question_answering import nearest_file
from slmkit.tasks.question_answering.documents import as_given, digest
from slmkit.tasks.question_answering.records import VerifyReport
from slmkit.tasks.question_answering.store import Store, is_past
from slmkit.tasks.question_answering.vectors import read_blocks, read_some

_ROWS = 256
_SAMPLE = 256
_ORPHANS = {
    "passages without a document": "passages p LEFT JOIN documents d ON d.id = p.document WHERE d.id IS NULL",
    "documents without a passage": "documents d LEFT JOIN passages p ON p.document = d.id WHERE p.id IS NULL",
    "documents without a text": "documents d LEFT JOIN texts t ON t.id = d.id WHERE t.id IS NULL",
    "passages without a vector": "passages p LEFT JOIN vectors v ON v.id = p.id WHERE v.id IS NULL",
    "vectors without a passage": "vectors v LEFT JOIN passages p ON p.id = v.id WHERE p.id IS NULL",
    "passages without words": "passages p LEFT JOIN words_docsize w ON w.id = p.id WHERE w.id IS NULL",
    "words without a passage": "words_docsize w LEFT JOIN passages p ON p.id = w.id WHERE p.id IS NULL",
}


def verify(store: Store) -> VerifyReport:
    """Look through everything; memory stays flat."""
    words = store.words_problem()
    try:
        with store.read() as connection:
            report = _report(connection, store.folder, int(store.facts["width"]))
    except IndexDamagedError as error:  # so much that it cannot even be read
        report = VerifyReport(0, 0, (str(error),))
    return report if words is None else replace(report, problems=(*report.problems, words))


def _report(connection: sqlite3.Connection, folder: Path, width: int) -> VerifyReport:
    """Of one state of the index; ``width`` is a vector's."""
    count = "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages)"
    documents, passages = connection.execute(count).fetchone()
    problems = [*_structure(connection), *_contents(connection)]
    wrong = list(_vectors(connection, width))
    problems += wrong or _derived(connection, folder, width)
    return VerifyReport(documents, passages, tuple(problems))


def _structure(connection: sqlite3.Connection) -> Iterator[str]:
    for (line,) in connection.execute("PRAGMA integrity_check(10)"):
        if line != "ok":
            yield f"database: {line}"
    for what, joined in _ORPHANS.items():
        (count,) = connection.execute(f"SELECT count(*) FROM {joined}").fetchone()
        if count:
            yield f"{count} {what}"


def _contents(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute("SELECT id, key, text, metadata, digest FROM documents JOIN texts USING (id) ORDER BY id")
    for number, key, stored, metadata, wanted in rows:
        text = as_given(stored)
        if digest(text, metadata) != wanted:
            yield f"document {as_given(key)!r}: its text or metadata is not what went in"
        spans = connection.execute(
            "SELECT start, stop FROM passages WHERE document = ? ORDER BY id", (number,)
        ).fetchall()
        covered = 0
        for start, stop in spans:
            if not 0 <= start < stop <= len(text) or text[covered:start].strip():
                yield f"document {as_given(key)!r}: its passages leave something out"
                break
            covered = max(covered, stop)
        else:
            if text[covered:].strip():
                yield f"document {as_given(key)!r}: its passages leave something out"


def _vectors(connection: sqlite3.Connection, width: int) -> Iterator[str]:
    (wrong,) = connection.execute("SELECT count(*) FROM vectors WHERE length(vector) <> ?", (2 * width,)).fetchone()
    if wrong:
        yield f"{wrong} vectors of the wrong size"
        return
    strange = 0
    for _, vectors in read_blocks(connection, width):
        strange += int((~(np.abs(np.linalg.norm(vectors, axis=1) - 1) < 0.01)).sum())
    if strange:
        yield f"{strange} vectors that are not of length 1"


def _derived(connection: sqlite3.Connection, folder: Path, width: int) -> Iterator[str]:
    """FAISS against the database: on a sample of rows, the vector that each holds."""
    for path in nearest_file.files(folder)[:1]:
        try:
            nearest = nearest_file.load(path, mapped=True)
        except (nearest_file.DamagedFileError, OSError) as error:
            yield f"{path.name} is damaged ({error}); the next search builds it anew"
            return
        if not is_past(connection, nearest.about.stamp) or not len(nearest.ids):
            return
        places = np.linspace(0, len(nearest.ids) - 1, min(_SAMPLE, len(nearest.ids))).astype(np.int64)
        ids, vectors = read_some(connection, nearest.ids[places], width)
        if nearest.about.kind == "flat" and len(ids):
            rows = np.searchsorted(nearest.ids, ids)
            held = np.stack([nearest.index.reconstruct(int(row)) for row in rows])
            if np.abs(held - vectors).max() > 1e-3:
                yield f"{path.name} holds other vectors than the database; delete it, and the next search builds it"
