"""Search by words: BM25 of SQLite's FTS5, with a bound on how many passages are scored."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Sequence

import numpy as np

from slmkit.tasks.question_answering.store import read_stamp
from slmkit.tasks.question_answering.terms import query_terms

# Passages that are scored for a query, at about 4 µs each. Scoring those that hold "the" takes seconds in a large
# index and tells nothing: a query's rarest words come first, and the others are left out when there are too many.
BUDGET = 30_000
_COUNT = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
_RANKED = "SELECT rowid, -rank FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rank, rowid"
_LAST = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid LIMIT 1 OFFSET ?"
_HOLDING = "SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid"
_LENGTH = """
SELECT avg(length(terms) - length(replace(terms, ' ', '')) + 1)
FROM words WHERE rowid IN (SELECT value FROM json_each(?))
"""
_SPARSE = 3  # times the budget that are scored where a filter allows few of them
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
        expression, common = self._bounded(connection, query_terms(query))
        if not expression:
            return []
        if not common:
            scored = 0, 2**62
        elif allowed is None:
            scored = 0, connection.execute(_LAST, (expression, BUDGET - 1)).fetchone()[0]
        else:
            scored = _stretch(connection, expression, allowed)
        rows = connection.execute(_RANKED, (expression, *scored))
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

    def _bounded(self, connection: sqlite3.Connection, terms: list[str]) -> tuple[str, bool]:
        """The query's rarest words as an FTS5 expression; whether more passages hold them than are scored."""
        counts = self._count(connection, terms)
        kept: list[str] = []
        scored = 0
        for term in sorted((term for term in terms if counts[term]), key=lambda term: counts[term]):
            scored += counts[term]
            if kept and scored > BUDGET:
                break
            kept.append(term)
        return " OR ".join(kept), len(kept) == 1 and counts[kept[0]] > BUDGET

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


def mean_length(connection: sqlite3.Connection, items: Sequence[int]) -> float:
    """Words of these passages as they are searched by, on the average; 0 where there are none."""
    return float(connection.execute(_LENGTH, (json.dumps(items),)).fetchone()[0] or 0.0)


def _stretch(connection: sqlite3.Connection, expression: str, allowed: np.ndarray) -> tuple[int, int]:
    """First and last of the passages that are scored: they hold the word, and some of them are allowed."""
    rows = connection.execute(_HOLDING, (expression,))
    begin = end = found = seen = 0
    while found < BUDGET and seen < _SPARSE * BUDGET and (block := rows.fetchmany(_FETCHED)):
        numbers = np.array([number for (number,) in block])
        inside = numbers[np.isin(numbers, allowed)]
        if len(inside):
            begin, end = begin or int(inside[0]), int(inside[: BUDGET - found][-1])
            found += len(inside)
        if begin:
            seen += len(numbers)
    return begin, end
