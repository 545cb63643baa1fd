"""Choosing pieces within a length: the most salient that do not repeat each other (Carbonell & Goldstein 1998)."""

from __future__ import annotations

import numpy as np

from slmkit.tasks.summarization.length import Length

# Cosines of two sentences of one text lie between 0.75 and 0.9 with this core: what is above tells the same.
ALIKE = 0.9
REPEATING = 4.0  # what a piece with the same vector as a chosen one loses, in standard deviations of salience
# Comparisons of one round; longer texts are chosen from stretch by stretch, so that the cost stays linear in them.
MOST_COMPARISONS = 4_000_000
STRETCH = 1024


def select(salience: np.ndarray, vectors: np.ndarray, words: np.ndarray, length: Length) -> list[int]:
    """Numbers of the chosen pieces, ascending; at least one, even where none fits into the length.

    Args:
        salience: ``(pieces,)``. vectors: of length 1, ``(pieces, width)``. words: of each piece ``(pieces,)``.
        length: the bounds; no bounds choose everything. With bounds, pieces without words, such as a line of marks,
            are not chosen where others have some.
    """
    count = len(salience)
    if length.admits(count, int(words.sum())):
        return list(range(count))
    order = np.argsort(-salience, kind="stable")
    if words.any():
        salience, order = np.where(words > 0, salience, -np.inf), order[words[order] > 0]
    wanted = _fitting(order, words, length)
    if not wanted:
        return [min(order.tolist(), key=lambda number: (words[number], number))]
    if len(wanted) * count <= MOST_COMPARISONS:
        return sorted(_choose(salience, vectors, words, length))
    chosen: list[int] = []
    for start in range(0, count, STRETCH):
        inside = [number for number in wanted if start <= number < start + STRETCH]
        if inside:
            part = slice(start, start + STRETCH)
            share = Length(len(inside), None if length.words is None else int(words[inside].sum()))
            chosen += [start + number for number in _choose(salience[part], vectors[part], words[part], share)]
    return sorted(chosen)


def _fitting(order: np.ndarray, words: np.ndarray, length: Length) -> list[int]:
    """The first pieces in ``order`` that fit into the length together."""
    taken: list[int] = []
    left = np.inf if length.words is None else length.words
    for number in order.tolist():
        if length.sentences is not None and len(taken) == length.sentences:
            break
        if words[number] <= left:
            taken.append(number)
            left -= words[number]
    return taken


def _choose(salience: np.ndarray, vectors: np.ndarray, words: np.ndarray, length: Length) -> list[int]:
    """Greedily the piece that is best for what has been chosen so far, until nothing more fits."""
    value, fits = salience.copy(), salience > -np.inf
    likest = np.zeros(len(salience))
    left = np.inf if length.words is None else length.words
    chosen: list[int] = []
    while len(chosen) != length.sentences:
        fits &= words <= left
        if not fits.any():
            break
        best = int(np.where(fits, value - REPEATING * likest**2, -np.inf).argmax())
        chosen.append(best)
        fits[best] = False
        left -= words[best]
        likest = np.maximum(likest, np.clip((vectors @ vectors[best] - ALIKE) / (1 - ALIKE), 0, 1))
    return chosen
