"""A document as passages of whole sentences that overlap by one; offsets are exact and nothing is lost."""

from __future__ import annotations

import re

import numpy as np

from slmkit.text.sentences import sentence_spans
from slmkit.text.tokenizer import Tokens

SIZE = 200  # tokens of a passage
_PAUSE = re.compile(r"[,，、;；:：]\s*|\s+")

Span = tuple[int, int]


def passage_spans(text: str, tokens: Tokens, size: int = SIZE) -> list[Span]:
    """Half-open character spans of the passages of ``text``, without white space at their ends.

    A passage holds as many sentences as fit in ``size`` tokens and begins with the last one of the passage before,
    unless that one is longer than a third of ``size``. A sentence that is too long is divided, at pauses where
    there are any. Every character but white space is in some passage.

    Args:
        text: not blank. tokens: of ``text``.
    """
    starts = tokens.offsets[:, 0]
    pieces = [piece for span in sentence_spans(text) for piece in _divide(text, span, starts, size)]
    bounds = np.searchsorted(starts, [end for _, end in pieces])
    counts = np.diff(bounds, prepend=0).tolist()
    spans: list[Span] = []
    first = 0
    while first < len(pieces):
        last, held = first, counts[first]
        while last + 1 < len(pieces) and held + counts[last + 1] <= size:
            last += 1
            held += counts[last]
        spans.append(_trim(text, pieces[first][0], pieces[last][1]))
        if last + 1 == len(pieces):
            break
        repeats = first < last and counts[last] <= size // 3 and counts[last] + counts[last + 1] <= size
        first = last if repeats else last + 1
    return spans


def _divide(text: str, span: Span, starts: np.ndarray, size: int) -> list[Span]:
    """A sentence as it is, or in parts of at most ``size`` tokens and nearly equal length."""
    start, end = span
    low, high = np.searchsorted(starts, [start, end]).tolist()
    parts = []
    while high - low > size:
        share = -(-(high - low) // -(-(high - low) // size))
        cut = _pause_before(text, int(starts[low + share * 3 // 4]), int(starts[low + share]))
        # The bytes of one character are tokens with one start: a step must leave that character behind.
        if cut <= start:
            cut = start + 1
        if text[start:cut].strip():
            parts.append((start, cut))
            start = cut
        low = max(int(np.searchsorted(starts, cut)), low + 1)
    if text[start:end].strip():
        parts.append((start, end))
    elif parts:
        parts[-1] = (parts[-1][0], end)
    return parts


def _pause_before(text: str, low: int, high: int) -> int:
    ends = [match.end() for match in _PAUSE.finditer(text, low, high)]
    return ends[-1] if ends else high


def _trim(text: str, start: int, end: int) -> Span:
    kept = text[start:end]
    return start + len(kept) - len(kept.lstrip()), end - (len(kept) - len(kept.rstrip()))
