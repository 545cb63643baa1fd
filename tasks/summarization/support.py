"""Which sentences of the source support a written one: those whose vectors are nearest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slmkit.tasks.summarization.pieces import Pieces
from slmkit.tasks.summarization.summary import Support

MOST = 3
WITHIN = 0.03  # how much less like a further support may be than the likest


def supports(vectors: np.ndarray, pieces: Pieces, source: np.ndarray) -> list[tuple[Support, ...]]:
    """The likest pieces of a source for each written sentence; at least one, at most ``MOST``.

    Args:
        vectors: of the written sentences, of length 1 ``(sentences, width)``. pieces: the source.
        source: its pieces' vectors ``(pieces, width)``.
    """
    found = []
    for row in vectors @ source.T:
        best = np.argsort(-row, kind="stable")[:MOST]
        found.append(tuple(_support(pieces, int(i), float(row[i])) for i in best if row[i] >= row[best[0]] - WITHIN))
    return found


def own_support(pieces: Pieces, numbers: Sequence[int]) -> list[tuple[Support, ...]]:
    """Of sentences that were taken as they stand: each supports itself."""
    return [(_support(pieces, number, 1.0),) for number in numbers]


def _support(pieces: Pieces, number: int, similarity: float) -> Support:
    start, end = pieces.spans[number]
    return Support(pieces.shown(number), start, end, min(similarity, 1.0))
