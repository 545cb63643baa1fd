"""Whether two measurements on the same rows differ by more than chance.

Where both kept what each row adds to the score, and were measured on the same rows, the rows' differences are drawn
again and again (paired bootstrap). Else the two 95 % intervals are put together as if the measurements were
independent, which is wider than needed for the same rows. With several seeds the difference must also stand out from
the seeds' own spread (Student's t): the wider of the two intervals counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, mean, stdev

import numpy as np

from slmkit.benchmarks import outcomes
from slmkit.benchmarks.metrics import METRICS
from slmkit.benchmarks.results import Result
from slmkit.errors import InputError

CONFIDENCE = 0.95
RESAMPLES = 2000
PAIRED, INTERVALS = "paired bootstrap", "intervals"
_DRAWN = 2_000_000  # numbers in memory at a time
_FEW = 100


@dataclass(frozen=True)
class Difference:
    """What is new less what is old, in the score's own unit.

    Attributes:
        value: the difference. low, high: its interval; None where nothing tells the noise.
        how: what the interval rests on: ``PAIRED``, ``INTERVALS``, or nothing.
        lower: whether a lower score is better.
    """

    value: float
    low: float | None
    high: float | None
    how: str
    lower: bool

    @property
    def verdict(self) -> str:
        """``better``, ``worse``, ``same`` (within noise) or ``unclear`` (nothing tells the noise)."""
        if self.low is None or self.high is None:
            return "unclear" if self.value else "same"
        if self.low <= 0 <= self.high:
            return "same"
        return "better" if (self.value > 0) != self.lower else "worse"


def difference(
    old: Sequence[Result], new: Sequence[Result], metric: str, *, confidence: float = CONFIDENCE
) -> Difference:
    """How ``new`` differs from ``old`` under a metric that all of them hold.

    Args:
        old: measurements of one system on one dataset, a seed each. new: those to compare, for the same seeds in the
            same order. metric: its name. confidence: of the interval.
    """
    if not 0.5 <= confidence < 1:
        raise InputError(f"confidence {confidence}: give 0.5 or more, and less than 1")
    steps = [n.scores[metric] - o.scores[metric] for o, n in zip(old, new, strict=True)]
    value, known = mean(steps), METRICS.get(metric)
    lower = known is not None and (known.lower or known.in_bits)
    rows, how = _paired(old, new, metric), PAIRED
    if rows is not None:
        ends = _bootstrap(rows, confidence)
    else:
        half, how = _independent(old, new, metric, confidence), INTERVALS
        if half is None:
            return Difference(value, None, None, "", lower)
        ends = value - half[0], value + half[1]
    if len(steps) > 1:
        margin = _student(len(steps) - 1, confidence) * stdev(steps) / len(steps) ** 0.5
        ends = min(ends[0], value - margin), max(ends[1], value + margin)
    return Difference(value, ends[0], ends[1], how, lower)


def _paired(old: Sequence[Result], new: Sequence[Result], metric: str) -> np.ndarray | None:
    """The rows' differences, seeds averaged ``(n,)``; None where they cannot be paired."""
    found = []
    for before, after in zip(old, new, strict=True):
        a, b = outcomes.unpack(before.outcomes, metric), outcomes.unpack(after.outcomes, metric)
        if a is None or b is None or before.dataset_hash != after.dataset_hash:
            return None
        found.append(b - a)
    return np.mean(found, axis=0) if len({len(rows) for rows in found}) == 1 else None


def _bootstrap(rows: np.ndarray, confidence: float) -> tuple[float, float]:
    if np.ptp(rows) == 0:
        return float(rows[0]), float(rows[0])
    rng, n = np.random.default_rng(0), len(rows)
    values, counts = np.unique(rows, return_counts=True)
    if len(values) <= _FEW:  # how often each value is drawn is all that matters
        means = rng.multinomial(n, counts / n, RESAMPLES) @ values / n
        return _ends(means, confidence)
    at_once = max(1, _DRAWN // n)
    means = np.concatenate(
        [
            rows[rng.integers(0, n, (min(at_once, RESAMPLES - start), n))].mean(axis=1)
            for start in range(0, RESAMPLES, at_once)
        ]
    )
    return _ends(means, confidence)


def _ends(means: np.ndarray, confidence: float) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def _independent(
    old: Sequence[Result], new: Sequence[Result], metric: str, confidence: float
) -> tuple[float, float] | None:
    """How far the interval reaches below and above the difference; seeds share their rows, so they are averaged."""
    scale = NormalDist().inv_cdf((1 + confidence) / 2) / NormalDist().inv_cdf(0.975)
    below, above = [], []
    for before, after in zip(old, new, strict=True):
        if before.ci95 is None or after.ci95 is None or before.metric != metric or after.metric != metric:
            return None
        a, b = before.ci95, after.ci95
        below.append(np.hypot(after.score - b[0], a[1] - before.score))
        above.append(np.hypot(b[1] - after.score, before.score - a[0]))
    return float(mean(below)) * scale, float(mean(above)) * scale


def _student(freedom: int, confidence: float) -> float:
    from scipy.stats import t

    return float(t.ppf((1 + confidence) / 2, freedom))
