"""What changes a graph: documents in and out, nodes put together and apart, all names compared again.

Whatever an interrupted comparison of the names left undone is finished before anything else changes.
"""

from __future__ import annotations

from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.base import cell_problem
from slmkit.tasks.knowledge import by_hand, growing, reading
from slmkit.tasks.knowledge.keys import as_stored
from slmkit.tasks.knowledge.records import Embed, Extraction, Extractor, GrowthReport, Key
from slmkit.tasks.knowledge.remerging import finish, remerge
from slmkit.tasks.knowledge.store import Store
from slmkit.tasks.knowledge.taking_in import TakingIn, put
from slmkit.tasks.knowledge.triples import TripleTable
from slmkit.tasks.progress import row_progress
from slmkit.tasks.question_answering.sources import Row, Source, as_key


class Changes:
    """The changes that ``KnowledgeGraph`` offers; its methods of the same names say what each takes and raises.

    Args:
        store: the graph. near: see ``merging.Problem``. embed: makes vectors of contexts, or None.
    """

    def __init__(self, store: Store, near: float, embed: Embed | None) -> None:
        self._store, self._near, self._embed = store, near, embed

    def add(self, document_id: Key, text: str, extraction: Extraction, *, replace: bool) -> None:
        """One document in."""
        problem = cell_problem(text)
        if problem is not None:
            raise InputError(f"document {document_id!r}: its text is {problem}")
        row = Row(0, document_id, as_key(document_id), text, {}, None)
        finish(self._store, self._near)
        put(self._store, self._near, self._embedder(), row, extraction, replace=replace)

    def take_in(
        self,
        rows: Source,
        found: Extractor | TripleTable,
        *,
        replace: bool = False,
        resume: bool = False,
        strict: bool,
        progress: bool,
    ) -> GrowthReport:
        """Many documents in; see ``KnowledgeGraph.add_frame``.

        Args:
            rows, found: what ``taking_in.open_both`` gives. strict: whether a row that cannot go in raises.
        """
        finish(self._store, self._near)
        taking = TakingIn(self._store, self._near, self._embedder(), replace=replace, resume=resume, strict=strict)
        with row_progress("graph", rows.total, show=progress) as advance:
            return taking.run(rows, found, advance)

    def remove(self, ids: Any) -> int:
        """Documents out."""
        single = isinstance(ids, (str, bytes, int, float)) or not hasattr(ids, "__iter__")
        keys = list(dict.fromkeys(as_stored(as_key(each)) for each in ([ids] if single else ids)))
        count = 0
        finish(self._store, self._near)
        for key in keys:
            with self._store.change():
                found = growing.find(self._store, key)
                if found is not None:
                    growing.remove(self._store, key, found.content, self._near)
                    count += 1
        return count

    def split(self, node: Any, surface: str) -> int:
        """A surface out of a node."""
        finish(self._store, self._near)
        with self._store.change():
            return by_hand.split(self._store, reading.find(self._store, node), surface, self._near)

    def merge(self, a: Any, b: Any) -> int:
        """Two nodes made one."""
        finish(self._store, self._near)
        with self._store.change():
            first, second = reading.find(self._store, a), reading.find(self._store, b)
            if first == second:
                raise InputError(f"{a!r} and {b!r} are one node already ({first})")
            return by_hand.merge(self._store, first, second, self._near)

    def remerge(self) -> int:
        """All names compared again."""
        return remerge(self._store, self._near)

    def _embedder(self) -> Embed | None:
        if self._store.facts.get("contexts") != "yes":
            return None
        if self._embed is None:
            raise InputError(f"{self._store.path} was made with embed=…; open it with the same one to add to it")
        return self._embed
