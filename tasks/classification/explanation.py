"""What an explanation holds and how it shows itself."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from slmkit.tasks.classification.labels import Label

if TYPE_CHECKING:
    import pandas as pd

_STRONGEST = 20
_FOR, _AGAINST = "0,150,80", "215,50,40"  # green and red as rgb


@dataclass(frozen=True)
class Attribution:
    """What one token adds to the score.

    Attributes:
        text: the token. start, end: its characters in the caller's string. score: what it adds.
    """

    text: str
    start: int
    end: int
    score: float


@dataclass(frozen=True)
class Explanation:
    """Why a text gets a label: attributions of its tokens that sum to ``score - baseline``, up to ``error``.

    Attributes:
        text: the caller's. label: what is explained. tokens: in reading order.
        score: log odds of the label for the text, in float32 (the running precision may differ in the last digits).
        baseline: the same with every token masked (static vectors: without any). error: what the sum misses.
    """

    text: str
    label: Label
    tokens: tuple[Attribution, ...]
    score: float
    baseline: float
    error: float

    def to_frame(self) -> pd.DataFrame:
        """The tokens as a table: ``text, start, end, score``."""
        import pandas as pd

        rows = [(token.text, token.start, token.end, token.score) for token in self.tokens]
        return pd.DataFrame(rows, columns=["text", "start", "end", "score"])

    def __str__(self) -> str:
        strongest = sorted(self.tokens, key=lambda token: -abs(token.score))[:_STRONGEST]
        lines = [f"{token.score:+8.3f}  {token.text!r} [{token.start}:{token.end}]" for token in strongest]
        left = len(self.tokens) - len(strongest)
        more = [f"          … and {left} tokens of less weight"] if left else []
        return "\n".join([self._head(), *lines, *more])

    def _repr_html_(self) -> str:
        largest = max((abs(token.score) for token in self.tokens), default=0.0) or 1.0
        parts, at = [], 0
        for token in self.tokens:
            if token.start < at:  # bytes of one character, or a token inside another
                continue
            colour, strength = _FOR if token.score >= 0 else _AGAINST, abs(token.score) / largest
            parts.append(html.escape(self.text[at : token.start]))
            parts.append(
                f'<span style="background:rgba({colour},{0.6 * strength:.2f});border-radius:3px" '
                f'title="{token.score:+.3f}">{html.escape(self.text[token.start : token.end])}</span>'
            )
            at = token.end
        parts.append(html.escape(self.text[at:]))
        return (
            f'<div><div style="color:#666;font-size:90%">{html.escape(self._head())}</div>'
            f'<div style="white-space:pre-wrap;line-height:1.7">{"".join(parts)}</div></div>'
        )

    def _head(self) -> str:
        return f"{self.label!r}: log odds {self.score:+.3f}, with every token masked {self.baseline:+.3f}"


def by_span(text: str, offsets: Sequence[np.ndarray], each: Sequence[Sequence[float]]) -> tuple[Attribution, ...]:
    """Attributions of tokens by character span: windows overlap, and one character may be several byte tokens."""
    totals: dict[tuple[int, int], float] = {}
    for spans, row in zip(offsets, each, strict=True):
        for (start, end), value in zip(spans.tolist(), row, strict=False):
            if end > start:
                totals[start, end] = totals.get((start, end), 0.0) + value
    found = []
    for (start, end), value in sorted(totals.items()):
        begin = start + len(text[start:end]) - len(text[start:end].lstrip())  # the space before a word is not the word
        begin = begin if begin < end else start
        found.append(Attribution(text[begin:end], begin, end, value))
    return tuple(found)
