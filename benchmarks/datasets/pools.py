"""Rules that make a retrieval split: queries, the documents that are searched, and the grades of the relevant ones.

Before its rule, such a split holds judgements: ``(query, document)`` with a grade. After it, inputs are queries,
labels ``{document id: grade}``, and ``Rows.documents`` is the pool. Queries for which nothing is relevant are left
out: every ranking would score 0 on them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from slmkit.benchmarks.datasets.base import Rows
from slmkit.benchmarks.datasets.splits import normalised, stable_order
from slmkit.errors import DataError

Judgements = Iterable[tuple[str, str, int]]


def judged_rows(judgements: Judgements, documents: Mapping[str, str]) -> Rows:
    """One row a query, in order of appearance; of several grades of a document the highest counts.

    Args:
        judgements: ``(query, document id, grade)``. documents: text of each id.
    """
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for query, key, grade in judgements:
        if grade > 0:
            grades[query][key] = max(grade, grades[query].get(key, 0))
    return Rows(list(grades), list(grades.values()), documents)


@dataclass(frozen=True)
class Judged:
    """Judgements of ids in ``split``, queries and documents in splits of their own, whose labels are the ids.

    What is judged but not in the corpus, such as a blank document, is left out.
    """

    split: str
    queries: str
    corpus: str = "corpus"

    @property
    def changes(self) -> frozenset[str]:
        """The split with the judgements."""
        return frozenset((self.split,))

    @property
    def needs(self) -> frozenset[str]:
        """All three."""
        return frozenset((self.split, self.queries, self.corpus))

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Put the three together."""
        rows, corpus, asked = splits[self.split], splits[self.corpus], splits[self.queries]
        documents = dict(zip(corpus.labels, corpus.inputs, strict=True))
        texts = dict(zip(asked.labels, asked.inputs, strict=True))
        unknown = sorted({query for query, _ in rows.inputs} - set(texts))
        if unknown:
            raise DataError(f"{self.split} judges documents for {len(unknown)} unknown queries, such as {unknown[0]}")
        splits[self.split] = judged_rows(
            (
                (texts[query], key, grade)
                for (query, key), grade in zip(rows.inputs, rows.labels, strict=True)
                if key in documents
            ),
            documents,
        )


@dataclass(frozen=True)
class Pool:
    """All texts that ``split`` judges, whatever their grade, are the documents; with ``more``, those of a split too.

    A text that occurs several times is one document. Ids are numbers in order of appearance.
    """

    split: str
    more: str = ""

    @property
    def changes(self) -> frozenset[str]:
        """The split."""
        return frozenset((self.split,))

    @property
    def needs(self) -> frozenset[str]:
        """The split, and the further documents."""
        return self.changes | ({self.more} if self.more else set())

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Pool."""
        rows = splits[self.split]
        further = splits[self.more].inputs if self.more else ()
        texts = dict.fromkeys(text for text in (*(text for _, text in rows.inputs), *further) if text.strip())
        ids = {text: str(number) for number, text in enumerate(texts)}
        splits[self.split] = judged_rows(
            (
                (query, ids[text], grade)
                for (query, text), grade in zip(rows.inputs, rows.labels, strict=True)
                if text in ids and query.strip()
            ),
            {key: text for text, key in ids.items()},
        )


@dataclass(frozen=True)
class Parallel:
    """Judgements ``into`` from three splits of parallel lines: queries, texts, grades."""

    into: str
    queries: str
    texts: str
    grades: str

    @property
    def changes(self) -> frozenset[str]:
        """The split that is made."""
        return frozenset((self.into,))

    @property
    def needs(self) -> frozenset[str]:
        """The three."""
        return frozenset((self.queries, self.texts, self.grades))

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Put line beside line."""
        queries, texts, grades = (splits[name].inputs for name in (self.queries, self.texts, self.grades))
        if not len(queries) == len(texts) == len(grades):
            raise DataError(f"{self.into}: {len(queries)} queries, {len(texts)} texts, {len(grades)} grades in lines")
        splits[self.into] = Rows(list(zip(queries, texts, strict=True)), [int(grade) for grade in grades])


@dataclass(frozen=True)
class CarveQueries:
    """Move all judgements of ``n`` queries of ``source`` into the split ``into``.

    Judgements that stay and share a query or a text with those that went are dropped.
    """

    source: str
    into: str
    n: int
    seed: int = 0

    @property
    def changes(self) -> frozenset[str]:
        """Both splits."""
        return frozenset((self.source, self.into))

    @property
    def needs(self) -> frozenset[str]:
        """The split that is carved."""
        return frozenset((self.source,))

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Carve."""
        rows = splits[self.source]
        queries = list(dict.fromkeys(query for query, _ in rows.inputs))
        if self.n > len(queries):
            raise DataError(f"cannot carve {self.n} queries from a split of {len(queries)}")
        chosen = {queries[i] for i in stable_order(queries, self.seed)[: self.n]}
        splits[self.into] = rows.take([i for i, (query, _) in enumerate(rows.inputs) if query in chosen])
        held = {normalised(text) for pair in splits[self.into].inputs for text in pair}
        splits[self.source] = rows.take(
            [i for i, pair in enumerate(rows.inputs) if not held & {normalised(text) for text in pair}]
        )
