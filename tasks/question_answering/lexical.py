"""Search by words: BM25 of SQLite's FTS5, with a bound on how many passages are scored."""

from __future__ import annotations

import json
import sqlite3
import threading

import numpy as np

from slmkit.tasks.question_answering.store import read_stamp
from slmkit.tasks.question_answering.terms import query_terms

# Passages that are scored for a query, at about 4 µs each. Scoring those that hold "the" takes seconds in a large
# index and tells nothing: a query's rarest words come first, and the others are left out when there are too many.
BUDGET = 30_000
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
_RANKED = "SELECT rowid, -rank FROM words WHERE words MATCH ? AND rowid <= ? ORDER BY rank, rowid"
_LAST = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid LIMIT 1 OFFSET ?"
_HOLDING = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid"
_RANKED_OF = (
    "SELECT rowid, -rank FROM words WHERE words MATCH ? AND rowid IN (SELECT value FROM json_each(?)) "
    "ORDER BY rank, rowid"
)
_FETCHED = 1000
_REMEMBERED = 50_000  # words


class Lexical:
    """Searches the words of one index; remembers how many passages hold a word for as long as nothing changes."""

    def __init__(self) -> None:
        self._stamp: tuple[int, str] | None = None
        self._counts: dict[str, int] = {}
        self._guard = threading.Lock()

    def search(
        self, connection: sqlite3.Connection, query: str, k: int, allowed: np.ndarray | None
    ) -> list[tuple[int, float]]:
        """The ``k`` best passages that hold any of the query's words, with their BM25 (more is better).

        Args:
            allowed: numbers of the passages that may be found, in order; None for all.
        """
        expression, last = self._bounded(connection, query_terms(query))
        if not expression:
            return []
        if last is None:
            rows = connection.execute(_RANKED, (expression, 2**62))
        elif allowed is None:
            rows = connection.execute(_RANKED, (expression, last))
        else:
            rows = connection.execute(_RANKED_OF, (expression, _first_of(connection, expression, allowed)))
        found: list[tuple[int, float]] = []
        while len(found) < k:
            block = rows.fetchmany(_FETCHED if allowed is not None else min(k, _FETCHED))
            if not block:
                break
            if allowed is not None:
                inside = np.isin([item for item, _ in block], allowed)
                block = [pair for pair, kept in zip(block, inside, strict=True) if kept]
            found += block
        return found[:k]

    def _bounded(self, connection: sqlite3.Connection, terms: list[str]) -> tuple[str, int | None]:
        """The query's rarest words as an FTS5 expression, and up to which passage they are looked for, None for all."""
        counts = self._count(connection, terms)
        kept: list[str] = []
        scored = 0
        for term in sorted((term for term in terms if counts[term]), key=lambda term: counts[term]):
            scored += counts[term]
            if kept and scored > BUDGET:
                break
            kept.append(term)
        last = None
        if len(kept) == 1 and counts[kept[0]] > BUDGET:
            last = connection.execute(_LAST, (kept[0], BUDGET - 1)).fetchone()[0]
        return " OR ".join(kept), last

    def _count(self, connection: sqlite3.Connection, terms: list[str]) -> dict[str, int]:
        """How many passages hold each word, counted no further than to just above the budget."""
        stamp = read_stamp(connection)
        with self._guard:
            if stamp != self._stamp or len(self._counts) > _REMEMBERED:
                self._stamp, self._counts = stamp, {}
            counts = self._counts
        for term in terms:
            if term not in counts:
                counts[term] = connection.execute(_COUNT, (term, BUDGET + 1)).fetchone()[0]
        return counts


def _first_of(connection: sqlite3.Connection, expression: str, allowed: np.ndarray) -> str:
    """The first allowed passages that hold a word, as many as are scored, as JSON."""
    rows = connection.execute(_HOLDING, (expression,))
    found: list[int] = []
    while len(found) < BUDGET and (block := rows.fetchmany(10 * _FETCHED)):
        numbers = np.array([number for (number,) in block])
        found += numbers[np.isin(numbers, allowed)].tolist()
    return json.dumps(found[:BUDGET])
