"""What an extractor finds, ``Relation``: two mentions, what joins them, and the sentence that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from slmkit.tasks.exploding import Items
from slmkit.tasks.knowledge.records import Mention, Triple

ITEMS = Items(
    "relations",
    (
        ("head", "head", str),
        ("head_start", "head_start", int),
        ("head_end", "head_end", int),
        ("head_type", "head_type", str),
        ("relation", "relation", str),
        ("tail", "tail", str),
        ("tail_start", "tail_start", int),
        ("tail_end", "tail_end", int),
        ("tail_type", "tail_type", str),
        ("score", "score", float),
        ("sentence", "sentence", str),
        ("sentence_start", "sentence_start", int),
        ("sentence_end", "sentence_end", int),
    ),
)
"""A row of a table for each relation; ``KnowledgeGraph`` takes such a table as its triples."""


@dataclass(frozen=True)
class Relation(Triple):
    """A relation that was found; a ``KnowledgeGraph`` takes it as it is.

    Attributes:
        head, tail: the two mentions, each with its text, span, type and score. relation: what joins them.
        score: how likely it is that the text says so, 0 to 1. start, end: half-open span of the sentence, or of the
            sentences from the one mention to the other. sentence: its text.
    """

    sentence: str = ""

    def to_dict(self) -> dict[str, Any]:
        """``{head, relation, tail, score, sentence}``; the mentions and the sentence are dicts too."""
        return {
            "head": asdict(self.head),
            "relation": self.relation,
            "tail": asdict(self.tail),
            "score": self.score,
            "sentence": {"text": self.sentence, "start": self.start, "end": self.end},
        }

    def to_row(self) -> dict[str, Any]:
        """The same without dicts inside: the keys of ``ITEMS``."""
        sides = {
            name if part == "text" else f"{name}_{part}": value
            for name, side in (("head", self.head), ("tail", self.tail))
            for part, value in asdict(side).items()
            if part != "score"
        }
        sentence = {"sentence": self.sentence, "sentence_start": self.start, "sentence_end": self.end}
        return {**sides, "relation": self.relation, "score": self.score, **sentence}


def relation_of(
    text: str, sentences: Sequence[tuple[int, int]], head: Mention, relation: str, tail: Mention, score: float
) -> Relation:
    """A relation with the sentences that it stands in.

    Args:
        text: the whole text. sentences: spans of its sentences, back to back. head, relation, tail, score: see there.
    """
    start = max(start for start, _ in sentences if start <= min(head.start, tail.start))
    end = min(end for _, end in sentences if end >= max(head.end, tail.end))
    said = text[start:end]
    start += len(said) - len(said.lstrip())
    end = start + len(said.strip())
    return Relation(head, relation, tail, score, start, end, text[start:end])
