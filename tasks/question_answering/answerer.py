"""``QuestionAnswerer``: questions about the documents of an index, answered with the place that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks.base import cell_problem, weights_folder
from slmkit.tasks.inputs import as_rows, as_series_like, is_missing
from slmkit.tasks.question_answering.answer import Answer, Evidence, answers_frame
from slmkit.tasks.question_answering.records import MODES, Hit

if TYPE_CHECKING:
    from slmkit.tasks.question_answering.candidates import Place, Places
    from slmkit.tasks.question_answering.index import DocumentIndex
    from slmkit.tasks.question_answering.reader import Reader

NOTHING_FOUND = "no passage was found"
NOT_SAID = "the passages that were found do not say"
STYLES = ("span", "sentence")
_CHUNK = 64  # questions whose passages are held at a time


class Reads(Protocol):
    """What answering needs of a reader; a ``ReadingModel`` has it."""

    temperature: float
    threshold: float

    @property
    def fingerprint(self) -> str:
        """Which model."""
        ...

    def read(
        self, questions: Sequence[str], passages: Sequence[Sequence[str]], where: Sequence[Sequence[Place]] | None
    ) -> list[Places]:
        """Where the answer to each question may stand."""
        ...


class QuestionAnswerer:
    """Answers questions from an index: finds passages by meaning and by words, and reads them all on one scale.

    Where they do not say, there is no answer rather than a guess.

    Args:
        index: a ``DocumentIndex``, or the folder of one.
        reader: a fitted ``Reader``, or the folder of a saved one; None takes the one that ships with the package.
        k: passages that are read for a question; twice as many take twice as long and seldom tell more.
        mode: how they are found, "hybrid", "dense" or "lexical".
        threshold: abstain where "no answer" is likelier than this; None takes the reader's own.
        style: what the text of an answer is: "span" (the answer proper) or "sentence" (the whole sentence that it
            stands in, word for word); the cited characters are those of the answer proper in both.
    """

    name = "ask"
    columns = ("answer", "score", "document", "start", "end", "evidence", "reason")

    def __init__(
        self,
        index: DocumentIndex | str | Path,
        reader: Reader | Reads | str | Path | None = None,
        *,
        k: int = 5,
        mode: str = "hybrid",
        threshold: float | None = None,
        style: str = "span",
    ) -> None:
        _check_count("k", k)
        if style not in STYLES:
            raise InputError(f"style {style!r} is not known; give one of {', '.join(STYLES)}")
        if mode not in MODES:
            raise InputError(f"mode {mode!r} is not known; give one of {', '.join(MODES)}")
        if threshold is not None and not 0 <= threshold <= 1:
            raise InputError(f"threshold must be from 0 to 1, not {threshold!r}")
        self._index, self._reader = index, reader
        self.k, self.mode, self.threshold, self.style = int(k), mode, threshold, style

    @cached_property
    def index(self) -> DocumentIndex:
        """What is asked about, opened at its first use.

        Raises:
            InputError: there is no index in the folder.
        """
        from slmkit.tasks.question_answering.index import DocumentIndex

        return self._index if isinstance(self._index, DocumentIndex) else DocumentIndex.open(Path(str(self._index)))

    @cached_property
    def reader(self) -> Reads:
        """What reads, loaded at its first use.

        Raises:
            CheckpointError: none ships with this package, or it is damaged, or belongs to another core than the index.
        """
        given = self._reader
        if given is not None and not isinstance(given, (str, Path)):
            return _fitted(given)
        from slmkit.tasks.question_answering.reading_model import ReadingModel
        from slmkit.tasks.question_answering.retriever import core_of

        folder = Path(given) if given is not None else shipped_reader()
        if given is None and not (folder / "config.json").is_file():
            raise CheckpointError(
                f"no reader is in this installation ({folder}); fit one with Reader().fit(questions, passages, "
                "answers) and give it as reader=, or the folder that it was saved in (on the command line --reader)"
            )
        return ReadingModel.load(folder, slm=core_of(self.index.slm))

    def ask(self, questions: Any, *, n_best: int = 1, where: Mapping[str, Any] | None = None) -> Any:
        """The answer to each question.

        Args:
            questions: one str, or a list, array or Series of them. n_best: answers a question.
            where: conditions on the documents' metadata, as in ``DocumentIndex.search``.

        Returns:
            An ``Answer`` for one question, a list of them for many, a frame with its index for a Series. A question
            that is blank or missing, that no passage was found for, or that the passages do not answer, has an
            answer that is false, empty, and says the reason. With ``n_best`` above 1 each question has a list of
            the likeliest different places, best first (a Series of lists for a Series); where the reader abstains the
            list holds the one empty answer alone.

        Raises:
            InputError: an argument is out of range. CheckpointError: see ``reader``.
        """
        _check_count("n_best", n_best)
        if isinstance(questions, str) or is_missing(questions):
            made = self._answers([questions], n_best, where)[0]
            return made[0] if n_best == 1 else made
        index, listed = as_series_like(questions), as_rows(questions, "the questions")
        found = self._answers(listed, n_best, where)
        rows: list[Any] = [each[0] for each in found] if n_best == 1 else found
        if index is None:
            return rows
        if n_best > 1:
            import pandas as pd

            return pd.Series(rows, index=index, name="answers", dtype=object)
        return answers_frame([each.row() for each in rows], self.columns, index)

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """One dict a question, for tables; ids of documents as text."""
        rows = [each[0].row() for each in self._answers(list(texts), 1, None)]
        return [{**row, "document": None if row["document"] is None else str(row["document"])} for row in rows]

    @property
    def column_types(self) -> dict[str, type]:
        """Types of the result columns, for tables in which every result is empty."""
        return {**dict.fromkeys(self.columns, str), "score": float, "start": int, "end": int}

    @property
    def fingerprint(self) -> str:
        """Identifies reader, index and settings, so that an interrupted table is never finished by another one."""
        return f"{self.reader.fingerprint}/{self.index.state}/{self.k}/{self.mode}/{self._threshold:g}/{self.style}"

    @property
    def _threshold(self) -> float:
        return self.reader.threshold if self.threshold is None else self.threshold

    def _answers(self, questions: list[Any], n_best: int, where: Mapping[str, Any] | None) -> list[list[Answer]]:
        reader = self.reader  # before anything is searched: without one, that would be in vain
        problems = [cell_problem(question) for question in questions]
        made = [
            [Answer("" if not isinstance(question, str) else question, reason=problem)]
            for question, problem in zip(questions, problems, strict=True)
        ]
        good = [row for row, problem in enumerate(problems) if problem is None]
        for begin in range(0, len(good), _CHUNK):
            rows = good[begin : begin + _CHUNK]
            asked = [str(questions[row]) for row in rows]
            hits = self.index.search(asked, self.k, mode=self.mode, where=where)
            texts = [[hit.text for hit in each] for each in hits]
            read = reader.read(asked, texts, [[(hit.document, hit.start) for hit in each] for each in hits])
            for row, question, each, places in zip(rows, asked, hits, read, strict=True):
                chosen = _chosen(question, each, places, reader.temperature, self._threshold, n_best)
                made[row] = chosen if self.style == "span" else [replace(one, text=one.sentence) for one in chosen]
        return made


def _chosen(
    question: str, hits: Sequence[Hit], places: Places, temperature: float, threshold: float, n_best: int
) -> list[Answer]:
    """The answers to one question, or the one empty answer."""
    if not hits:
        return [Answer(question, reason=NOTHING_FOUND)]
    chances = places.probabilities(temperature)
    if not len(places.logit) or chances[0] > threshold:
        return [Answer(question, score=float(chances[0]), reason=NOT_SAID)]
    made = []
    for number in range(min(n_best, len(places.logit))):
        hit = hits[int(places.passage[number])]
        start, end = int(places.start[number]), int(places.end[number])
        evidence = Evidence(hit.text, hit.start, hit.end, hit.metadata)
        made.append(
            Answer(
                question,
                hit.text[start:end],
                float(chances[number + 1]),
                hit.document,
                hit.start + start,
                hit.start + end,
                evidence,
            )
        )
    return made


def _fitted(reader: Any) -> Reads:
    model = reader._fitted() if hasattr(reader, "_fitted") else reader
    if not all(hasattr(model, name) for name in ("read", "temperature", "threshold", "fingerprint")):
        raise InputError(f"reader: got {type(reader).__name__}, expected a fitted Reader or the folder of a saved one")
    return model


def _check_count(name: str, value: Any) -> None:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise InputError(f"{name} must be a whole number from 1 up, not {value!r}")


def shipped_reader() -> Path:
    """The folder of the reader's weights inside the package."""
    return weights_folder("reader")
