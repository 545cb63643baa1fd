"""Vectors in FAISS: exact up to some size, above it inverted lists that are trained on the data.

It is derived from the database and holds nothing of its own. What it was made from, and how well it finds what exact
search finds, stands in ``Nearest.about``.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from slmkit.tasks.question_answering.openmp import load_faiss, one_thread
from slmkit.tasks.question_answering.vectors import live_ids, read_blocks, read_some

Found = tuple[np.ndarray, np.ndarray]
"""Numbers int64 ``(n,)`` and scores float32 ``(n,)``, best first."""
# FAISS multiplies this many queries as one matrix, by other sums than one by one: a query must not feel its neighbours.
_TOGETHER = 16
_PER_LIST = 50  # vectors a list that the centres are trained on
_PROBE_QUERIES = 100
GOOD_RECALL = 0.98
_RESCORED = 4  # times as many as asked for are looked up exactly


@dataclass(frozen=True)
class About:
    """How a ``Nearest`` was made.

    Attributes:
        kind: "flat" (exact) or "ivf". core: fingerprint of the core. change, token: the state of the index.
        count: vectors. trained: vectors when the lists were made. probes: lists that are searched.
        recall: of the ten best of exact search, how many are found, measured on vectors of its own.
    """

    kind: str
    core: str
    change: int
    token: str
    count: int
    trained: int = 0
    probes: int = 0
    recall: float = 1.0

    @property
    def stamp(self) -> tuple[int, str]:
        """The state of the index that it was made from."""
        return self.change, self.token


@dataclass(frozen=True)
class Nearest:
    """A FAISS index and the number of the passage in each of its rows, in rising order."""

    about: About
    ids: np.ndarray
    index: Any

    def search(
        self, queries: np.ndarray, k: int, allowed: np.ndarray | None, *, probes: int | None = None
    ) -> list[Found]:
        """The best rows for each query; for inverted lists the scores are approximate.

        Args:
            queries: float32 ``(n, width)``. allowed: bool ``(rows,)``, None for all.
            probes: lists to search; None for what was measured.
        """
        faiss = load_faiss()
        k = min(k, len(self.ids))
        if not k or not len(queries):
            none = np.empty(0, np.int64), np.empty(0, np.float32)
            return [none] * len(queries)
        # The bits must outlive the search: FAISS keeps a bare pointer to them.
        bits = None if allowed is None else np.packbits(allowed, bitorder="little")
        selector = None if bits is None else faiss.IDSelectorBitmap(len(self.ids), faiss.swig_ptr(bits))
        if self.about.kind == "flat":
            asked = faiss.SearchParameters(sel=selector)
        else:
            asked = faiss.SearchParametersIVF(sel=selector, nprobe=self._probes(probes, k, allowed))
        found: list[Found] = []
        with one_thread():
            for start in range(0, len(queries), _TOGETHER):
                block = np.ascontiguousarray(queries[start : start + _TOGETHER])
                scores, rows = self.index.search(block, k, params=asked)
                found += [(self.ids[r[r >= 0]], s[r >= 0]) for r, s in zip(rows, scores, strict=True)]
        return found

    def _probes(self, probes: int | None, k: int, allowed: np.ndarray | None) -> int:
        """Lists to search: more of them where much is asked for, or little of what is in them is allowed."""
        share = 1.0 if allowed is None else float(allowed.mean())
        usual = (probes or self.about.probes) / max(share, 1e-9)
        needed = 4 * k * self.index.nlist / max(len(self.ids) * share, 1e-9)
        return int(min(self.index.nlist, math.ceil(max(usual, needed))))

    def exact(self, connection: sqlite3.Connection, query: np.ndarray, found: Found, k: int) -> Found:
        """The ``k`` best of what was found, by the vectors in the database."""
        if self.about.kind == "flat":
            return found[0][:k], found[1][:k]
        ids, vectors = read_some(connection, found[0], len(query))
        return best(ids, vectors @ query, k)


def best(ids: np.ndarray, scores: np.ndarray, k: int) -> Found:
    """The ``k`` highest scores, best first."""
    if len(ids) > 4 * k:
        kept = np.argpartition(-scores, k)[:k]
        ids, scores = ids[kept], scores[kept]
    order = np.lexsort((ids, -scores))[:k]
    return ids[order], scores[order].astype(np.float32)


def build(connection: sqlite3.Connection, width: int, exact_up_to: int, core: str, stamp: tuple[int, str]) -> Nearest:
    """Make it from the database."""
    faiss = load_faiss()
    ids = live_ids(connection)
    if len(ids) <= exact_up_to:
        index = faiss.IndexFlatIP(width)
        ids = _fill(index, connection, width)
        return Nearest(About("flat", core, *stamp, len(ids)), ids, index)
    lists = max(1, int(2 * math.sqrt(len(ids))))
    index = faiss.index_factory(width, f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    chosen = ids[np.linspace(0, len(ids) - 1, min(len(ids), lists * _PER_LIST)).astype(np.int64)]
    index.cp.min_points_per_centroid = 1  # no warning about few points
    with one_thread(building=True):
        index.train(read_some(connection, chosen, width)[1])
    ids = _fill(index, connection, width)
    return measured(Nearest(About("ivf", core, *stamp, len(ids), trained=len(ids)), ids, index), connection, width)


def extend(nearest: Nearest, ids: np.ndarray, vectors: np.ndarray, stamp: tuple[int, str]) -> Nearest:
    """Add rows with higher numbers, in place; ``nearest.index`` must not be mapped from a file."""
    with one_thread(building=True):
        nearest.index.add(vectors)
    count = len(nearest.ids) + len(ids)
    about = replace(nearest.about, change=stamp[0], token=stamp[1], count=count)
    return Nearest(about, np.concatenate([nearest.ids, ids]), nearest.index)


def _fill(index: Any, connection: sqlite3.Connection, width: int) -> np.ndarray:
    """Add all vectors of the database; returns the numbers of their passages."""
    numbers = [np.empty(0, np.int64)]
    with one_thread(building=True):
        for ids, vectors in read_blocks(connection, width):
            index.add(vectors)
            numbers.append(ids)
    return np.concatenate(numbers)


def measured(nearest: Nearest, connection: sqlite3.Connection, width: int) -> Nearest:
    """Choose how many lists are searched: as few as find 98 % of the ten best of exact search."""
    places = np.linspace(0, len(nearest.ids) - 1, min(_PROBE_QUERIES, len(nearest.ids))).astype(np.int64)
    own, queries = read_some(connection, nearest.ids[places], width)
    truth = exact_search(connection, queries, 11)
    probes, recall, lists = 1, 0.0, nearest.index.nlist
    while True:
        found = nearest.search(queries, 11 * _RESCORED, None, probes=probes)
        hits = total = 0
        for number, query, wanted, rough in zip(own, queries, truth, found, strict=True):
            scores = wanted[1][wanted[0] != number][:10]
            ids, got = nearest.exact(connection, query, rough, 11)
            hits += hits_among(got[ids != number], scores)
            total += len(scores)
        recall = hits / max(total, 1)
        if recall >= GOOD_RECALL or probes >= lists:
            return replace(nearest, about=replace(nearest.about, probes=probes, recall=round(recall, 4)))
        probes = min(2 * probes, lists)


def hits_among(found: np.ndarray, best_scores: np.ndarray) -> int:
    """How many of the best were found: by score, since of passages that are the same any may be found."""
    return min(len(best_scores), int((found >= best_scores.min(initial=1) - 1e-5).sum()))


def exact_search(connection: sqlite3.Connection, queries: np.ndarray, k: int) -> list[Found]:
    """The ``k`` best of all passages for each query, from the database, a block at a time."""
    ids = np.empty((len(queries), 0), np.int64)
    scores = np.empty((len(queries), 0), np.float32)
    for numbers, vectors in read_blocks(connection, queries.shape[1]):
        ids = np.concatenate([ids, np.broadcast_to(numbers, (len(queries), len(numbers)))], axis=1)
        scores = np.concatenate([scores, queries @ vectors.T], axis=1)
        order = np.argsort(-scores, axis=1)[:, :k]
        ids, scores = np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1)
    return list(zip(ids, scores, strict=True))


def about_from(data: Mapping[str, Any]) -> About:
    """Read what ``dataclasses.asdict`` gave.

    Raises:
        TypeError: something is missing or unknown.
    """
    return About(**data)
