"""Texts with their mentions and triples, every one at its place: what a fit learns from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.base import cell_problem, require_column
from slmkit.tasks.inputs import as_rows, as_texts, rows_named
from slmkit.tasks.knowledge.relations.given import End, Given, as_ends, as_triples
from slmkit.tasks.knowledge.relations.matching import Place, nearest, places
from slmkit.text.sentences import sentence_spans

TEXT, TRIPLES, ENTITIES = "text", "triples", "entities"
"""Columns of a frame that a fit takes."""
Span = tuple[int, int, str]
Link = tuple[int, str, int]
"""Head and tail as numbers of mentions, and what joins them."""
NOT_THERE = "its {side} is not in the text"
SAME = "its head and its tail are one place"


@dataclass(frozen=True)
class Example:
    """One text.

    Attributes:
        text: it. mentions: ``(start, end, type)``, in the order in which they were given; a name that was given without
            its place is a mention wherever it stands. triples: what is said.
        maybe: what may be said too: the other places of names that were given without theirs.
        by_name: whether its triples came as names. complete: whether no other relation is said in it, nor a mention
            there that is not among these. row: its place among those that were given.
        judged: relations that it tells of, and ``typed``: types whose mentions it has; None for all.
    """

    text: str
    mentions: tuple[Span, ...]
    triples: tuple[Link, ...]
    maybe: tuple[Link, ...] = ()
    by_name: bool = False
    complete: bool = True
    row: int = 0
    judged: frozenset[str] | None = None
    typed: frozenset[str] | None = None


@dataclass(frozen=True)
class LeftOut:
    """A triple that nothing is learned from, and why."""

    row: int
    head: str
    relation: str
    tail: str
    reason: str


def read_examples(
    texts: Sequence[str], triples: Any, entities: Any = None, complete: Any = None
) -> tuple[list[Example], list[LeftOut]]:
    """Put what callers hand over to their places; see ``RelationExtractor.fit``.

    Raises:
        InputError: blank texts, not one entry a text, or an entry that cannot be read; the message names the row.
    """
    refuse_blank(texts)
    said = rows_for(triples, texts, as_triples, "the triples")
    named = [[] for _ in texts] if entities is None else rows_for(entities, texts, as_ends, "the entities")
    whole = [True] * len(texts) if complete is None else [bool(each) for each in as_rows(complete, "complete")]
    if len(whole) != len(texts):
        raise InputError(f"{len(texts)} texts and {len(whole)} entries of complete; give one a text")
    examples: list[Example] = []
    left_out: list[LeftOut] = []
    for row, (text, each, mentions) in enumerate(zip(texts, said, named, strict=True)):
        board = _Board(text, mentions, row)
        left_out += filter(None, map(board.add, each))
        examples.append(board.example(whole[row]))
    return examples, left_out


def parts_of(texts: Any, triples: Any, entities: Any) -> tuple[list[str], Any, Any]:
    """Texts, triples and mentions (or None) from lists, or from the columns of a frame.

    Raises:
        InputError: a frame and lists, a column is not there, or there are no triples.
    """
    if type(texts).__name__ == "DataFrame" and hasattr(texts, "iloc"):
        if triples is not None or entities is not None:
            raise InputError("a frame brings texts, triples and entities in its columns; give it alone")
        for name in (TEXT, TRIPLES):
            require_column(name, texts.columns, "the frame")
        entities = texts[ENTITIES].tolist() if ENTITIES in texts.columns else None
        return as_texts(texts[TEXT].tolist()), texts[TRIPLES].tolist(), entities
    if triples is None:
        raise InputError("give the triples of each text: fit(texts, triples)")
    return as_texts(texts), triples, entities


def in_twos(entities: Any, texts: Sequence[str]) -> bool:
    """Whether the texts have two mentions each: then it is their relation that is asked for.

    Raises:
        InputError: not one entry a text, or one that cannot be read.
    """
    counts = [len(row) for row in rows_for(entities, texts, as_ends, "the entities")]
    return bool(counts) and max(counts) == 2 and counts.count(2) > len(counts) / 2


def refuse_blank(texts: Sequence[str]) -> None:
    """Refuse texts that say nothing.

    Raises:
        InputError: the message names the rows.
    """
    blank = [row for row, text in enumerate(texts) if cell_problem(text) is not None]
    if blank:
        raise InputError(f"{rows_named(blank)} of the texts: {cell_problem(texts[blank[0]])}; leave such rows out")


def rows_for(given: Any, texts: Sequence[str], read: Callable[[Any, str, str], list[Any]], what: str) -> list[Any]:
    """Entries for each text, read by ``as_ends`` or ``as_triples``.

    Raises:
        InputError: not one a text, or one that cannot be read; the message names the row.
    """
    rows = as_rows(given, what)
    if len(rows) != len(texts):
        raise InputError(f"{len(texts)} texts and {len(rows)} rows of {what.removeprefix('the ')}; give one a text")
    return [
        read(row, text, f"row {number} of {what}") for number, (row, text) in enumerate(zip(rows, texts, strict=True))
    ]


class _Board:
    """Mentions and links of one text as they come in."""

    def __init__(self, text: str, mentions: Sequence[End], row: int) -> None:
        self.text, self.row = text, row
        self.sentences = sentence_spans(text)
        self.mentions: dict[Span, int] = {}
        for mention in mentions:
            self.mentions.setdefault((mention.start, mention.end, mention.type), len(self.mentions))
        self.listed = list(self.mentions)
        self.triples: dict[Link, None] = {}
        self.maybe: dict[Link, None] = {}
        self.by_name = False

    def add(self, triple: Given) -> LeftOut | None:
        """Put a triple to its place; what it is left out for, if it has none."""
        heads, tails = self._places(triple.head), self._places(triple.tail)
        for side, found in (("head", heads), ("tail", tails)):
            if not found:
                return self._left_out(triple, NOT_THERE.format(side=side))
        pair = nearest(heads, tails, self.sentences)
        if pair is None or pair[0] == pair[1]:
            return self._left_out(triple, SAME)
        self.by_name |= not (triple.head.placed and triple.tail.placed)
        chosen = self._number(pair[0], triple.head.type), self._number(pair[1], triple.tail.type)
        self.triples[chosen[0], triple.relation, chosen[1]] = None
        for head in heads:
            for tail in tails:
                if head != tail:
                    numbers = self._number(head, triple.head.type), self._number(tail, triple.tail.type)
                    self.maybe[numbers[0], triple.relation, numbers[1]] = None
        return None

    def example(self, complete: bool) -> Example:
        """What came in."""
        maybe = tuple(link for link in self.maybe if link not in self.triples)
        return Example(self.text, tuple(self.mentions), tuple(self.triples), maybe, self.by_name, complete, self.row)

    def _places(self, end: End) -> list[Place]:
        """Where a side may stand: at its own place, else at an entity of its name, else anywhere."""
        if end.placed:
            return [(end.start, end.end)]
        alike = [(a, b) for a, b, kind in self.listed if self.text[a:b] == end.name and end.type in ("", kind)]
        return list(dict.fromkeys(alike)) or places(self.text, end.name)

    def _number(self, place: Place, kind: str) -> int:
        """The mention at a place; without a type of its own it takes that of an entity that is there."""
        if not kind:
            kind = next((known for a, b, known in self.listed if (a, b) == place), "")
        return self.mentions.setdefault((*place, kind), len(self.mentions))

    def _left_out(self, triple: Given, reason: str) -> LeftOut:
        return LeftOut(self.row, triple.head.name, triple.relation, triple.tail.name, reason)
