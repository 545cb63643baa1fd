"""Rows into an index, a chunk at a time: cut, embedded, and committed together, so that a kill costs one chunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from slmkit.errors import InputError
from slmkit.tasks.question_answering import documents
from slmkit.tasks.question_answering.passages import passage_spans
from slmkit.tasks.question_answering.records import AddReport, Embedder, Refusal
from slmkit.tasks.question_answering.sources import Row, Source, chunked
from slmkit.tasks.question_answering.store import Store, read_stamp

# A chunk ends when it holds as many documents or characters: little enough to lose, enough to embed in full batches.
CHUNK_ROWS, CHUNK_CHARACTERS = 256, 400_000
_EMBED = 256  # passages at a time
_EXAMPLES = 100

_THERE = "its id is already in the index"
_OTHER = "its id is already in the index with another content (update replaces it)"
_TWICE = "its id came before in the same call"


class Adding:
    """One call of ``add`` or ``update``.

    Args:
        replace: put documents in place of older states of themselves. resume: pass over those that are there, the same.
        strict: raise on the first row that cannot go in.
    """

    def __init__(self, store: Store, slm: Embedder, *, replace: bool, resume: bool, strict: bool) -> None:
        self.store, self.slm, self.replace, self.resume, self.strict = store, slm, replace, resume, strict
        with store.read() as connection:
            self._before = read_stamp(connection)[0]
            (last,) = connection.execute("SELECT COALESCE(MAX(id), 0) FROM documents").fetchone()
        self._met = bytearray(last // 8 + 1)  # a bit for each document that was there: whether it came in this call
        self._counts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._examples: list[Refusal] = []

    def run(self, source: Source, advance: Callable[[int], None], committed: Callable[[], None]) -> AddReport:
        """Take in all rows; ``committed`` is called after each chunk."""
        for chunk in chunked(source.rows, CHUNK_ROWS, CHUNK_CHARACTERS):
            self._take(chunk)
            advance(len(chunk))
            committed()
        counts = {name: self._counts[name] for name in ("added", "updated", "unchanged", "passages")}
        refused = self._reasons.total()
        return AddReport(**counts, refused=refused, reasons=dict(self._reasons), examples=tuple(self._examples))

    def _take(self, chunk: list[Row]) -> None:
        fresh = self._sift(chunk)
        if not fresh:
            return
        tokens = self.slm.tokenizer.encode_batch([row.text for row in fresh])
        spans = [passage_spans(row.text, each) for row, each in zip(fresh, tokens, strict=True)]
        vectors = self._embed([row.text[a:b] for row, each in zip(fresh, spans, strict=True) for a, b in each])
        with self.store.change("update" if self.replace else "add") as change:
            at = 0
            for row, each in zip(fresh, spans, strict=True):
                old = documents.find(change.connection, row.key)
                if old is not None:
                    documents.remove(change, old[0])
                part = vectors[at : at + len(each)]
                documents.insert(change, row.key, row.text, documents.metadata_json(row.metadata), each, part)
                at += len(each)
                self._counts["added" if old is None else "updated"] += 1
        self._counts["passages"] += at

    def _sift(self, chunk: list[Row]) -> list[Row]:
        """The rows that have to go in; the others are counted."""
        fresh: dict[Any, Row] = {}
        with self.store.read() as connection:
            for row in chunk:
                problem = row.problem or (_TWICE if row.key in fresh else None)
                known = None if problem else documents.find(connection, row.key)
                if known is not None:
                    same = known[1] == documents.digest(row.text, documents.metadata_json(row.metadata))
                    if known[2] > self._before or self._meet(known[0]):
                        problem = _TWICE
                    elif same and (self.resume or self.replace):
                        self._counts["unchanged"] += 1
                        continue
                    elif not self.replace:
                        problem = _OTHER if self.resume else _THERE
                if problem is None:
                    fresh[row.key] = row
                else:
                    self._refuse(row, problem)
        return list(fresh.values())

    def _meet(self, number: int) -> bool:
        """Whether a document that was there before the call came in it already; from now on it did."""
        place, bit = number // 8, 1 << number % 8
        met = bool(self._met[place] & bit)
        self._met[place] |= bit
        return met

    def _refuse(self, row: Row, problem: str) -> None:
        if self.strict:
            raise InputError(f"row {row.number} (id {row.id!r}): {problem}")
        self._reasons[problem] += 1
        if len(self._examples) < _EXAMPLES:
            self._examples.append(Refusal(row.number, row.id, problem))

    def _embed(self, texts: list[str]) -> np.ndarray:
        blocks = [
            self.slm.embed(texts[start : start + _EMBED], kind="passage") for start in range(0, len(texts), _EMBED)
        ]
        vectors = np.concatenate(blocks)
        if not np.isfinite(vectors).all():
            raise InputError("the core gave vectors that are not finite; nothing of this chunk was added")
        return vectors
