"""Documents into the database and out of it."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from slmkit.tasks.question_answering.passages import Span
from slmkit.tasks.question_answering.records import Document, Key
from slmkit.tasks.question_answering.sources import spelt_otherwise
from slmkit.tasks.question_answering.store import Change, Store
from slmkit.tasks.question_answering.terms import index_terms
from slmkit.tasks.question_answering.vectors import pack

# What SQLite's text cannot carry, or cuts off, is kept as bytes: every text comes back as it went in.
_ERRORS = "surrogatepass"
_SURROGATES = re.compile("[\ud800-\udfff]")
_PAGE = "SELECT id, key, text, metadata FROM documents JOIN texts USING (id) WHERE id > ? ORDER BY id LIMIT ?"
_PAGE_ROWS = 64


def as_stored(text: Key) -> str | int | bytes:
    """A text or id as SQLite can keep it."""
    if isinstance(text, int):
        return text
    return text.encode("utf-8", _ERRORS) if "\0" in text or _SURROGATES.search(text) else text


def as_given(stored: str | int | bytes) -> Any:
    """What ``as_stored`` was given."""
    return stored.decode("utf-8", _ERRORS) if isinstance(stored, bytes) else stored


def metadata_json(metadata: Mapping[str, Any]) -> str:
    """Metadata in the form that is kept: the same for the same values."""
    text = json.dumps(metadata, ensure_ascii=False, sort_keys=True, allow_nan=False)
    return _SURROGATES.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def digest(text: str, metadata: str) -> bytes:
    """Sixteen bytes that tell one content of a document from another."""
    whole = hashlib.blake2b(text.encode("utf-8", _ERRORS), digest_size=16)
    whole.update(b"\xff" + metadata.encode())  # a byte that no text holds
    return whole.digest()


def find(connection: sqlite3.Connection, key: Key) -> tuple[int, bytes, int] | None:
    """Number, digest and change of the document with this id."""
    return connection.execute("SELECT id, digest, change FROM documents WHERE key = ?", (as_stored(key),)).fetchone()


def insert(change: Change, key: Key, text: str, metadata: str, spans: Sequence[Span], vectors: Any) -> None:
    """Put in a document whose id is not there, with its passages (float32 ``(len(spans), width)``)."""
    connection = change.connection
    row = (as_stored(key), metadata, digest(text, metadata), change.number)
    number = connection.execute(
        "INSERT INTO documents (key, metadata, digest, change) VALUES (?, ?, ?, ?)", row
    ).lastrowid
    connection.execute("INSERT INTO texts VALUES (?, ?)", (number, as_stored(text)))
    for (start, end), vector in zip(spans, pack(vectors), strict=True):
        passage = connection.execute(
            "INSERT INTO passages (document, start, stop) VALUES (?, ?, ?)", (number, start, end)
        ).lastrowid
        connection.execute("INSERT INTO vectors VALUES (?, ?)", (passage, vector))
        connection.execute("INSERT INTO words (rowid, terms) VALUES (?, ?)", (passage, index_terms(text[start:end])))


def remove(change: Change, number: int) -> None:
    """Take out a document with all that belongs to it."""
    connection = change.connection
    passages = connection.execute("SELECT id FROM passages WHERE document = ?", (number,)).fetchall()
    connection.executemany("DELETE FROM words WHERE rowid = ?", passages)
    connection.execute("DELETE FROM documents WHERE id = ?", (number,))  # its text, passages and vectors go with it
    change.removed += len(passages)


def load(connection: sqlite3.Connection, key: Key) -> Document | None:
    """The document with this id."""
    row = connection.execute(
        "SELECT key, text, metadata FROM documents JOIN texts USING (id) WHERE key = ?", (as_stored(key),)
    ).fetchone()
    return None if row is None else _document(row)


def near_miss(connection: sqlite3.Connection, key: Key) -> str:
    """What to say of an id that no document has: whether one has it as a text instead of a number, or the reverse."""
    other = spelt_otherwise(key)
    if other is None or find(connection, other) is None:
        return ""
    return f"; there is {json.dumps(other)}, which is another id"


def load_all(store: Store) -> Iterator[Document]:
    """All documents in the order they went in, a page at a time: no state of the index is held meanwhile."""
    above = 0
    while True:
        with store.read() as connection:
            rows = connection.execute(_PAGE, (above, _PAGE_ROWS)).fetchall()
        if not rows:
            return
        above = rows[-1][0]
        yield from (_document(row) for _, *row in rows)


def _document(row: Sequence[Any]) -> Document:
    return Document(as_given(row[0]), as_given(row[1]), json.loads(row[2]))
