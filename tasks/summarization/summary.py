"""What a summary holds and how it shows itself."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

_SUPPORTED, _FLAGGED = "rgba(0,150,80,0.18)", "rgba(215,50,40,0.30)"


@dataclass(frozen=True)
class Support:
    """A sentence of the source.

    Attributes:
        text: the sentence. start, end: its characters in the source.
        similarity: cosine of its vector to that of the sentence it supports; 1 where it was taken as it stands.
    """

    text: str
    start: int
    end: int
    similarity: float


@dataclass(frozen=True)
class SummarySentence:
    """A sentence of the summary.

    Attributes:
        text: the sentence. start, end: its characters in the summary. supports: what it rests on, likest first.
    """

    text: str
    start: int
    end: int
    supports: tuple[Support, ...]


@dataclass(frozen=True)
class Flag:
    """A name or a number of the summary that does not stand in the source.

    Attributes:
        text: as it is written. start, end: its characters in the summary. kind: "name" or "number".
    """

    text: str
    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Summary:
    """A summary, what it rests on, and what is doubtful in it.

    Attributes:
        text: the summary. language: of the source, "en" or "zh". method: what was used, "abstractive" or "extractive".
        sentences: of the summary. flags: names and numbers that do not stand in the source.
        source: the caller's text. read: share of it that the writer read, 1 unless it was too long.
        notes: what a reader should know, such as that sentences without an end mark were cut.
    """

    text: str
    language: Literal["en", "zh"]
    method: Literal["abstractive", "extractive"]
    sentences: tuple[SummarySentence, ...]
    flags: tuple[Flag, ...]
    source: str
    read: float = 1.0
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text

    def to_frame(self) -> pd.DataFrame:
        """One row a sentence and its support: ``sentence, source, start, end, similarity``."""
        import pandas as pd

        rows = [(each.text, s.text, s.start, s.end, s.similarity) for each in self.sentences for s in each.supports]
        return pd.DataFrame(rows, columns=["sentence", "source", "start", "end", "similarity"])

    def _repr_html_(self) -> str:
        supports = {(s.start, s.end): s.similarity for each in self.sentences for s in each.supports}
        marks = [(flag.start, flag.end, _FLAGGED, f"{flag.kind} not in the source") for flag in self.flags]
        backed = [(start, end, _SUPPORTED, f"similarity {s:.2f}") for (start, end), s in sorted(supports.items())]
        notes = "".join(f'<div style="color:#666;font-size:90%">{html.escape(note)}</div>' for note in self.notes)
        return (
            f'<div><div style="color:#666;font-size:90%">{self.method} summary ({self.language})</div>'
            f'<div style="white-space:pre-wrap;line-height:1.7">{_marked(self.text, marks)}</div>{notes}'
            f'<details><summary>source</summary><div style="white-space:pre-wrap;max-height:30em;overflow:auto">'
            f"{_marked(self.source, backed)}</div></details></div>"
        )


def _marked(text: str, marks: Iterable[tuple[int, int, str, str]]) -> str:
    """The text as HTML; each mark is a span, a colour and what the mouse tells."""
    parts, at = [], 0
    for start, end, colour, title in marks:
        if start < at:
            continue
        parts.append(html.escape(text[at:start]))
        parts.append(
            f'<span style="background:{colour};border-radius:3px" title="{html.escape(title)}">'
            f"{html.escape(text[start:end])}</span>"
        )
        at = end
    return "".join([*parts, html.escape(text[at:])])
