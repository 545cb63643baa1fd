"""Summaries made of the source's own sentences: the first ones, and random ones.

Nothing is learned: fitted and as shipped give the same summaries, and stand in both tables to be compared with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import slmkit
from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, code_digest, identity
from slmkit.text.sentences import sentence_spans


def how_many(wanted: int | float, available: int) -> int:
    """Sentences of a summary, at least one: a whole number, or a share (a float) of those that there are."""
    count = round(wanted * available) if isinstance(wanted, float) else wanted
    return max(1, min(count, available))


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, without the space round them; the text itself where it has none."""
    return [text[a:b].strip() for a, b in sentence_spans(text)] or [text]


class Extractive:
    """Picks sentences, in the order of the source. Adapters add ``choose``, and ``packages`` where they use any.

    How many is the dataset's to say (``Writing.sentences``), the same for every system.
    """

    name = ""
    version = "1"

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        self._writing = dataset.writing
        self._chinese = dataset.language == "zh"
        self._seed = 0

    def choose(self, sentences: Sequence[str], count: int) -> list[int]:
        """Numbers of the ``count`` sentences that make the summary, ascending; there are more than that."""
        raise NotImplementedError

    def packages(self) -> list[str]:
        """Versions of the libraries that choose."""
        return []

    def fingerprint(self) -> str:
        """This adapter's code, what cuts texts into sentences, and the libraries."""
        code = code_digest([Path(__file__), Path(slmkit.__file__).parent / "text" / "sentences.py"])
        return identity(self.name, self.version, code, *self.packages())

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Learns nothing."""
        self._seed = seed

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """A summary of each text."""
        return [self._summary(text) for text in inputs]

    def _summary(self, text: str) -> str:
        found = sentences_of(text)
        wanted = self._writing.sentences if self._writing else 1
        count = how_many(wanted, len(found))
        chosen = self.choose(found, count) if count < len(found) else range(len(found))
        return ("" if self._chinese else " ").join(found[i] for i in chosen)

    def size(self) -> Size:
        """Nothing is kept."""
        return Size(parameters=0, bytes=0)


class Lead(Extractive):
    """The first sentences."""

    name = "lead"

    def choose(self, sentences: Sequence[str], count: int) -> list[int]:
        """The first ones."""
        return list(range(count))


class RandomSentences(Extractive):
    """Sentences drawn by the seed and the text, the same for a text wherever it stands."""

    name = "random"

    def choose(self, sentences: Sequence[str], count: int) -> list[int]:
        """Those whose hash is lowest."""

        def key(i: int) -> bytes:
            content = f"{self._seed}\x1e{i}\x1e{sentences[i]}\x1e{len(sentences)}"
            return hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest()

        return sorted(sorted(range(len(sentences)), key=key)[:count])
