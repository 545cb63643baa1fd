"""What a graph takes and gives back: mentions, triples, extractions, reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from slmkit.tasks.question_answering.records import Key, Refusal

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Embed", "Extraction", "Extractor", "GrowthReport", "Key", "Mention", "Refusal", "Triple"]

Embed = Callable[[Sequence[str]], "np.ndarray"]
"""Texts to float32 vectors ``(n, d)`` of length 1, such as ``SLM.embed``."""


@dataclass(frozen=True)
class Mention:
    """A place where a thing is named.

    Attributes:
        text: as it is written. start, end: half-open span of characters, so that ``document[start:end] == text``.
        type: of the thing, such as "person" or "ORG"; "" where it is not known. score: 0 to 1.
    """

    text: str
    start: int
    end: int
    type: str = ""
    score: float = 1.0


@dataclass(frozen=True)
class Triple:
    """A relation that a sentence states.

    Attributes:
        head, tail: the two mentions. relation: its name, in the caller's words. score: 0 to 1.
        start, end: half-open span of the sentence in the document's characters; it holds both mentions.
    """

    head: Mention
    relation: str
    tail: Mention
    score: float
    start: int
    end: int


@dataclass(frozen=True)
class Extraction:
    """What was found in one document; the mentions of the triples need not be listed again."""

    mentions: tuple[Mention, ...] = ()
    triples: tuple[Triple, ...] = ()


class Extractor(Protocol):
    """What finds mentions and triples in texts."""

    def extract(self, texts: Sequence[str]) -> list[Extraction]:
        """One extraction for each text, in their order."""
        ...


@dataclass(frozen=True)
class GrowthReport:
    """What growing a graph did.

    Attributes:
        added, replaced: documents that went in, or in place of an older state. unchanged: were there, the same.
        mentions, triples: that went in with them. refused: rows that did not go in. reasons: how many for which reason.
        examples: the first hundred of them.
    """

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    mentions: int = 0
    triples: int = 0
    refused: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    examples: Sequence[Refusal] = ()


def as_plain(extraction: Extraction) -> dict[str, Any]:
    """An extraction as plain values, such as for a digest."""
    return {
        "mentions": [[m.text, m.start, m.end, m.type, m.score] for m in extraction.mentions],
        "triples": [
            [[t.head.text, t.head.start, t.head.end, t.head.type, t.head.score], t.relation]
            + [[t.tail.text, t.tail.start, t.tail.end, t.tail.type, t.tail.score], t.score, t.start, t.end]
            for t in extraction.triples
        ],
    }
