"""Where the answer to a question may stand: the best spans of its windows, those that overlap put together.

All windows of all passages of a question share one scale: a span's score is its log odds against "no answer here", the
null span at ``<s>`` of its own window, and the probabilities of all spans and of "no answer" sum to 1 over all passages
(shared normalisation, Clark & Gardner 2018).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from slmkit.tasks.question_answering.reading import best_spans, trimmed

OF_WINDOW = 24  # spans of a window that are told apart
OF_PASSAGE = 200
OF_QUESTION = 20  # places that are told apart
LOWEST = -30.0  # log odds that count as none at all
# Divides log odds where spans of one place are weighed against each other. Of .7 to 3, .7 gives the best F1 on the
# first 400 questions of CMRC 2018's dev (64.4 by the likeliest span, 65.4 by this) and of new_wiki's (72.5, 73.2), and
# costs a quarter of a point of exact matches there and none here.
_SHARPENED = 0.7

Place = tuple[Hashable, int]
"""Where a passage stands: in which text, and at which of its characters."""


@dataclass
class Candidates:
    """Spans of one passage.

    Attributes:
        start, end: their characters in the passage. score: log odds of each against "no answer".
        rest: the logarithm of what the odds of all its other spans sum to.
    """

    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    rest: float = -np.inf

    def add(self, passage: str, spans: np.ndarray, scores: np.ndarray, rest: float) -> None:
        """Take in the best spans ``(n, 2)`` of a window, and what its others weigh.

        Args:
            passage: the text. spans: characters. scores: log odds ``(n,)``, best first. rest: see above.
        """
        self.rest = float(np.logaddexp(self.rest, rest))
        for (start, end), score in zip(spans.tolist(), scores.tolist(), strict=True):
            start, end = trimmed(passage, start, end)
            if start < end and np.isfinite(score):
                self.start.append(start)
                self.end.append(end)
                self.score.append(score)
        if len(self.score) > 4 * OF_PASSAGE:
            self.shorten()

    def shorten(self) -> None:
        """Keep the best ones, each once: one that two windows hold is one, as sure as in the surer of them."""
        best: dict[tuple[int, int], float] = {}
        for start, end, score in zip(self.start, self.end, self.score, strict=True):
            best[start, end] = max(score, best.get((start, end), -np.inf))
        ordered = sorted(best.items(), key=lambda item: (-item[1], item[0]))
        kept, left = ordered[:OF_PASSAGE], ordered[OF_PASSAGE:]
        if left:
            self.rest = float(np.logaddexp(self.rest, np.logaddexp.reduce([score for _, score in left])))
        self.start, self.end = [span[0] for span, _ in kept], [span[1] for span, _ in kept]
        self.score = [score for _, score in kept]


def window_candidates(
    found: Candidates, passage: str, offsets: np.ndarray, row: int, best: tuple[Tensor, Tensor, Tensor, Tensor]
) -> None:
    """Add the spans of a window.

    Args:
        found: of the window's passage. passage: its text. offsets: characters of the window's tokens ``(n, 2)``.
        row: of the window in its batch. best: what ``best_spans`` gave for the batch.
    """
    first, last, scores, rest = (part[row].numpy() for part in best)
    real = np.isfinite(scores)
    spans = np.stack([offsets[first[real], 0], offsets[last[real], 1]], axis=1)
    found.add(passage, spans, scores[real], float(rest))


def batch_spans(start: Tensor, end: Tensor, allowed: Tensor, longest: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The best spans of a batch of windows against the null span of each.

    Shape: start, end scores and allowed ``(B, T)``, the null's in the first column -> as ``best_spans``.
    """
    relative = [(side - side[:, :1]).masked_fill(~allowed, -float("inf")) for side in (start, end)]
    return best_spans(relative[0], relative[1], longest, OF_WINDOW)


@dataclass(frozen=True)
class Places:
    """Where the answer to one question may stand, the likeliest first.

    Attributes:
        passage: number of the passage of each place's span ``(n,)``. start, end: that span's characters in it. Of all
            that overlap the likeliest it is the one that shares most with them, see ``_Spans.central``.
        logit: log odds of each place, all spans that overlap its best one taken together ``(n,)``.
        rest: of all that stands elsewhere.
    """

    passage: np.ndarray
    start: np.ndarray
    end: np.ndarray
    logit: np.ndarray
    rest: float

    def logits(self) -> np.ndarray:
        """Those of "no answer" (0), of the places, and of elsewhere: ``(n + 2,)``."""
        return np.concatenate([[0.0], self.logit, [self.rest]]).clip(LOWEST)

    def probabilities(self, temperature: float) -> np.ndarray:
        """In the same order, summing to 1."""
        scaled = self.logits() / temperature
        weights = np.exp(scaled - scaled.max())
        return weights / weights.sum()


def join(found: Sequence[Candidates], where: Sequence[Place]) -> Places:
    """The places that the candidates of a question's passages make up.

    Args:
        found: of each passage. where: it stands; spans of two passages overlap where these are of one text.
    """
    spans = _Spans.of(found, where)
    left = spans.once()
    best: list[int] = []
    logits: list[float] = []
    while len(left) and len(best) < OF_QUESTION:
        near = spans.overlap(left, int(left[0]))
        best.append(spans.central(left[near]))
        logits.append(float(np.logaddexp.reduce(spans.score[left[near]])))
        left = left[~near]
    rest = [each.rest for each in found] + spans.score[left].tolist()
    order = np.argsort(-np.array(logits), kind="stable")
    chosen = np.array(best, dtype=np.int64)[order]
    start, end = (side[chosen] - spans.shift[chosen] for side in (spans.start, spans.end))
    logit = np.array(logits, dtype=np.float64)[order]
    return Places(spans.passage[chosen], start, end, logit, float(np.logaddexp.reduce(rest)) if rest else -np.inf)


@dataclass(frozen=True)
class _Spans:
    """Spans of all passages of a question: ``start`` and ``end`` are characters of their texts; all ``(n,)``."""

    passage: np.ndarray
    text: np.ndarray
    shift: np.ndarray
    start: np.ndarray
    end: np.ndarray
    score: np.ndarray

    @classmethod
    def of(cls, found: Sequence[Candidates], where: Sequence[Place]) -> _Spans:
        for each in found:
            each.shorten()
        passage = [number for number, each in enumerate(found) for _ in each.score]
        names: dict[Hashable, int] = {}
        text = np.array([names.setdefault(where[i][0], len(names)) for i in passage], dtype=np.int64)
        shift = np.array([where[i][1] for i in passage], dtype=np.int64)
        start = np.array([start for each in found for start in each.start], dtype=np.int64) + shift
        end = np.array([end for each in found for end in each.end], dtype=np.int64) + shift
        score = np.array([score for each in found for score in each.score], dtype=np.float64)
        return cls(np.array(passage, dtype=np.int64), text, shift, start, end, score)

    def once(self) -> np.ndarray:
        """Numbers of the spans, best first; one that stands in two passages counts in the surer of them."""
        seen: dict[tuple[int, int, int], int] = {}
        for i in np.lexsort((self.end, self.start, self.text, -self.score)).tolist():
            seen.setdefault((int(self.text[i]), int(self.start[i]), int(self.end[i])), i)
        return np.array(list(seen.values()), dtype=np.int64)

    def central(self, numbers: np.ndarray) -> int:
        """The one of these spans whose overlap F1 with the right one is expected to be the highest.

        Where it is open how far an answer goes, the likeliest span is often the shortest of many that say the same
        (minimum Bayes risk, Kumar and Byrne 2004).
        """
        start, end = self.start[numbers], self.end[numbers]
        weights = np.exp((self.score[numbers] - self.score[numbers].max()) / _SHARPENED)
        shared = (np.minimum(end[:, None], end) - np.maximum(start[:, None], start)).clip(0)
        length = end - start
        expected = (2 * shared / (length[:, None] + length)) @ weights
        return int(numbers[int(np.argmax(expected.round(9)))])

    def overlap(self, numbers: np.ndarray, one: int) -> np.ndarray:
        """Which of these spans share a character with that one: bool ``(len(numbers),)``."""
        apart = (self.start[numbers] >= self.end[one]) | (self.end[numbers] <= self.start[one])
        return (self.text[numbers] == self.text[one]) & ~apart
