"""``DocumentIndex``: documents in, passages found by meaning and by words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slmkit.errors import InputError
from slmkit.tasks.base import cell_problem
from slmkit.tasks.inputs import as_rows, as_series_like
from slmkit.tasks.progress import row_progress
from slmkit.tasks.question_answering import checking, documents, embedder, searching
from slmkit.tasks.question_answering.adding import Adding
from slmkit.tasks.question_answering.dense import Dense, in_one_state
from slmkit.tasks.question_answering.lexical import Lexical
from slmkit.tasks.question_answering.records import (
    AddReport,
    Document,
    Embedder,
    Hit,
    Key,
    VerifyReport,
)
from slmkit.tasks.question_answering.sources import Source, as_key, open_source
from slmkit.tasks.question_answering.statistics import collect
from slmkit.tasks.question_answering.store import Store, read_stamp

EXACT_UP_TO = 50_000  # passages that are searched exactly


class DocumentIndex:
    """Documents in a folder, cut into passages, found again by meaning and by words.

    All that is known stands in one SQLite file, and every change is one transaction: a process that is killed at any
    moment leaves the state of its last commit. One process at a time may change an index; any number may search it
    meanwhile, and each search sees the last committed state. Safe to use from several threads and after a fork.

    Made with ``create`` or ``open``.
    """

    def __init__(self, store: Store, slm: Embedder | None) -> None:
        self._store, self._slm = store, slm
        facts = store.facts
        self.core, self._spread = str(facts["core"]), float(facts["spread"])
        if slm is not None:
            embedder.require(slm, self.core, store.folder)
        self._lexical = Lexical()
        self._dense = Dense(
            store.folder, width=int(facts["width"]), exact_up_to=int(facts["exact_up_to"]), core=self.core
        )

    @classmethod
    def create(cls, path: str | Path, *, slm: Embedder | None = None, exact_up_to: int = EXACT_UP_TO) -> DocumentIndex:
        """Make an empty index in a new folder.

        Args:
            path: the folder. slm: what makes the vectors, a ``Retriever`` or a core; None takes the shipped retriever.
            exact_up_to: passages that are searched exactly; above that, by inverted lists that find nearly all.

        Raises:
            InputError: there is something at ``path``, or it cannot be written.
        """
        if exact_up_to < 0:
            raise InputError(f"exact_up_to must be at least 0, not {exact_up_to}")
        slm = slm if slm is not None else embedder.shipped()
        facts = {**embedder.facts_of(slm), "exact_up_to": exact_up_to}
        return cls(Store.create(Path(path), facts), slm)

    @classmethod
    def open(cls, path: str | Path, *, slm: Embedder | None = None) -> DocumentIndex:
        """Open an index.

        Args:
            path: its folder. slm: the retriever or core that it was made with; None takes the shipped retriever once
                it is needed, or its core, whichever the index was made with.

        Raises:
            InputError: there is no index at ``path``.
            IndexDamagedError: it is damaged, or newer than this package.
            CheckpointError: it was made with another one (with ``slm=None``, raised when it is needed).
        """
        return cls(Store(Path(path)), slm)

    @property
    def slm(self) -> Embedder:
        """What makes the vectors, loaded at its first use."""
        if self._slm is None:
            slm = embedder.shipped(self.core)
            embedder.require(slm, self.core, self.path)
            self._slm = slm
        return self._slm

    @property
    def path(self) -> Path:
        """The folder."""
        return self._store.folder

    @property
    def state(self) -> str:
        """Identifies what is in the index: it differs after every change, and from that of any other index."""
        with self._store.read() as connection:
            number, token = read_stamp(connection)
        return f"{self.core}/{number}/{token}"

    def add(
        self,
        source: Any,
        text: str = "text",
        id: str = "id",  # noqa: A002
        metadata: Sequence[str] = (),
        *,
        resume: bool = False,
        errors: str = "quarantine",
        encoding: str | None = None,
        progress: bool = False,
    ) -> AddReport:
        """Put in documents whose ids are not there yet.

        Committed chunk by chunk: after a kill, what was committed is there, and the same call with ``resume=True``
        goes on with the rest. A row that cannot go in (blank text, no id, an id that is there) costs only itself.

        Args:
            source: a frame, an iterable of dicts (or of ``Document``, with what they kept), or the path of a table
                file, which is read piece by piece.
            text, id: columns of the texts and of the ids (text or whole numbers).
            metadata: columns to keep along and to filter by.
            resume: pass over documents that are there with the same text and metadata.
            errors: "quarantine" reports rows that cannot go in, "raise" raises on the first.
            encoding: of a text file; None is UTF-8. progress: show a progress bar on stderr.

        Raises:
            InputError: the source or a column cannot be used, another process is changing the index, or, with
                ``errors="raise"``, a row.
        """
        rows = open_source(source, text, id, metadata, encoding)
        return self._take_in(rows, replace=False, resume=resume, errors=errors, progress=progress)

    def update(
        self,
        source: Any,
        text: str = "text",
        id: str = "id",  # noqa: A002
        metadata: Sequence[str] = (),
        *,
        errors: str = "quarantine",
        encoding: str | None = None,
        progress: bool = False,
    ) -> AddReport:
        """Put in documents, in place of those with the same ids; what has not changed is not embedded again.

        Each document changes as a whole, and the same call again after a kill does the rest. See ``add``.
        """
        rows = open_source(source, text, id, metadata, encoding)
        return self._take_in(rows, replace=True, resume=True, errors=errors, progress=progress)

    def delete(self, ids: Any) -> int:
        """Take out documents, all in one change; ids that are not there are passed over.

        Args:
            ids: one id, or many.

        Returns:
            How many documents were taken out.

        Raises:
            InputError: something is no id, or another process is changing the index.
        """
        single = isinstance(ids, (str, bytes, int, float)) or not hasattr(ids, "__iter__")
        keys = list(dict.fromkeys(as_key(each) for each in ([ids] if single else ids)))
        with self._store.writing():
            with self._store.change("delete") as change:
                found = [row for row in (documents.find(change.connection, key) for key in keys) if row is not None]
                for row in found:
                    documents.remove(change, row[0])
            self._settle()
        return len(found)

    def search(
        self,
        query: Any,
        k: int = 10,
        *,
        mode: str = "hybrid",
        where: Mapping[str, Any] | None = None,
        per_document: int | None = None,
        fusion: str = "scores",
        weight: float = 0.5,
    ) -> Any:
        """The passages that answer a query best.

        Args:
            query: one text or many. k: passages a query, fewer where there are no more.
            mode: "dense" (by meaning), "lexical" (by words) or "hybrid" (both).
            where: conditions on the metadata, see ``compile_where``.
            per_document: at most so many passages of one document; None for any number.
            fusion: how "hybrid" joins the two: "scores" (cosine, and a bit more for the query's words) or "rrf" (by
                rank). weight: of the dense side, 0 to 1.

        Returns:
            A list of ``Hit``, best first; for many queries a list of lists (for a Series, a Series). A query that is
            blank or missing finds nothing.

        Raises:
            InputError: an argument is out of range.
        """
        wanted = searching.Wanted.checked(k, mode, where, per_document, fusion, weight, self._spread)
        if isinstance(query, str):
            return self._search([query], wanted)[0]
        if not hasattr(query, "__iter__") or isinstance(query, (bytes, Mapping)):
            raise InputError(f"query must be a text or many, not {type(query).__name__}")
        index, listed = as_series_like(query), as_rows(query, "the queries")
        hits = self._search(listed, wanted)
        if index is None:
            return hits
        import pandas as pd

        return pd.Series(hits, index=index, name="hits", dtype=object)

    def similar(self, id: Key, k: int = 10, *, where: Mapping[str, Any] | None = None) -> list[Hit]:  # noqa: A002
        """Other documents like this one, by the mean of its passages' vectors; each with its nearest passage.

        Raises:
            InputError: there is no such document, or ``k`` is out of range.
        """
        wanted = searching.Wanted.checked(k, "dense", where, 1)
        key = as_key(id)
        return in_one_state(self._store, lambda connection: searching.similar(connection, self._dense, key, wanted))

    def document(self, id: Key) -> Document:  # noqa: A002
        """The document with this id.

        Raises:
            InputError: there is none.
        """
        key = as_key(id)
        with self._store.read() as connection:
            found = documents.load(connection, key)
            if found is None:
                raise InputError(f"no document {key!r} in {self.path}{documents.near_miss(connection, key)}")
        return found

    def documents(self) -> Iterator[Document]:
        """All documents in the order they went in, such as to index them with another core; memory stays flat."""
        return documents.load_all(self._store)

    def __contains__(self, id: object) -> bool:  # noqa: A002
        key = as_key(id)
        with self._store.read() as connection:
            return documents.find(connection, key) is not None

    def __len__(self) -> int:
        """How many documents there are."""
        with self._store.read() as connection:
            return connection.execute("SELECT count(*) FROM documents").fetchone()[0]

    def __bool__(self) -> bool:
        return True  # an empty index is an index

    def compact(self) -> None:
        """Give the space of what was deleted back to the disk, and make the FAISS file anew."""
        with self._store.writing():
            self._store.vacuum()
            self._settle(always=True)

    def verify(self) -> VerifyReport:
        """Whether all parts of the index are whole and agree with each other."""
        return checking.verify(self._store)

    def stats(self) -> dict[str, Any]:
        """Documents, passages, bytes on disk, the kind of the FAISS index and the share of the best that it finds."""
        return in_one_state(self._store, lambda connection: collect(connection, self._store, self._dense))

    def recall(self, queries: Any, k: int = 10) -> float:
        """Of the ``k`` passages that are nearest to each query by exact search, the share that dense search finds.

        ``stats`` tells it for passages of the index; this tells it for queries of yours, looking through all vectors.

        Args:
            queries: texts, many; blank ones are left out. k: passages a query.

        Raises:
            InputError: there is no query, or ``k`` is out of range.
        """
        wanted = searching.Wanted.checked(k, "dense", None, None)
        asked = [query for query in as_rows(queries, "the queries") if cell_problem(query) is None]
        if not asked:
            raise InputError("recall needs at least one query that is not blank")
        vectors = np.asarray(self.slm.embed(asked, kind="query"))
        return in_one_state(
            self._store, lambda connection: searching.recall(connection, self._dense, vectors, wanted.k)
        )

    def close(self) -> None:
        """Let go of the files; the next use opens them again."""
        self._store.close()

    def __enter__(self) -> DocumentIndex:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"DocumentIndex({str(self.path)!r}, {len(self):,} documents)"

    def _take_in(self, rows: Source, *, replace: bool, resume: bool, errors: str, progress: bool) -> AddReport:
        if errors not in ("quarantine", "raise"):
            raise InputError(f"errors must be 'quarantine' or 'raise', not {errors!r}")
        with self._store.writing():
            adding = Adding(self._store, self.slm, replace=replace, resume=resume, strict=errors == "raise")
            # Without a total the bar shows the rows so far.
            with row_progress("index", rows.total, show=progress) as advance:
                return adding.run(rows, advance, self._settle)

    def _settle(self, *, always: bool = False) -> None:
        in_one_state(self._store, lambda connection: self._dense.settle(connection, always=always))

    def _search(self, queries: list[Any], wanted: searching.Wanted) -> list[list[Hit]]:
        asked = [query for query in queries if cell_problem(query) is None]
        if not asked:
            return [[] for _ in queries]
        # Outside of the transaction: a writer should not have to keep an old state for as long as this takes.
        vectors = None if wanted.mode == "lexical" else np.asarray(self.slm.embed(asked, kind="query"))
        parts = (self._dense, self._lexical, asked, vectors, wanted)
        found = iter(in_one_state(self._store, lambda connection: searching.search(connection, *parts)))
        return [next(found) if cell_problem(query) is None else [] for query in queries]
