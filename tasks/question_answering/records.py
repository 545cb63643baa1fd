"""What an index takes and gives back: ids, documents, hits, reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np

Key = str | int
"""A document's id: the caller's own, a text or a whole number; ``1`` and ``"1"`` are two ids."""
Mode = Literal["hybrid", "dense", "lexical"]
MODES = ("hybrid", "dense", "lexical")


class Embedder(Protocol):
    """What an index needs of a retriever or a core."""

    tokenizer: Any

    @property
    def fingerprint(self) -> str:
        """Which one it is: vectors of another one mean something else."""
        ...

    def embed(self, texts: Any, *, kind: Any) -> np.ndarray:
        """Unit vectors, float32 ``(n, width)``; ``kind`` is "passage" or "query"."""
        ...


@dataclass(frozen=True)
class Document:
    """A document as it went in."""

    id: Key
    text: str
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Hit:
    """A passage that was found.

    Attributes:
        document: the id of its document. text: the passage. start, end: its half-open span of characters, so that
            ``index.document(hit.document).text[hit.start:hit.end] == hit.text``.
        score: what the hits are ordered by. dense: cosine of the vectors; lexical: BM25 (more is better); None where
            that side was not asked, or knows nothing of the passage.
        metadata: the document's.
    """

    document: Key
    text: str
    start: int
    end: int
    score: float
    dense: float | None = None
    lexical: float | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refusal:
    """A row that did not go in: its place in the source (from 0), its id as it was given, and why."""

    row: int
    id: Any
    reason: str


@dataclass(frozen=True)
class AddReport:
    """What ``add`` or ``update`` did.

    Attributes:
        added, updated: documents that went in, or in place of an older state. unchanged: were there already, the same.
        passages: passages that were made. refused: rows that did not go in. reasons: how many for which reason.
        examples: the first hundred of them.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    passages: int = 0
    refused: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    examples: Sequence[Refusal] = ()


@dataclass(frozen=True)
class VerifyReport:
    """What ``verify`` looked at, and what is wrong with it."""

    documents: int
    passages: int
    problems: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems
