"""``KnowledgeGraph``: documents in, one node a thing out, every edge with the sentences that say so."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from slmkit.errors import InputError
from slmkit.tasks.knowledge import by_hand, growing, reading
from slmkit.tasks.knowledge.asking import ask
from slmkit.tasks.knowledge.changing import Changes
from slmkit.tasks.knowledge.keys import as_given, as_stored
from slmkit.tasks.knowledge.records import Embed, Extraction, Extractor, GrowthReport, Key
from slmkit.tasks.knowledge.store import Store
from slmkit.tasks.knowledge.taking_in import open_both
from slmkit.tasks.question_answering.sources import as_key

if TYPE_CHECKING:
    import networkx
    import pandas as pd

T = TypeVar("T")
NEAR = 0.5
"""How alike (cosine) the contexts of two names must be for a doubtful link to join them."""
LONGEST_PATH = 6


class KnowledgeGraph:
    """Things, their relations, and where each is said, in one database file.

    Every document is one transaction: a process that is killed at any moment leaves whole documents. What a graph is
    depends on its documents alone, not on batches or order (the ids of nodes do on the order). One process at a time
    may have it open, or several with ``read_only=True``. Safe to use from several threads.

    Made with ``create``, ``open`` or ``from_frame``. To ask it in Cypher: ``(:Entity {id, name, type, aliases, seen})``
    and ``-[:RELATED {relation, score, seen, documents}]->`` are the graph; ``store.SCHEMA`` has the other tables.
    """

    def __init__(self, store: Store, embed: Embed | None = None) -> None:
        self._store = store
        self._changes = Changes(store, float(store.facts.get("near", NEAR)), embed)

    @classmethod
    def create(cls, path: str | Path, *, embed: Embed | None = None, near: float = NEAR) -> KnowledgeGraph:
        """Make an empty graph.

        Args:
            path: of its file.
            embed: makes unit vectors of texts, such as ``slmkit.load().embed``. The sentences that names stand in
                then tell whether an acronym, an initial or a likeness of letters joins two names; without it the
                letters alone do. A graph keeps to what it was made with.
            near: how alike (cosine) the sentences must be. It depends on what makes the vectors.

        Raises:
            InputError: there is something at ``path``, or it cannot be written.
            MissingExtraError: ladybug or rapidfuzz is not installed.
        """
        if not 0 <= near <= 1:
            raise InputError(f"near must be from 0 to 1, not {near}")
        facts = {"near": repr(float(near)), "contexts": "no" if embed is None else "yes"}
        return cls(Store.create(Path(path), facts), embed)

    @classmethod
    def open(cls, path: str | Path, *, embed: Embed | None = None, read_only: bool = False) -> KnowledgeGraph:
        """Open a graph.

        Args:
            path: of its file. embed: what it was made with; needed to add to it.
            read_only: change nothing; several processes may then have it open.

        Raises:
            InputError: there is no graph at ``path``, or it is open elsewhere.
            IndexDamagedError: it is damaged, or newer than this package.
        """
        return cls(Store(Path(path), read_only=read_only), embed)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        text: str = "text",
        id: str = "id",  # noqa: A002
        *,
        path: str | Path,
        extractor: Extractor | None = None,
        triples: Any = None,
        embed: Embed | None = None,
        near: float = NEAR,
        errors: str = "quarantine",
        progress: bool = False,
    ) -> KnowledgeGraph:
        """Make a graph of a frame of documents; ``graph.report`` then says what became of its rows.

        See ``create`` and ``add_frame``.
        """
        # First, so that no file is made for nothing.
        opened = open_both(frame, text, id, extractor, triples, errors)
        graph = cls.create(path, embed=embed, near=near)
        graph.report = graph._changes.take_in(*opened, strict=errors == "raise", progress=progress)
        return graph

    report = GrowthReport()

    @property
    def file(self) -> Path:
        """The database file."""
        return self._store.path

    def add(self, document_id: Key, text: str, extraction: Extraction, *, replace: bool = False) -> None:
        """Put in one document.

        Args:
            document_id: the caller's own, a text or a whole number. text: that the spans point into.
            replace: put it in the place of an older one with this id.

        Raises:
            InputError: the id is there, the text is blank, or the extraction does not fit it.
        """
        self._changes.add(document_id, text, extraction, replace=replace)

    def add_frame(
        self,
        source: Any,
        text: str = "text",
        id: str = "id",  # noqa: A002
        *,
        extractor: Extractor | None = None,
        triples: Any = None,
        replace: bool = False,
        resume: bool = False,
        errors: str = "quarantine",
        encoding: str | None = None,
        progress: bool = False,
    ) -> GrowthReport:
        """Put in documents. A row that cannot go in (blank text, no id, an id that is there) costs only itself.

        Args:
            source: a frame, an iterable of dicts, or the path of a table file, which is read piece by piece.
            text, id: columns of the texts and of the ids (text or whole numbers).
            extractor: finds mentions and triples in texts.
            triples: instead of an extractor, a frame, dicts or a table file with the columns head, relation, tail and
                ``id``; head_type, tail_type and score are used where they are there. See ``TripleTable``.
            replace: put documents in the place of older ones with the same ids.
            resume: pass over documents that are there with the same text.
            errors: "quarantine" reports rows that cannot go in, "raise" raises on the first.
            encoding: of a text file; None is UTF-8. progress: show a progress bar on stderr.

        Raises:
            InputError: the source or a column cannot be used, or, with ``errors="raise"``, a row.
        """
        opened = open_both(source, text, id, extractor, triples, errors, encoding)
        strict = errors == "raise"
        return self._changes.take_in(*opened, replace=replace, resume=resume, strict=strict, progress=progress)

    def remove(self, ids: Any) -> int:
        """Take out documents, with the nodes and edges that they alone support; unknown ids are passed over.

        Args:
            ids: one id, or many.

        Returns:
            How many documents were taken out.
        """
        return self._changes.remove(ids)

    def query(self, cypher: str, parameters: Mapping[str, Any] | None = None, *, write: bool = False) -> pd.DataFrame:
        """The rows that a Cypher query returns.

        Args:
            cypher: one statement; ``$name`` stands for a parameter, and is the only way to put a foreign text in.
            parameters: by name, without the dollar sign.
            write: allow statements that change the database. What they do to the tables is up to the caller.

        Raises:
            InputError: the query cannot be run, or changes something, reads or writes files, or loads extensions
                without ``write``.
        """
        return ask(self._store, cypher, parameters, write=write)

    def nodes(self) -> pd.DataFrame:
        """All nodes: id, name, type, aliases (a list), and how often each is mentioned."""
        return self._table(reading.NODE_COLUMNS, lambda store: list(reading.nodes(store)))

    def edges(self) -> pd.DataFrame:
        """All edges: head, relation, tail, best score, times seen, documents (a list of ids), the best sentence."""
        return self._table(reading.EDGE_COLUMNS, reading.edge_rows)

    def evidence(self, head: Any, tail: Any) -> pd.DataFrame:
        """Every time that a relation from one node to another was stated: document, sentence, spans, score.

        Args:
            head, tail: names or ids of nodes.
        """
        return self._table(reading.EVIDENCE_COLUMNS, lambda store: reading.evidence_rows(store, head, tail))

    def mentions(self, node: Any) -> pd.DataFrame:
        """Where a node is mentioned: document, text, span, score, the name that it stands for, and by which rule."""
        return self._table(reading.MENTION_COLUMNS, lambda store: reading.mentions(store, node))

    def neighbours(self, node: Any) -> pd.DataFrame:
        """The edges of a node, the often seen first.

        Args:
            node: its name, an alias or its id.

        Raises:
            InputError: there is no such node, or several have that name.
        """
        return self._table(reading.NEIGHBOUR_COLUMNS, lambda store: reading.neighbours(store, node))

    def path(self, a: Any, b: Any, *, longest: int = LONGEST_PATH) -> pd.DataFrame:
        """The edges of a shortest way from one node to another, whatever way they point; no rows where there is none.

        Args:
            a, b: names or ids of nodes. longest: edges that the way may have.
        """
        return self._table(reading.EDGE_COLUMNS, lambda store: reading.path(store, a, b, longest))

    def search(self, text: str, k: int = 10) -> pd.DataFrame:
        """The nodes whose names, or other names, are most like a text, best first."""
        if not isinstance(text, str):
            raise InputError(f"a text is searched for, not {type(text).__name__}")
        if k < 1:
            raise InputError(f"k must be at least 1, not {k}")
        return self._table((*reading.NODE_COLUMNS, "score"), lambda store: reading.search(store, text, k))

    def why(self, node: Any) -> pd.DataFrame:
        """Why a node's names are one thing: which rule joined which surface to which, with which score, how often seen.

        The name that the node shows comes first, and is joined to nothing.
        """
        return self._table(by_hand.WHY, lambda store: by_hand.why(store, reading.find(store, node)))

    def split(self, node: Any, surface: str) -> int:
        """Take what is written as ``surface`` out of a node. It is remembered, and holds for documents that come later.

        Returns:
            The id of the node that it is then.

        Raises:
            InputError: the node has no such surface, or no other one.
        """
        return self._changes.split(node, surface)

    def merge(self, a: Any, b: Any) -> int:
        """Make two nodes one. It is remembered, and holds for documents that come later; returns the node's id."""
        return self._changes.merge(a, b)

    def remerge(self) -> int:
        """Compare all names again, such as after an upgrade with other rules; returns how many changed their node."""
        return self._changes.remerge()

    def documents(self) -> list[Key]:
        """The ids of the documents, in the order in which they came."""
        rows = self._store.run("MATCH (d:Document) RETURN d.key ORDER BY d.number")
        return [as_given(row[0]) for row in rows]

    def to_networkx(self) -> networkx.MultiDiGraph:
        """The graph for analysis: nodes by id with their columns, edges by relation with theirs."""
        from slmkit.tasks.knowledge.export import as_networkx

        return self._reading(as_networkx)

    def export(self, path: str | Path, *, format: str | None = None, overwrite: bool = False) -> Path:  # noqa: A002
        """Write the graph for other programs; see ``export.FORMATS``.

        Args:
            path: a file, or a folder for the formats of two files. format: None tells it by the suffix of ``path``.
            overwrite: replace what is there.

        Raises:
            InputError: the format is not known, or there is something at ``path``.
        """
        from slmkit.tasks.knowledge.export import export

        return self._reading(lambda store: export(store, Path(path), format, overwrite=overwrite))

    def show(self, path: str | Path = "graph.html", *, open: bool = False, most: int = 2000) -> Path:  # noqa: A002
        """Write the graph as one page to look at, which needs nothing but a browser.

        Args:
            path: of the page; one that is there is replaced. open: open it in the browser.
            most: nodes; of a larger graph, those with the most edges are shown.
        """
        from slmkit.tasks.knowledge.page import write_page

        written = self._reading(lambda store: write_page(store, Path(path), most))
        if open:
            webbrowser.open(written.resolve().as_uri())
        return written

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        self._store.close()

    def __len__(self) -> int:
        """How many nodes there are."""
        return int(self._store.run("MATCH (n:Entity) RETURN count(*)")[0][0])

    def __bool__(self) -> bool:
        return True

    def __contains__(self, document_id: object) -> bool:
        return growing.find(self._store, as_stored(as_key(document_id))) is not None

    def __enter__(self) -> KnowledgeGraph:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"KnowledgeGraph({str(self.file)!r}, {len(self):,} nodes)"

    def _reading(self, function: Callable[[Store], T]) -> T:
        with self._store.read():
            return function(self._store)

    def _table(self, columns: tuple[str, ...], function: Callable[[Store], list[list[Any]]]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(self._reading(function), columns=list(columns))
