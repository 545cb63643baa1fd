"""Between characters and tokens: typed spans to BIO labels, character spans to tokens.

Offsets are ``(n, 2)`` half-open character spans, as the tokenizer gives them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def visible(offsets: np.ndarray, text: str) -> np.ndarray:
    """Offsets without the space that a token carries before its word, ``(n, 2)``."""
    spaced = np.array([a < b and text[a].isspace() for a, b in offsets], dtype=np.int64)
    return offsets + np.stack([spaced, np.zeros_like(spaced)], axis=1)


def tag_labels(
    offsets: np.ndarray, text: str, spans: Sequence[tuple[int, int, str]], types: Sequence[str]
) -> np.ndarray:
    """BIO label of each token: 0 outside, ``2 t + 1`` begin and ``2 t + 2`` inside of type ``t``; int64 ``(n,)``."""
    labels = np.zeros(len(offsets), dtype=np.int64)
    starts, ends = visible(offsets, text).T
    for start, end, kind in spans:
        inside = np.flatnonzero((starts >= start) & (ends <= end) & (starts < ends))
        if len(inside):
            labels[inside] = 2 * types.index(kind) + 2
            labels[inside[0]] -= 1
    return labels


def span_tokens(offsets: np.ndarray, span: tuple[int, int]) -> tuple[int, int]:
    """First and last token that overlap a character span."""
    found = np.flatnonzero((offsets[:, 1] > span[0]) & (offsets[:, 0] < span[1]))
    return (int(found[0]), int(found[-1])) if len(found) else (0, 0)
