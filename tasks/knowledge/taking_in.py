"""Rows of documents into the graph: extracted some at a time, put in one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from slmkit.errors import CheckpointError, DataError, InputError, MissingExtraError
from slmkit.tasks.cells import describe
from slmkit.tasks.knowledge import growing
from slmkit.tasks.knowledge.checking import all_mentions, check
from slmkit.tasks.knowledge.growing import Entry
from slmkit.tasks.knowledge.keys import as_stored
from slmkit.tasks.knowledge.records import Embed, Extraction, Extractor, GrowthReport, Key, Mention, Refusal
from slmkit.tasks.knowledge.store import Store
from slmkit.tasks.knowledge.triples import Problem, TripleTable
from slmkit.tasks.question_answering.sources import Row, Source, chunked, open_source
from slmkit.text.sentences import sentence_spans

CHUNK_ROWS = 32  # extracted in one call
CHUNK_CHARACTERS = 1_000_000
_EXAMPLES = 100
_TWICE = "its id comes twice"
_THERE = "its id is in the graph; replace=True puts it in the place of the older one"
_OTHER = "its id is in the graph, with another text"


def open_both(
    source: Any,
    text: str,
    id: str,  # noqa: A002
    extractor: Extractor | None,
    triples: Any,
    errors: str,
    encoding: str | None = None,
) -> tuple[Source, Extractor | TripleTable]:
    """The rows of documents, and what finds or has their triples; see ``KnowledgeGraph.add_frame``.

    Raises:
        InputError: they cannot be used, or an argument is none that is allowed.
    """
    if errors not in ("quarantine", "raise"):
        raise InputError(f"errors must be 'quarantine' or 'raise', not {errors!r}")
    if (extractor is None) == (triples is None):
        raise InputError("give an extractor or a table of triples, one of the two")
    rows = open_source(source, text, id, (), encoding)
    return rows, extractor if extractor is not None else TripleTable.read(triples, id, encoding)


class TakingIn:
    """One run over rows of documents.

    Args:
        store: the graph. near: see ``merging.Problem``. embed: makes vectors of contexts, or None.
        replace: whether a document may take the place of an older one. resume: whether one that is there with the
            same text is passed over. strict: whether a row that cannot go in raises.
    """

    def __init__(
        self, store: Store, near: float, embed: Embed | None, *, replace: bool, resume: bool, strict: bool
    ) -> None:
        self.store, self.near, self.embed = store, near, embed
        self.replace, self.resume, self.strict = replace, resume, strict
        rows = store.run("MATCH (m:Meta {name: 'documents'}) RETURN m.value")
        self._before = int(rows[0][0]) if rows else 0
        self._counts: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._examples: list[Refusal] = []

    def run(self, source: Source, extractor: Extractor | TripleTable, advance: Callable[[int], None]) -> GrowthReport:
        """Take in all rows, each document in a transaction of its own."""
        table = extractor if isinstance(extractor, TripleTable) else None
        came: set[Key] = set()
        if table is not None:
            self._refuse_triples(table.problems)
        for chunk in chunked(source.rows, CHUNK_ROWS, CHUNK_CHARACTERS):
            if table is not None:
                came.update(row.key for row in chunk if table.awaits(row.key))
            usable = [row for row in chunk if self._usable(row)]
            for row, extraction in self._extract(usable, extractor):
                self._take(row, extraction)
            advance(len(chunk))
        if table is not None:
            self._refuse_triples(table.left_over(came))
        counts = {name: self._counts[name] for name in ("added", "replaced", "unchanged", "mentions", "triples")}
        refused = self._reasons.total()
        return GrowthReport(**counts, refused=refused, reasons=dict(self._reasons), examples=tuple(self._examples))

    def _usable(self, row: Row) -> bool:
        """Whether a row has to be extracted at all."""
        if row.problem:
            self._refuse(Refusal(row.number, row.id, row.problem))
            return False
        rows = self.store.run("MATCH (d:Document {key: $key}) RETURN d.digest, d.number", {"key": as_stored(row.key)})
        if not rows:
            return True
        digest, number = rows[0]
        if number > self._before:
            self._refuse(Refusal(row.number, row.id, _TWICE))
        elif self.resume and digest.startswith(growing.digest(row.text)):
            self._counts["unchanged"] += 1
        elif self.replace:
            return True
        else:
            self._refuse(Refusal(row.number, row.id, _OTHER if self.resume else _THERE))
        return False

    def _extract(self, rows: Sequence[Row], extractor: Extractor | TripleTable) -> Iterator[tuple[Row, Extraction]]:
        if isinstance(extractor, TripleTable):
            for row in rows:
                extraction, problems = extractor.extract(row.key, row.text)
                self._refuse_triples(problems)
                yield row, extraction
        elif rows:
            yield from self._attempt(rows, extractor)

    def _attempt(self, rows: Sequence[Row], extractor: Extractor) -> Iterator[tuple[Row, Extraction]]:
        """Halve a chunk that fails until the row that fails stands alone."""
        try:
            found = extractor.extract([row.text for row in rows])
        except (CheckpointError, DataError, MissingExtraError, ImportError):
            raise  # no row is to blame
        except Exception as error:
            if len(rows) == 1:
                self._refuse(Refusal(rows[0].number, rows[0].id, describe(error)))
                return
            middle = len(rows) // 2
            yield from self._attempt(rows[:middle], extractor)
            yield from self._attempt(rows[middle:], extractor)
            return
        if len(found) != len(rows):
            raise InputError(f"the extractor gave {len(found)} extractions for {len(rows)} texts")
        yield from zip(rows, found, strict=True)

    def _take(self, row: Row, extraction: Extraction) -> None:
        try:
            what = put(self.store, self.near, self.embed, row, extraction, replace=self.replace, before=self._before)
        except InputError as error:
            self._refuse(Refusal(row.number, row.id, str(error)))
            return
        self._counts[what] += 1
        if what != "unchanged":
            self._counts["mentions"] += len(all_mentions(extraction))
            self._counts["triples"] += len(extraction.triples)

    def _refuse_triples(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self._refuse(Refusal(problem.row, problem.id, f"triple: {problem.reason}"))

    def _refuse(self, refusal: Refusal) -> None:
        if self.strict:
            raise InputError(f"row {refusal.row} (id {refusal.id!r}): {refusal.reason}")
        self._reasons[refusal.reason] += 1
        if len(self._examples) < _EXAMPLES:
            self._examples.append(refusal)


def put(
    store: Store,
    near: float,
    embed: Embed | None,
    row: Row,
    extraction: Extraction,
    *,
    replace: bool,
    before: int | None = None,
) -> str:
    """One document in, in one transaction; returns "added", "replaced" or "unchanged".

    Args:
        before: the number of the last document of an earlier run; a later one of this id is one of this run.

    Raises:
        InputError: its extraction does not fit its text, or its id is there and may not be replaced.
    """
    mentions, triples = check(row.text, extraction)
    contexts = None if embed is None else embed_contexts(embed, row.text, mentions)
    digest = growing.digest(row.text, extraction)
    entry = Entry(as_stored(row.key), row.text, mentions, triples, digest, contexts)
    with store.change():
        old = growing.find(store, entry.key)
        if old is not None:
            if before is not None and old.number > before:
                raise InputError(_TWICE)
            if not replace:
                raise InputError(_THERE)
            if old.digest == digest:
                return "unchanged"
            growing.remove(store, entry.key, old.content, near)
        growing.add(store, entry, near)
    return "added" if old is None else "replaced"


def embed_contexts(embed: Embed, text: str, mentions: Sequence[Mention]) -> np.ndarray:
    """Vectors of the sentences around the mentions, int64 ``(len(mentions), width)`` in parts of ``growing.UNIT``.

    One call a document, so that it does not matter which documents come together.

    Raises:
        InputError: the vectors are not one of finite numbers for each text.
    """
    spans = sentence_spans(text)
    around = [text[_sentence(spans, m, 0) : _sentence(spans, m, 1)].strip() or m.text for m in mentions]
    different = sorted(set(around))
    if not different:
        return np.zeros((0, 0), dtype=np.int64)
    vectors = np.asarray(embed(different), dtype=np.float64)
    if vectors.ndim != 2 or len(vectors) != len(different) or not np.isfinite(vectors).all():
        raise InputError(f"embed gave an array of shape {vectors.shape} for {len(different)} texts, or no finite one")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    whole = np.rint(vectors / np.where(lengths > 0, lengths, 1) * growing.UNIT).astype(np.int64)
    place = {each: number for number, each in enumerate(different)}
    return whole[[place[each] for each in around]]


def _sentence(spans: Sequence[tuple[int, int]], mention: Mention, side: int) -> int:
    if side == 0:
        return max((start for start, _ in spans if start <= mention.start), default=0)
    return min((end for _, end in spans if end >= mention.end), default=mention.end)
