"""How likely a span of a certain score is right, and from which probability on it is taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

SMALLEST = 50  # fewer spans than this, or fewer than a tenth of it right or wrong, say too little
_SHALLOWEST, _STEEPEST = 0.1, 10.0


@dataclass(frozen=True)
class Calibration:
    """A sigmoid over scores (Platt 1999), and a threshold.

    Attributes:
        slope, bias: the probability of a score s is that of the log odds ``slope * s + bias``.
        threshold: probability from which a span is taken.
    """

    slope: float = 1.0
    bias: float = 0.0
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if not (np.isfinite(self.bias) and 0 < self.slope < np.inf and 0 <= self.threshold <= 1):
            raise ValueError(f"slope {self.slope}, bias {self.bias}, threshold {self.threshold}")

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Of scores, any shape."""
        return 0.5 * (1 + np.tanh((self.slope * scores + self.bias) / 2))

    def to_dict(self) -> dict[str, float]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calibration:
        """What ``to_dict`` gave."""
        return cls(float(data["slope"]), float(data["bias"]), float(data["threshold"]))


@dataclass(frozen=True)
class Judged:
    """Spans that were found in held-back texts.

    Attributes:
        score: of each ``(spans,)``. right: whether it is one of those that are there ``(spans,)`` bool.
        there: how many are there.
    """

    score: np.ndarray
    right: np.ndarray
    there: int

    def best(self) -> tuple[float, float]:
        """The highest F1 over all thresholds, and the score that is its threshold, halfway to the next lower one."""
        if not len(self.score) or not self.there:
            return float(not len(self.score) and not self.there), 0.0
        order = np.argsort(-self.score, kind="stable")
        score, hits = self.score[order].astype(np.float64), self.right[order].cumsum()
        f1 = 2 * hits / (np.arange(1, len(hits) + 1) + self.there)
        apart = np.append(score[1:] < score[:-1], True)  # no threshold parts equal scores
        at = int(np.argmax(np.where(apart, f1, -1)))
        return float(f1[at]), float((score[at] + (score[at + 1] if at + 1 < len(score) else score[at] - 2)) / 2)

    def f1(self, threshold: float = 0.0) -> float:
        """F1 of the spans of at least a score."""
        taken = self.score >= threshold
        said = int(taken.sum()) + self.there
        return 2 * int((taken & self.right).sum()) / said if said else 1.0

    def calibrated(self, fallback: float = 0.5) -> Calibration:
        """The sigmoid of the least log loss, and the threshold of the best F1.

        Args:
            fallback: the threshold where there are too few spans to say.
        """
        few = SMALLEST / 10
        if len(self.score) < SMALLEST or min(self.right.sum(), (~self.right).sum()) < few:
            return Calibration(threshold=fallback)
        slope, bias = fit_sigmoid(self.score, self.right)
        made = Calibration(slope, bias)
        return Calibration(slope, bias, float(made.probabilities(np.array(self.best()[1]))))


def fit_sigmoid(score: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Slope and bias of the least log loss, by Newton's method (Platt 1999, with his smoothed targets)."""
    positive, negative = float(right.sum()), float((~right).sum())
    target = np.where(right, (positive + 1) / (positive + 2), 1 / (negative + 2))
    inputs = np.stack([score.astype(np.float64), np.ones(len(score))])
    weights = np.array([1.0, 0.0])
    for _ in range(100):
        chance = 0.5 * (1 + np.tanh(weights @ inputs / 2))
        gradient = inputs @ (chance - target)
        curvature = (inputs * (chance * (1 - chance))) @ inputs.T + 1e-6 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return float(np.clip(weights[0], _SHALLOWEST, _STEEPEST)), float(np.clip(weights[1], -20, 20))
