"""What an answer holds and how it shows itself."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slmkit.tasks.question_answering.records import Key
from slmkit.text.sentences import sentence_spans

_TYPES: Mapping[str, Any] = {"document": object, "score": float, "start": "Int64", "end": "Int64", "passage": "Int64"}
_MARK = "rgba(255,200,0,0.45)"


@dataclass(frozen=True)
class Evidence:
    """The passage that an answer stands in.

    Attributes:
        text: the passage. start, end: its characters in the document. metadata: the document's.
    """

    text: str
    start: int
    end: int
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """An answer with the place it was taken from, or the reason why there is none; false where there is none.

    Attributes:
        question: as it was asked. text: the answer, empty where there is none; its whole sentence where that was asked
            for (``style="sentence"``).
        score: probability that the answer stands there; where there is none, that no passage has it, or None where
            nothing was read.
        document: the id of its document. start, end: characters of the answer proper in the document, so that
            ``index.document(answer.document).text[answer.start:answer.end] == answer.span``.
        passage: the evidence. reason: why there is no answer, or None.
    """

    question: str
    text: str = ""
    score: float | None = None
    document: Key | None = None
    start: int | None = None
    end: int | None = None
    passage: Evidence | None = None
    reason: str | None = None

    def __bool__(self) -> bool:
        return self.reason is None

    def __str__(self) -> str:
        return self.text if self else f"({self.reason})"

    @property
    def span(self) -> str:
        """The answer proper, as the document has it; empty where there is none."""
        return "" if self.passage is None else self.passage.text[slice(*self._place())]

    @property
    def sentence(self) -> str:
        """The sentence of the passage that the answer stands in, several where it goes over their ends.

        A sentence that is longer than a passage comes as far as the passage has it.
        """
        if self.passage is None:
            return ""
        text, (start, end) = self.passage.text, self._place()
        inside = [(a, b) for a, b in sentence_spans(text) if a < end and b > start]
        return text[inside[0][0] : inside[-1][1]].strip() if inside else ""

    def _place(self) -> tuple[int, int]:
        """Characters of the answer in the passage."""
        if self.passage is None or self.start is None or self.end is None:
            return 0, 0
        return self.start - self.passage.start, self.end - self.passage.start

    def row(self) -> dict[str, Any]:
        """Plain data for a table: ``answer, score, document, start, end, evidence, reason``."""
        return {
            "answer": self.text if self else None,
            "score": self.score,
            "document": self.document,
            "start": self.start,
            "end": self.end,
            "evidence": self.passage.text if self.passage is not None else None,
            "reason": self.reason,
        }

    def _repr_html_(self) -> str:
        asked = f'<div style="color:#666;font-size:90%">{html.escape(self.question)}</div>'
        score = "" if self.score is None else f" · {self.score:.2f}"
        if not self or self.passage is None or self.start is None or self.end is None:
            return f"<div>{asked}<div><i>{html.escape(self.reason or '')}</i>{score}</div></div>"
        text, (begin, end) = self.passage.text, self._place()
        marked = (
            f"{html.escape(text[:begin])}"
            f'<mark style="background:{_MARK};border-radius:3px">{html.escape(text[begin:end])}</mark>'
            f"{html.escape(text[end:])}"
        )
        return (
            f"<div>{asked}<div><b>{html.escape(self.text)}</b>{score}</div>"
            f'<div style="white-space:pre-wrap;line-height:1.7;margin-top:4px">{marked}</div>'
            f'<div style="color:#666;font-size:90%">{html.escape(str(self.document))} [{self.start}:{self.end}]</div>'
            "</div>"
        )


def answers_frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], index: Any) -> Any:
    """Rows as a frame in which ids and places stay whole numbers where some rows have none."""
    import pandas as pd

    cells = {name: pd.Series([row[name] for row in rows], index, dtype=_TYPES.get(name)) for name in columns}
    return pd.DataFrame(cells, index=index)
