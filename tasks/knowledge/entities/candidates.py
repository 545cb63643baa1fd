"""From scores of token pairs and tags to spans of characters that may be entities, and on to those that stay.

Scores are log odds before calibration.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from slmkit.model.heads import bio_path
from slmkit.tasks.knowledge.entities.laying import Laid

FLOOR = -4.0
"""Spans of a lower score are not looked at."""
_MOST = 8  # candidates a token, far more than a fitted network leaves; it bounds what an unfitted one costs
_NEVER = -1e4
_SURE = 1e-6


@dataclass(frozen=True)
class Scores:
    """What a network says of a batch of windows.

    Attributes:
        pairs: ``(B, kinds, T, T)``, or None where no pointer is asked. tags: log-probabilities of BIO labels
            ``(B, T, 2 * kinds + 1)``, or None where no tagger is asked.
    """

    pairs: Tensor | None
    tags: Tensor | None


@dataclass
class Candidates:
    """Spans of one text that may be entities, in the order in which they were found."""

    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    score: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Found:
    """A span that stays: half-open characters, number of its kind, score."""

    start: int
    end: int
    kind: int
    score: float


def gather(scores: Scores, laid: Laid, numbers: Sequence[int] | np.ndarray, into: Sequence[Candidates]) -> None:
    """Add the candidates of a batch of windows to those of their texts.

    Where there are pairs they alone decide. CLUENER's carved dev rows: pairs 72.7, their mean with the tags' log odds
    70.1, tags 66.7, all of one network that learned both.

    Args:
        scores: of the batch. laid: all windows. numbers: those of the batch. into: candidates of each text.
    """
    if scores.pairs is None:
        rows, kinds, firsts, lasts = _of_paths(scores.tags, laid, numbers)
        values = np.zeros(len(rows), dtype=np.float32)
    else:
        rows, kinds, firsts, lasts, values = _of_pairs(scores.pairs)
    for row, window in enumerate(numbers):
        own = rows == row
        if not own.any():
            continue
        kind, first, last, value = kinds[own], firsts[own], lasts[own], values[own]
        if scores.pairs is None and scores.tags is not None:
            value = tag_odds(scores.tags[row].numpy(), laid.usable(window), kind, first, last)
        _add(into[int(laid.windows.text_index[window])], laid, window, kind, first, last, value)


def _add(
    into: Candidates, laid: Laid, window: int, kind: np.ndarray, first: np.ndarray, last: np.ndarray, value: np.ndarray
) -> None:
    kept = (value > FLOOR) & laid.judged_here(window, first, last)
    places = laid.places[window]
    into.start += places[first[kept], 0].tolist()
    into.end += places[last[kept], 1].tolist()
    into.kind += kind[kept].tolist()
    into.score += value[kept].tolist()


def _of_pairs(pairs: Tensor) -> tuple[np.ndarray, ...]:
    """Rows, kinds, first and last tokens, and scores of the pairs above the floor."""
    kinds, length = pairs.shape[1], pairs.shape[-1]
    if int((pairs > FLOOR).sum()) > _MOST * length * len(pairs):
        flat = pairs.flatten(1)
        bound = flat.topk(min(_MOST * length, flat.shape[1]), dim=1).values[:, -1:]
        pairs = flat.masked_fill(flat < bound, _NEVER).view(-1, kinds, length, length)
    where = (pairs > FLOOR).nonzero()
    values = pairs[tuple(where.T)].float().numpy()
    return (*where.T.numpy(), values)


def _of_paths(tags: Tensor | None, laid: Laid, numbers: Sequence[int] | np.ndarray) -> tuple[np.ndarray, ...]:
    """Rows, kinds, first and last tokens of the spans on the best paths through the labels of the usable tokens."""
    if tags is None:
        raise ValueError("neither pairs nor tags were scored")
    usable = [np.flatnonzero(laid.usable(window)) for window in numbers]
    length = max(map(len, usable), default=0)
    if not length:
        return tuple(np.empty(0, dtype=np.int64) for _ in range(4))
    packed = torch.full((len(usable), length, tags.shape[-1]), _NEVER)
    packed[:, :, 0] = 0  # behind the end of a window there is nothing
    for row, own in enumerate(usable):
        packed[row, : len(own)] = tags[row, own].float()
    found = [
        (row, kind, own[a], own[b])
        for row, (own, path) in enumerate(zip(usable, bio_path(packed).tolist(), strict=True))
        for kind, a, b in _runs(path[: len(own)])
    ]
    return tuple(np.array(found, dtype=np.int64).reshape(-1, 4).T)


def _runs(path: Sequence[int]) -> list[tuple[int, int, int]]:
    """Kind, first and last place of each span of BIO labels."""
    found: list[tuple[int, int, int]] = []
    for at, label in enumerate(path):
        if label % 2:
            found.append(((label - 1) // 2, at, at))
        elif label and found:
            found[-1] = (found[-1][0], found[-1][1], at)
    return found


def tag_odds(
    tags: np.ndarray, usable: np.ndarray, kinds: np.ndarray, first: np.ndarray, last: np.ndarray
) -> np.ndarray:
    """Log odds that the labels of just these tokens make a span: begin, insides, and no inside behind it.

    Args:
        tags: log-probabilities ``(T, labels)``. usable: tokens with characters ``(n,)``, no more than T.
        kinds, first, last: of the spans ``(spans,)``; the tokens are usable ones.
    """
    kept = np.flatnonzero(usable)
    place = np.zeros(len(usable), dtype=np.int64)
    place[kept] = np.arange(len(kept))
    tags = tags[kept].astype(np.float64)
    a, b = place[first], place[last]
    inside = np.concatenate([np.zeros((1, tags.shape[1])), tags.cumsum(0)])  # sums of what comes before
    chance = tags[a, 2 * kinds + 1] + inside[b + 1, 2 * kinds + 2] - inside[a + 1, 2 * kinds + 2]
    more = b + 1 < len(kept)
    going_on = np.exp(tags[np.minimum(b + 1, len(kept) - 1), 2 * kinds + 2])
    chance = chance + np.where(more, np.log1p(-np.minimum(going_on, 1 - _SURE)), 0)
    chance = np.minimum(chance, -_SURE)
    return (chance - np.log1p(-np.exp(chance))).astype(np.float32)


def settle(candidates: Candidates, text: str, *, nested: bool) -> list[Found]:
    """The candidates that stay, the best first; each is taken unless it is in the way of a better one.

    Args:
        candidates: of a text. text: itself; spans come out without white space at their ends.
        nested: spans may lie inside others, and one span may have several types; they never cross.
    """
    order = np.argsort(-np.array(candidates.score), kind="stable")
    kept: list[Found] = []
    taken: Nested | Flat = Nested() if nested else Flat(len(text))
    for at in order.tolist():
        start, end = candidates.start[at], candidates.end[at]
        said = text[start:end]
        start, end = start + len(said) - len(said.lstrip()), end - len(said) + len(said.rstrip())
        if start < end and taken.take(start, end, candidates.kind[at]):
            kept.append(Found(start, end, candidates.kind[at], float(candidates.score[at])))
    return kept


class Flat:
    """Spans of a text none of which overlaps another.

    Args:
        length: of the text in characters.
    """

    def __init__(self, length: int) -> None:
        self._taken = np.zeros(length, dtype=bool)

    def take(self, start: int, end: int, kind: Hashable) -> bool:
        """Take a span in unless it is in the way of one that is there; whether it was."""
        if self._taken[start:end].any():
            return False
        self._taken[start:end] = True
        return True


class Nested:
    """Spans of a text none of which crosses another."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []
        self._kinds: set[tuple[int, int, Hashable]] = set()
        self._longest = 0

    def take(self, start: int, end: int, kind: Hashable) -> bool:
        """Take a span in unless it crosses one that is there, or is there itself; whether it was."""
        near = self._spans[bisect_left(self._spans, (start - self._longest, 0)) : bisect_left(self._spans, (end, 0))]
        if (start, end, kind) in self._kinds or any(a < start < b < end or start < a < end < b for a, b in near):
            return False
        insort(self._spans, (start, end))
        self._kinds.add((start, end, kind))
        self._longest = max(self._longest, end - start)
        return True
