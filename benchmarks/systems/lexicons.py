"""Sentiment that works out of the box without a neural model: VADER, TextBlob, SnowNLP.

Each answers a score; the side of its own neutral point decides, and the point itself counts as positive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, identity, package_folder, package_version, peer
from slmkit.errors import InputError


class _Lexicon:
    name = ""
    version = "1"
    _distribution = ""
    _module = ""
    _data: tuple[str, ...] = ()
    _neutral = 0.0

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        self._score: Callable[[str], float] | None = None

    def fingerprint(self) -> str:
        """The package's version and this adapter's."""
        return identity(self.name, self.version, package_version(self._distribution))

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Refused: these are measured as shipped."""
        raise InputError(f"{self.name} is measured as shipped; it is not fitted")

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """``positive`` or ``negative`` for each text."""
        if self._score is None:
            self._score = self._load()
        return ["positive" if self._score(text) >= self._neutral else "negative" for text in inputs]

    def size(self) -> Size:
        """Bytes of the data files; entries of a lexicon are not counted as parameters."""
        folder = package_folder(self._module, self._distribution)
        return Size(None, sum(Path(folder, name).stat().st_size for name in self._data))

    def _load(self) -> Callable[[str], float]:
        raise NotImplementedError


class Vader(_Lexicon):
    """VADER: the sign of ``compound``."""

    name = "vader"
    _distribution, _module = "vaderSentiment", "vaderSentiment"
    _data = ("vader_lexicon.txt", "emoji_utf8_lexicon.txt")

    def _load(self) -> Callable[[str], float]:
        analyzer = peer("vaderSentiment.vaderSentiment", "vaderSentiment").SentimentIntensityAnalyzer()
        return lambda text: analyzer.polarity_scores(text)["compound"]


class TextBlob(_Lexicon):
    """TextBlob: the sign of ``polarity``."""

    name = "textblob"
    _distribution, _module = "textblob", "textblob"
    _data = ("en/en-sentiment.xml",)

    def _load(self) -> Callable[[str], float]:
        blob = peer("textblob", "textblob").TextBlob
        return lambda text: blob(text).sentiment.polarity


class SnowNLP(_Lexicon):
    """SnowNLP: the probability of ``pos`` against one half."""

    name = "snownlp"
    _distribution, _module = "snownlp", "snownlp"
    _data = ("sentiment/sentiment.marshal.3", "seg/seg.marshal.3")
    _neutral = 0.5

    def _load(self) -> Callable[[str], float]:
        snow = peer("snownlp", "snownlp").SnowNLP
        return lambda text: snow(text).sentiments
