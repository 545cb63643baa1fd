"""Search by meaning over one state of the index: what FAISS holds, less what was deleted, plus what is newer.

FAISS is not told of every change. A view of a state sets rows that are gone aside and searches rows that are newer
exactly; only when both together are many is FAISS brought up to date and its file written anew.
"""

from __future__ import annotations

import sqlite3
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from slmkit.errors import InputError
from slmkit.tasks.question_answering import nearest_file
from slmkit.tasks.question_answering.nearest import Found, Nearest, best, build, extend, measured
from slmkit.tasks.question_answering.store import Store, is_past, read_stamp
from slmkit.tasks.question_answering.vectors import live_ids, read_blocks, read_some

# Rows that may differ from what FAISS holds before it is brought up to date.
SLACK_ROWS, SLACK_SHARE = 1000, 0.1
_GROWTH = 4  # times as many rows as its lists were made for, and they are made anew
_FEW = 2_000  # rows allowed by a filter that are looked through one by one
_PATIENCE = 50  # states that a reader tries
T = TypeVar("T")


class BehindError(Exception):
    """The files belong to a later state than the one that is read."""


def in_one_state(store: Store, function: Callable[[sqlite3.Connection], T]) -> T:
    """Call it with one state of the index; with a newer one when a writer has left the state behind.

    Raises:
        InputError: a writer leaves each state behind before it can be read.
    """
    for _ in range(_PATIENCE):
        try:
            with store.read() as connection:
                return function(connection)
        except BehindError:
            continue
    raise InputError(f"the files in {store.folder} change faster than they can be read; try again")


@dataclass(frozen=True)
class View:
    """Vectors of one state of the index.

    Attributes:
        stamp: the state. base: from the file, or None. kept: bool, which of its rows are still there, None for all.
        ids, vectors: of the passages that are newer than ``base``, in order.
    """

    stamp: tuple[int, str]
    base: Nearest | None
    kept: np.ndarray | None
    ids: np.ndarray
    vectors: np.ndarray

    @property
    def drift(self) -> int:
        """Rows by which FAISS differs from the state."""
        return len(self.ids) + (0 if self.kept is None else int((~self.kept).sum()))

    @property
    def too_far(self) -> bool:
        """Whether FAISS should be brought up to date."""
        return self.drift > max(SLACK_ROWS, SLACK_SHARE * (0 if self.base is None else len(self.base.ids)))

    def search(
        self, connection: sqlite3.Connection, queries: np.ndarray, k: int, allowed: np.ndarray | None
    ) -> list[Found]:
        """The ``k`` best passages for each query.

        Args:
            connection: in this very state. queries: float32 ``(n, width)``.
            allowed: numbers of the passages that may be found, in order; None for all.
        """
        if allowed is not None and len(allowed) <= _FEW:
            ids, vectors = read_some(connection, allowed, queries.shape[1])
            return [best(ids, vectors @ query, k) for query in queries]
        fresh = slice(None) if allowed is None else np.isin(self.ids, allowed, assume_unique=True)
        ids, vectors = self.ids[fresh], self.vectors[fresh]
        newer = [best(ids, vectors @ query, k) for query in queries]
        if self.base is None:
            return newer
        kept = self.kept
        if allowed is not None:
            inside = np.isin(self.base.ids, allowed, assume_unique=True)
            kept = inside if kept is None else kept & inside
        depth = k if self.base.about.kind == "flat" else max(4 * k, 100)
        found = self.base.search(queries, depth, kept)
        older = [self.base.exact(connection, query, each, k) for query, each in zip(queries, found, strict=True)]
        return [
            best(np.concatenate([a[0], b[0]]), np.concatenate([a[1], b[1]]), k)
            for a, b in zip(older, newer, strict=True)
        ]


class Dense:
    """Keeps the newest view, and the file, of one index.

    Args:
        folder: of the index. width: of a vector. exact_up_to: rows that are searched exactly. core: fingerprint.
    """

    def __init__(self, folder: Path, *, width: int, exact_up_to: int, core: str) -> None:
        self.folder, self.width, self.exact_up_to, self.core = folder, width, exact_up_to, core
        self._view: View | None = None
        self._guard = threading.Lock()
        self._ahead: set[str] = set()

    def view(self, connection: sqlite3.Connection) -> View:
        """The view of the state that ``connection`` reads.

        Raises:
            BehindError: a writer has moved on meanwhile: begin another transaction and ask again.
        """
        stamp = read_stamp(connection)
        with self._guard:
            view = self._view
            if view is not None and view.stamp == stamp:
                return view
            if view is None or not is_past(connection, view.stamp):
                view = self._from_file(connection, stamp)
            view = self._forward(connection, view, stamp)
            if view.base is not None and view.drift > 10 * max(SLACK_ROWS, SLACK_SHARE * len(view.base.ids)):
                view = self._from_file(connection, stamp)  # a writer has surely written a newer one
                view = self._forward(connection, view, stamp)
            self._view = view
            return view

    def settle(self, connection: sqlite3.Connection, *, always: bool = False) -> None:
        """Bring FAISS and its file up to date, when they are too far from the state (or ``always``).

        Only for the one writer.
        """
        view = self.view(connection)
        if not (view.too_far or always):
            return
        base = view.base
        if base is not None and view.drift == 0 and base.about.stamp == view.stamp:
            nearest_file.tidy(self.folder, nearest_file.place(self.folder, view.stamp[0]), all_others=True)
            return
        grown = base is not None and base.about.kind == "ivf" and view.kept is None and not always
        if grown and base is not None and len(base.ids) + len(view.ids) <= _GROWTH * base.about.trained:
            made = self._grown(connection, base, view)
        else:
            made = build(connection, self.width, self.exact_up_to, self.core, view.stamp)
        try:
            path = nearest_file.save(made, self.folder)
        except OSError as error:  # what it is derived from is committed, and all that is newer is searched exactly
            warnings.warn(f"the FAISS file in {self.folder} cannot be brought up to date ({error})", stacklevel=2)
            return
        nearest_file.tidy(self.folder, path, all_others=True)
        with self._guard:
            self._view = self._empty(view.stamp, nearest_file.load(path, mapped=True))

    def _grown(self, connection: sqlite3.Connection, base: Nearest, view: View) -> Nearest:
        for path in nearest_file.files(self.folder):
            try:
                held = nearest_file.load(path, mapped=False)
            except (nearest_file.DamagedFileError, OSError):
                continue
            if held.about.stamp == base.about.stamp:
                return measured(extend(held, view.ids, view.vectors, view.stamp), connection, self.width)
        return build(connection, self.width, self.exact_up_to, self.core, view.stamp)

    def _empty(self, stamp: tuple[int, str], base: Nearest | None) -> View:
        return View(stamp, base, None, np.empty(0, np.int64), np.empty((0, self.width), np.float32))

    def _from_file(self, connection: sqlite3.Connection, stamp: tuple[int, str]) -> View:
        """The newest file that was made from a state of this index; without one, FAISS is built from the database."""
        usable, foreign = self._newest(connection, stamp)
        if usable is not None:
            return self._empty(usable.about.stamp, usable)
        (count,) = connection.execute("SELECT count(*) FROM passages").fetchone()
        if count <= SLACK_ROWS and not foreign:
            return self._empty((-1, ""), None)
        made = build(connection, self.width, self.exact_up_to, self.core, stamp)
        with suppress(OSError):  # where nothing may be written, it serves this process alone
            nearest_file.save(made, self.folder)
        return self._empty(stamp, made)

    def _newest(self, connection: sqlite3.Connection, stamp: tuple[int, str]) -> tuple[Nearest | None, bool]:
        """The newest usable file, and whether there were unusable ones."""
        foreign = False
        for path in nearest_file.files(self.folder):
            try:
                base = nearest_file.load(path, mapped=True)
            except nearest_file.DamagedFileError as error:
                warnings.warn(f"{path} is damaged ({error}); it is built anew from the database", stacklevel=2)
                foreign = True
                continue
            except FileNotFoundError:  # a writer has taken it away for a newer one
                raise BehindError from None
            except OSError:
                foreign = True
                continue
            about = base.about
            if about.core == self.core and base.index.d == self.width and is_past(connection, about.stamp):
                return base, foreign
            if about.change > stamp[0] and path.name not in self._ahead:
                self._ahead.add(path.name)
                raise BehindError
            foreign = True
        return None, foreign

    def _forward(self, connection: sqlite3.Connection, view: View, stamp: tuple[int, str]) -> View:
        """The view of a later state, from one of an earlier state."""
        top = view.base.ids[-1] if view.base is not None and len(view.base.ids) else 0
        (removed,) = connection.execute(
            "SELECT COALESCE(SUM(removed), 0) FROM changes WHERE number > ?", (view.stamp[0],)
        ).fetchone()
        if removed:
            live = live_ids(connection)
            still = np.isin(view.ids, live, assume_unique=True)
            kept = None if view.base is None else np.isin(view.base.ids, live, assume_unique=True)
            kept = None if kept is None or kept.all() else kept
            view = replace(view, kept=kept, ids=view.ids[still], vectors=view.vectors[still])
        above = int(max(top, view.ids[-1] if len(view.ids) else 0))
        blocks = [(view.ids, view.vectors), *read_blocks(connection, self.width, above=above)]
        ids, vectors = (np.concatenate(part) for part in zip(*blocks, strict=True))
        return replace(view, stamp=stamp, ids=ids, vectors=vectors)
