"""How sure an extractor may be of what it found: learned from texts that it did not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

SMALLEST = 20  # fewer right, or fewer wrong, candidates than this say too little
_FAR = 12.0  # scores beyond it say no more


@dataclass(frozen=True)
class Judge:
    """Scores of a candidate's parts to the chance that it is right: logistic regression (Platt 1999).

    Attributes:
        weights: of the lowest part, the mean of the two mentions' and the mean of the two links'. bias: see there.
        threshold: the chance from which a candidate is taken.
    """

    weights: tuple[float, float, float] = (1.0, 0.0, 0.0)
    bias: float = 0.0
    threshold: float = 0.5

    def chances(self, scores: np.ndarray) -> np.ndarray:
        """Scores ``(n, 4)``, of head, tail, starts and ends -> chances ``(n,)``."""
        return 1 / (1 + np.exp(-(features(scores) @ np.array(self.weights) + self.bias)))

    @classmethod
    def of(cls, scores: np.ndarray, right: np.ndarray, missing: int) -> Judge:
        """Fit it.

        Args:
            scores: of the candidates ``(n, 4)``. right: which are ``(n,)`` bool. missing: right triples that are not
                among them.
        """
        made = cls()
        if min(int(right.sum()), int((~right).sum())) >= SMALLEST:
            from sklearn.linear_model import LogisticRegression

            model = LogisticRegression(max_iter=1000).fit(features(scores), right)
            made = cls(tuple(map(float, model.coef_[0])), float(model.intercept_[0]))  # type: ignore[arg-type]
        if int(right.sum()) < SMALLEST:
            return made
        _, threshold = best_threshold(made.chances(scores), right, missing)
        return cls(made.weights, made.bias, threshold)


def features(scores: np.ndarray) -> np.ndarray:
    """What a judge looks at: ``(n, 4)`` -> ``(n, 3)``."""
    scores = scores.clip(-_FAR, _FAR)
    return np.stack([scores.min(1, initial=_FAR), scores[:, :2].mean(1), scores[:, 2:].mean(1)], axis=1)


def best_threshold(chances: np.ndarray, right: np.ndarray, missing: int = 0) -> tuple[float, float]:
    """The highest F1 over all thresholds, and the threshold.

    Args:
        chances: of the candidates ``(n,)``. right: which are ``(n,)`` bool. missing: right ones that are not there.
    """
    if not len(chances) or not right.any():
        return 0.0, 0.5
    order = np.argsort(-chances, kind="stable")
    sure, hits = chances[order], np.cumsum(right[order])
    taken = np.arange(1, len(order) + 1)
    scores = 2 * hits / (taken + int(right.sum()) + missing)
    last = np.append(sure[1:] < sure[:-1], True)  # no threshold parts equal chances
    best = int(np.argmax(np.where(last, scores, -1.0)))
    below = sure[best + 1] if best + 1 < len(sure) else 0.0
    return float(scores[best]), float((sure[best] + below) / 2)


@dataclass
class Tally:
    """Right and wrong candidates of many texts.

    Attributes:
        scores: of each. right: whether it is. missing: right triples that are not among them.
    """

    scores: list[Sequence[float]] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    missing: int = 0

    def judge(self) -> Judge:
        """The judge that they make."""
        return Judge.of(self.table, np.array(self.right, dtype=bool), self.missing)

    def f1(self, judge: Judge | None = None) -> float:
        """The highest F1 over all thresholds."""
        chances = (judge or Judge()).chances(self.table)
        return best_threshold(chances, np.array(self.right, dtype=bool), self.missing)[0]

    @property
    def table(self) -> np.ndarray:
        """The scores ``(n, 4)``."""
        return np.array(self.scores, dtype=np.float64).reshape(-1, 4)
