"""A table of triples as an extraction: for whoever has relations already, and for trying a graph out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.base import cell_problem, require_column
from slmkit.tasks.inputs import is_missing
from slmkit.tasks.knowledge.records import Extraction, Key, Mention, Triple
from slmkit.tasks.question_answering.sources import as_key, spelt_otherwise
from slmkit.text.sentences import sentence_spans

NEEDED = ("head", "relation", "tail")
OPTIONAL = ("head_type", "tail_type", "score")


@dataclass(frozen=True)
class _Wanted:
    row: int
    head: str
    relation: str
    tail: str
    head_type: str
    tail_type: str
    score: float


@dataclass(frozen=True)
class Problem:
    """A row of the table that gives no triple, and why."""

    row: int
    id: Any
    reason: str


class TripleTable:
    """Triples by document id; each is looked for in its document's text."""

    def __init__(self, by_document: Mapping[Key, list[_Wanted]], problems: list[Problem]) -> None:
        self._by_document, self.problems = by_document, problems

    @classmethod
    def read(cls, source: Any, id: str = "id", encoding: str | None = None) -> TripleTable:  # noqa: A002
        """Take a frame, dicts, or the path of a table file.

        Args:
            source: with the columns ``id``, head, relation and tail; head_type, tail_type and score are taken where
                they are there.
            id: the column with the documents' ids. encoding: of a text file; None is UTF-8.

        Raises:
            InputError: it is none of these, or lacks a column.
        """
        found: dict[Key, list[_Wanted]] = {}
        problems: list[Problem] = []
        for number, cells in enumerate(_rows(source, id, encoding)):
            try:
                found.setdefault(as_key(cells[id]), []).append(_wanted(number, cells))
            except InputError as error:
                problems.append(Problem(number, cells[id], str(error)))
        return cls(found, problems)

    def extract(self, key: Key, text: str) -> tuple[Extraction, list[Problem]]:
        """The triples of one document, and the rows whose head or tail its text does not hold."""
        sentences = sentence_spans(text)
        triples: list[Triple] = []
        problems: list[Problem] = []
        for wanted in self._by_document.get(key, ()):
            found = _locate(text, sentences, wanted)
            if found is None:
                missing = next((each for each in (wanted.head, wanted.tail) if each not in text), wanted.tail)
                problems.append(Problem(wanted.row, key, f"{missing!r} is not in the document's text"))
            else:
                triples.append(found)
        return Extraction((), tuple(triples)), problems

    def awaits(self, key: Key) -> bool:
        """Whether there are triples of this document, or of one whose id is spelt otherwise."""
        return key in self._by_document or spelt_otherwise(key) in self._by_document

    def left_over(self, came: Set[Key]) -> list[Problem]:
        """The rows whose document was not among those that came; see ``awaits`` for which have to be told."""
        problems = []
        for key, rows in self._by_document.items():
            if key in came:
                continue
            other = spelt_otherwise(key)
            hint = "" if other not in came else f"; there is {other!r}, and a text and a whole number are two ids"
            problems += [Problem(wanted.row, key, f"no document has the id {key!r}{hint}") for wanted in rows]
        return sorted(problems, key=lambda problem: problem.row)


def _rows(source: Any, id: str, encoding: str | None) -> Iterable[Mapping[str, Any]]:  # noqa: A002
    names = (id, *NEEDED)
    if isinstance(source, (str, Path)):
        from slmkit.tasks.table_io import open_reader

        if not Path(source).is_file():
            raise InputError(f"there is no file {source}")
        reader = open_reader(Path(source), "relation", encoding=encoding)
        columns = [*names, *(name for name in OPTIONAL if name in reader.columns)]
        for name in names:
            require_column(name, reader.columns, str(source))
        for chunk in reader.chunks(512, 0):
            cells = {name: chunk.cells if name == "relation" else chunk.values(name) for name in columns}
            yield from (dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True))
    elif type(source).__name__ == "DataFrame" and hasattr(source, "to_dict"):
        for name in names:
            require_column(name, source.columns, "the table of triples")
        yield from source.to_dict("records")
    elif isinstance(source, Iterable) and not isinstance(source, Mapping):
        for row in source:
            if not isinstance(row, Mapping):
                raise InputError(f"a row of the triples is no dict but {type(row).__name__}")
            yield {**dict.fromkeys(names), **row}
    else:
        raise InputError(f"a frame, dicts or the path of a table is needed for triples, not {type(source).__name__}")


def _wanted(number: int, cells: Mapping[str, Any]) -> _Wanted:
    for name in NEEDED:
        problem = cell_problem(cells[name])
        if problem is not None:
            raise InputError(f"its {name} is {problem}")
    head, relation, tail = (str(cells[name]).strip() for name in NEEDED)
    types = ["" if is_missing(cells.get(name)) else str(cells[name]) for name in ("head_type", "tail_type")]
    given = cells.get("score")
    try:
        score = 1.0 if is_missing(given) or given == "" else float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InputError(f"its score is {given!r}, expected a number from 0 to 1") from None
    if not 0 <= score <= 1:
        raise InputError(f"its score is {given!r}, expected a number from 0 to 1")
    return _Wanted(number, head, relation, tail, types[0], types[1], score)


def _locate(text: str, sentences: list[tuple[int, int]], wanted: _Wanted) -> Triple | None:
    """The first sentence with both, or the stretch of sentences from the one's first to the other's first mention.

    Parts of other words, and two mentions that overlap ("York" in "New York"), are taken only where nothing else is.
    """
    for parts, overlap in ((False, False), (True, False), (True, True)):
        for start, end in [*sentences, (0, len(text))]:
            pair = _both(text, wanted, (start, end), parts, overlap)
            if pair is not None:
                ends = pair[0] + len(wanted.head), pair[1] + len(wanted.tail)
                first = max(start for start, _ in sentences if start <= min(pair))
                last = min(end for _, end in sentences if end >= max(ends))
                return _triple(text, wanted, pair, (first, last))
    return None


def _both(text: str, wanted: _Wanted, within: tuple[int, int], parts: bool, overlap: bool) -> tuple[int, int] | None:
    """Where head and tail begin, the first places that do; None where one is missing."""
    heads, tails = (_places(text, each, *within, parts) for each in (wanted.head, wanted.tail))
    for head in heads:
        for tail in tails:
            if overlap or tail >= head + len(wanted.head) or head >= tail + len(wanted.tail):
                return head, tail
    return None


def _places(text: str, part: str, start: int, end: int, parts: bool) -> list[int]:
    """Where a name stands, as a word of its own or, with ``parts``, also inside of another word."""
    found: list[int] = []
    at = text.find(part, start, end)
    while at >= 0 and len(found) < 50:
        if parts or not _inside_word(text, at, at + len(part)):
            found.append(at)
        at = text.find(part, at + 1, end)
    return found


def _inside_word(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 1) : start + 1], text[end - 1 : end + 1]
    return any(len(each) == 2 and each.isascii() and each.isalnum() for each in (before, after))


def _triple(text: str, wanted: _Wanted, pair: tuple[int, int], sentence: tuple[int, int]) -> Triple:
    start, end = sentence
    end = start + len(text[start:end].rstrip())
    head, tail = pair
    return Triple(
        Mention(wanted.head, head, head + len(wanted.head), wanted.head_type, wanted.score),
        wanted.relation,
        Mention(wanted.tail, tail, tail + len(wanted.tail), wanted.tail_type, wanted.score),
        wanted.score,
        start,
        end,
    )
