"""One search over one state of the index: candidates from both sides, joined, and read as hits."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from slmkit.errors import InputError
from slmkit.tasks.question_answering import documents
from slmkit.tasks.question_answering.dense import Dense, View
from slmkit.tasks.question_answering.documents import as_given
from slmkit.tasks.question_answering.filters import compile_where
from slmkit.tasks.question_answering.fusion import FUSIONS, Ranking, gain_of_words, in_order
from slmkit.tasks.question_answering.lexical import Lexical, mean_length
from slmkit.tasks.question_answering.nearest import exact_search, hits_among
from slmkit.tasks.question_answering.records import MODES, Hit, Key
from slmkit.tasks.question_answering.vectors import read_some

_POOL = 50  # candidates of each side at least
_KNOWN = 1000  # passages whose words are weighed at least: candidates by meaning should be among them
_HIT = """
SELECT p.id, d.key, p.start, p.stop, d.metadata,
    CASE typeof(t.text) WHEN 'text' THEN substr(t.text, p.start + 1, p.stop - p.start) ELSE t.text END, typeof(t.text)
FROM passages p JOIN documents d ON d.id = p.document JOIN texts t ON t.id = d.id
WHERE p.id IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True)
class Wanted:
    """What a search asks for; ``condition`` and ``bound`` are what ``compile_where`` gave, ``spread`` is the core's."""

    k: int
    mode: str
    condition: str
    bound: Sequence[Any]
    per_document: int | None
    fusion: str
    weight: float
    spread: float

    @classmethod
    def checked(
        cls,
        k: Any,
        mode: str,
        where: Mapping[str, Any] | None,
        per_document: Any,
        fusion: str = "scores",
        weight: float = 0.5,
        spread: float = 0.0,
    ) -> Wanted:
        """Look at a caller's arguments.

        Raises:
            InputError: one is out of range.
        """
        for name, value in (("k", k), ("per_document", 1 if per_document is None else per_document)):
            if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
                raise InputError(f"{name} must be a whole number from 1 up, not {value!r}")
        if mode not in MODES:
            raise InputError(f"mode {mode!r} is not known; give one of {', '.join(MODES)}")
        if fusion not in FUSIONS:
            raise InputError(f"fusion {fusion!r} is not known; give one of {', '.join(FUSIONS)}")
        if not 0 <= weight <= 1:
            raise InputError(f"weight must be from 0 to 1, not {weight!r}")
        return cls(int(k), mode, *compile_where(where), per_document, fusion, float(weight), spread)

    @property
    def adds_up(self) -> bool:
        """Whether scores of both sides are added up, for which each side's candidates need the other's score."""
        return self.mode == "hybrid" and self.fusion == "scores"

    def weights(self, length: float) -> tuple[float, float]:
        """Of the dense and the lexical side: 1 for the weightier, and where scores are joined in parts of a cosine.

        Args:
            length: words of the passages that are ranked, on the average.
        """
        dense, lexical = (each / max(self.weight, 1 - self.weight) for each in (self.weight, 1 - self.weight))
        return dense, lexical * (gain_of_words(self.spread, length) if self.adds_up else 1)


def search(
    connection: sqlite3.Connection,
    dense: Dense,
    lexical: Lexical,
    queries: Sequence[str],
    vectors: np.ndarray | None,
    wanted: Wanted,
) -> list[list[Hit]]:
    """Hits for each query.

    Args:
        vectors: of the queries, float32 ``(n, width)``; None for a search by words alone.
    """
    view = dense.view(connection) if vectors is not None else None
    allowed = _allowed(connection, wanted)
    pool = max(_POOL, 4 * wanted.k)
    near: list[Ranking] = [[] for _ in queries]
    if view is not None and vectors is not None:
        near = _nearest(connection, view, vectors, pool, allowed)
    results = []
    for number, query in enumerate(queries):
        depth, mine, length = pool, near[number], 0.0
        while True:
            words: Ranking = []
            if wanted.mode != "dense":
                words = lexical.search(connection, query, max(depth, _KNOWN) if wanted.adds_up else depth, allowed)
            both = mine
            if vectors is not None and wanted.adds_up:
                both = [*mine, *_others(connection, vectors[number], mine, words[:depth])]
                if words and not length:  # of so many, whatever ``k`` is: it must not change what is first
                    length = mean_length(connection, [item for item, _ in (*mine[:_POOL], *words[:_POOL])])
            hits = _hits(connection, both, words, wanted, length)
            # With a limit on the passages of a document, the candidates may all be of a few long ones.
            if len(hits) >= wanted.k or max(len(mine), len(words[:depth])) < depth:
                break
            depth *= 4
            if view is not None and vectors is not None:
                mine = _nearest(connection, view, vectors[number : number + 1], depth, allowed)[0]
        results.append(hits)
    return results


def similar(connection: sqlite3.Connection, dense: Dense, key: Key, wanted: Wanted) -> list[Hit]:
    """The documents nearest to the mean of this one's vectors, itself left out."""
    known = documents.find(connection, key)
    if known is None:
        raise InputError(f"no document {key!r} in the index")
    own = [row[0] for row in connection.execute("SELECT id FROM passages WHERE document = ?", (known[0],))]
    vectors = read_some(connection, own, dense.width)[1]
    mean = vectors.mean(0)
    query = (mean / max(float(np.linalg.norm(mean)), 1e-12))[None].astype(np.float32)
    view, allowed = dense.view(connection), _allowed(connection, wanted)
    depth = max(_POOL, 4 * wanted.k) + len(own)
    while True:
        found = _nearest(connection, view, query, depth, allowed)[0]
        others = [pair for pair in found if pair[0] not in set(own)]
        hits = _hits(connection, others, [], wanted)
        if len(hits) >= wanted.k or len(found) < depth:
            return hits
        depth *= 4


def recall(connection: sqlite3.Connection, dense: Dense, vectors: np.ndarray, k: int) -> float:
    """Of the ``k`` passages nearest to each query ``(n, width)``, the share that the index finds."""
    truth = exact_search(connection, vectors, k)
    total = sum(len(ids) for ids, _ in truth)
    found = dense.view(connection).search(connection, vectors, max(_POOL, 4 * k), None)
    hits = sum(hits_among(got[:k], best) for (_, got), (_, best) in zip(found, truth, strict=True))
    return hits / total if total else 1.0


def _allowed(connection: sqlite3.Connection, wanted: Wanted) -> np.ndarray | None:
    """Numbers of the passages that the conditions allow, in order; None for all."""
    if wanted.condition == "1":
        return None
    rows = connection.execute(
        "SELECT p.id FROM documents CROSS JOIN passages p ON p.document = documents.id WHERE " + wanted.condition,
        wanted.bound,
    )
    return np.sort(np.fromiter((row[0] for row in rows), dtype=np.int64))


def _nearest(
    connection: sqlite3.Connection, view: View, vectors: np.ndarray, k: int, allowed: np.ndarray | None
) -> list[Ranking]:
    found = view.search(connection, vectors, k, allowed)
    return [in_order(zip(ids.tolist(), scores.tolist(), strict=True)) for ids, scores in found]


def _others(connection: sqlite3.Connection, vector: np.ndarray, near: Ranking, words: Ranking) -> Ranking:
    """The cosines of passages that were only found by words."""
    found = {item for item, _ in near}
    ids, vectors = read_some(connection, [item for item, _ in words if item not in found], len(vector))
    return list(zip(ids.tolist(), (vectors @ vector).tolist(), strict=True))


def _hits(
    connection: sqlite3.Connection, near: Ranking, words: Ranking, wanted: Wanted, length: float = 0.0
) -> list[Hit]:
    if wanted.mode == "hybrid":
        ranked = FUSIONS[wanted.fusion]([near, words], wanted.weights(length))
    else:
        ranked = list(near if wanted.mode == "dense" else words)
    if wanted.per_document is not None:
        ranked = _limit(connection, ranked, wanted.per_document)
    chosen = ranked[: wanted.k]
    rows = {row[0]: row for row in connection.execute(_HIT, (json.dumps([item for item, _ in chosen]),))}
    dense, lexical = dict(near), dict(words)
    return [_hit(rows[item], score, dense.get(item), lexical.get(item)) for item, score in chosen]


def _limit(connection: sqlite3.Connection, ranked: list[tuple[int, float]], most: int) -> list[tuple[int, float]]:
    """At most so many passages of one document."""
    owners = dict(
        connection.execute(
            "SELECT id, document FROM passages WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([item for item, _ in ranked]),),
        )
    )
    seen: Counter[int] = Counter()
    kept = []
    for item, score in ranked:
        seen[owners[item]] += 1
        if seen[owners[item]] <= most:
            kept.append((item, score))
    return kept


def _hit(row: Sequence[Any], score: float, dense: float | None, lexical: float | None) -> Hit:
    _, key, start, stop, metadata, text, kind = row
    passage = text if kind == "text" else as_given(text)[start:stop]
    return Hit(as_given(key), passage, start, stop, score, dense, lexical, json.loads(metadata))
