"""A line to be ahead of where questions are answered: the sentence whose vector is nearest to the question's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import slmkit
from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, System, code_digest, identity
from slmkit.benchmarks.systems.extractive import sentences_of
from slmkit.benchmarks.systems.ours import CORE, core_size, digest
from slmkit.benchmarks.systems.ours_searching import Indexed
from slmkit.benchmarks.systems.searching import DEPTH

NAME = "best-sentence"


def build(dataset: Dataset, protocol: str) -> System:
    """Over one passage, or over a corpus."""
    return BestOfCorpus(dataset, protocol) if dataset.task == "qa" else BestOfPassage(dataset, protocol)


class Likeness:
    """Sentences and questions by the core's vectors, each text embedded once."""

    def __init__(self, slm: Any) -> None:
        self._slm = slm

    def best(self, questions: Sequence[str], texts: Sequence[Sequence[str]]) -> list[tuple[int, str]]:
        """For each question the nearest sentence of its texts, and the number of its text; of equals the first.

        Args:
            questions: any strings. texts: those of each question, at least one.
        """
        split = {text: sentences_of(text) for text in dict.fromkeys(text for each in texts for text in each)}
        sentences = list(dict.fromkeys(sentence for each in split.values() for sentence in each))
        vectors = self._slm.embed(sentences, kind="passage")
        place = {sentence: number for number, sentence in enumerate(sentences)}
        asked = self._slm.embed(list(questions), kind="query")
        found = []
        for query, each in zip(asked, texts, strict=True):
            choices = [(number, sentence) for number, text in enumerate(each) for sentence in split[text]]
            scores = vectors[[place[sentence] for _, sentence in choices]] @ query
            found.append(choices[int(np.argmax(scores))])
        return found


def _identity(slm: Any, *more: str) -> str:
    code = code_digest([Path(__file__), Path(__file__).with_name("extractive.py")])
    return identity(NAME, slm.fingerprint, digest(*CORE, *more), code)


class BestOfPassage:
    """The sentence of the passage that is most like the question. Nothing is learned."""

    name = NAME
    version = slmkit.__version__

    def __init__(self, dataset: Dataset, protocol: str, *, slm: Any = None) -> None:
        self._slm = slm

    def fingerprint(self) -> str:
        """The core's fingerprint and the code that embeds and splits."""
        return _identity(self._slm or slmkit.load())

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Learns nothing."""

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """A sentence for each question."""
        likeness = Likeness(self._slm or slmkit.load())
        found = likeness.best([question for _, question in inputs], [[context] for context, _ in inputs])
        return [sentence for _, sentence in found]

    def size(self) -> Size:
        """The core."""
        return Size(*core_size())


class BestOfCorpus(Indexed):
    """Of the passages that ``DocumentIndex`` finds by words and vectors, the sentence most like the question."""

    name = NAME
    _mode = "hybrid"

    def fingerprint(self) -> str:
        """The core's fingerprint and the code that indexes, searches, embeds and splits."""
        return _identity(self._slm or slmkit.load(), "tasks/base.py", "tasks/question_answering/*.py")

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """``{"answer", "document"}`` for each question."""
        hits = self._index.search(list(inputs), DEPTH, mode=self._mode)
        rows = [i for i, each in enumerate(hits) if each]
        likeness = Likeness(self._slm or slmkit.load())
        best = likeness.best([inputs[i] for i in rows], [[hit.text for hit in hits[i]] for i in rows])
        made: list[Any] = [{"answer": "", "document": None} for _ in inputs]
        for i, (number, sentence) in zip(rows, best, strict=True):
            made[i] = {"answer": sentence, "document": hits[i][number].document}
        return made
