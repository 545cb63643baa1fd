"""A text read for its most salient pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from slmkit.tasks.summarization.length import Length
from slmkit.tasks.summarization.pieces import Pieces
from slmkit.tasks.summarization.salience import recurrence, salience
from slmkit.tasks.summarization.selection import select
from slmkit.tasks.summarization.words import count_words, word_weights, words

if TYPE_CHECKING:
    from slmkit.core import SLM

BLOCK = 1024  # pieces of several texts that are encoded together


@dataclass(frozen=True)
class Reading:
    """A text's pieces and their vectors.

    Attributes:
        pieces: the text. vectors: float32 ``(pieces, width)``. candidates: pieces that are no headings ``(c,)``.
        salience: of the candidates ``(c,)``. words: of the candidates ``(c,)``.
    """

    pieces: Pieces
    vectors: np.ndarray
    candidates: np.ndarray
    salience: np.ndarray
    words: np.ndarray

    def choose(self, length: Length, sizes: np.ndarray | None = None) -> list[int]:
        """Numbers of the most salient pieces within a length, in the text's order.

        Args:
            length: the bounds. sizes: of the candidates, where ``length.words`` counts something else than words.
        """
        sizes = self.words if sizes is None else sizes
        return self.candidates[select(self.salience, self.vectors[self.candidates], sizes, length)].tolist()


class Reader:
    """Reads texts by a core's sentence vectors and its vocabulary. Threads may share it."""

    def __init__(self, slm: SLM) -> None:
        self.slm = slm

    def read(self, texts: Sequence[Pieces]) -> Iterator[Reading]:
        """One reading a text, in order; every text has a piece at least."""
        for pieces, vectors in zip(texts, self.vectors(texts), strict=True):
            candidates = np.flatnonzero(~np.array(pieces.headings))
            shown = [pieces.shown(number) for number in candidates.tolist()]
            told = [words(piece) for piece in shown]
            weights = word_weights(self.slm.tokenizer, (word for each in told for word in each))
            found = salience(recurrence(told, weights), vectors[candidates])
            counts = np.array([count_words(piece) for piece in shown])
            # Rounded, so that the last bits of a vector, which depend on the batch, decide nothing.
            yield Reading(pieces, vectors, candidates, found.round(4), counts)

    def vectors(self, texts: Sequence[Pieces]) -> Iterator[np.ndarray]:
        """The vectors of each text's pieces, of length 1, float32 ``(pieces, width)``."""
        for block in _blocks(texts):
            shown = [[pieces.shown(number) for number in range(len(pieces))] for pieces in block]
            # What stands twice is encoded once: equal pieces have equal vectors, whatever stands beside them.
            rows = {text: row for row, text in enumerate(dict.fromkeys(text for each in shown for text in each))}
            vectors = self.slm.embed(list(rows))
            for each in shown:
                yield vectors[[rows[text] for text in each]]


def _blocks(texts: Sequence[Pieces]) -> Iterator[list[Pieces]]:
    block: list[Pieces] = []
    size = 0
    for pieces in texts:
        if block and size + len(pieces) > BLOCK:
            yield block
            block, size = [], 0
        block.append(pieces)
        size += len(pieces)
    if block:
        yield block
