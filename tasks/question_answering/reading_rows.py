"""What callers hand a reader: questions with their passages and answers, as lists, series or the columns of a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from slmkit.errors import InputError
from slmkit.tasks.base import cell_problem, require_column
from slmkit.tasks.inputs import as_rows, as_series_like, is_missing, rows_named
from slmkit.tasks.question_answering.reading import trimmed

QUESTION, PASSAGE, ANSWERS, STARTS = "question", "passage", "answers", "answer_start"

Span = tuple[int, int]


@dataclass(frozen=True)
class Asked:
    """Questions as they are to be read.

    Attributes:
        questions: one a row. passages: those of each row that are texts, and ``numbers``: their places among those
            that were given. problems: why a row cannot be read, or None. single: one question was given, not many.
        index: of the caller's series or frame, or None.
    """

    questions: list[str]
    passages: list[list[str]]
    numbers: list[list[int]]
    problems: list[str | None]
    single: bool
    index: Any

    @classmethod
    def of(cls, questions: Any, passages: Any) -> Asked:
        """Look at what was handed over; see ``Reader.predict``.

        Raises:
            InputError: not such a thing, or not as many of one as of the other.
        """
        index = None
        single = isinstance(questions, str) or is_missing(questions)
        if single:
            if passages is None:
                raise InputError("a question needs a passage, or a list of them, to be answered from")
            questions, passages = [questions], [passages]
        else:
            index = questions.index if _is_frame(questions) else as_series_like(questions)
            questions, passages = _pair(questions, passages)
        rows = [_row(question, given) for question, given in zip(questions, passages, strict=True)]
        return cls(
            [row[0] for row in rows],
            [row[1] for row in rows],
            [row[2] for row in rows],
            [row[3] for row in rows],
            single,
            index,
        )


def _row(question: Any, given: Any) -> tuple[str, list[str], list[int], str | None]:
    several = _as_several(given)
    usable = [number for number, passage in enumerate(several) if cell_problem(passage) is None]
    problem = cell_problem(question)
    if problem is not None:
        return "", [], [], f"question: {problem}"
    if not usable:
        about = cell_problem(several[0]) if several else "there is none"
        return str(question), [], [], f"passage: {about}"
    return str(question), [str(several[i]) for i in usable], usable, None


def _as_several(given: Any) -> list[Any]:
    if isinstance(given, (str, bytes, Mapping)) or not hasattr(given, "__iter__"):
        return [given]
    return list(given)


@dataclass(frozen=True)
class Taught:
    """Questions to learn from.

    Attributes:
        questions, passages: one of each a row. spans: characters of the right answers in each passage, none where it
            has no answer. left_out: rows whose answers do not stand in their passage; they are not among the others.
        rows: places of the others among those that were given.
    """

    questions: list[str]
    passages: list[str]
    spans: list[tuple[Span, ...]]
    rows: list[int]
    left_out: list[int]

    @classmethod
    def of(cls, questions: Any, passages: Any = None, answers: Any = None, starts: Any = None) -> Taught:
        """Look at what was handed over; see ``Reader.fit``.

        Raises:
            InputError: rows without a question or a passage (the message names them), or not as many of each.
        """
        if _is_frame(questions):
            if passages is not None or answers is not None or starts is not None:
                raise InputError("a frame brings questions, passages and answers in its columns; give it alone")
            frame = questions
            require_column(ANSWERS, frame.columns, "the frame")
            answers = frame[ANSWERS].tolist()
            starts = frame[STARTS].tolist() if STARTS in frame.columns else None
            questions, passages = _pair(frame, None)
        else:
            questions, passages = _pair(questions, passages)
            answers = None if answers is None else as_rows(answers, "the answers")
            starts = None if starts is None else as_rows(starts, "the answers' starts")
        for what, values in (("answers", answers), ("starts of answers", starts)):
            if what == "answers" and values is None or values is not None and len(values) != len(questions):
                got = "no" if values is None else len(values)
                raise InputError(f"{len(questions)} questions and {got} {what}; give one entry a question")
        _refuse(questions, "questions")
        _refuse(passages, "passages")
        spans = [
            _spans(passage, answers[i], None if starts is None else starts[i], i) for i, passage in enumerate(passages)
        ]
        kept = [i for i, found in enumerate(spans) if found is not None]
        return cls(
            [str(questions[i]) for i in kept],
            [str(passages[i]) for i in kept],
            [spans[i] or () for i in kept],
            kept,
            [i for i, found in enumerate(spans) if found is None],
        )


def _is_frame(given: Any) -> bool:
    return type(given).__name__ == "DataFrame" and hasattr(given, "iloc")


def _pair(questions: Any, passages: Any) -> tuple[list[Any], list[Any]]:
    if _is_frame(questions):
        if passages is not None:
            raise InputError("a frame brings the passages in its columns; give it alone")
        for name in (QUESTION, PASSAGE):
            require_column(name, questions.columns, "the frame")
        return questions[QUESTION].tolist(), questions[PASSAGE].tolist()
    left, right = as_series_like(questions), as_series_like(passages)
    if left is not None and right is not None and not left.equals(right):
        raise InputError("questions and passages are series with different indexes; give them the same, or lists")
    asked, given = as_rows(questions, "the questions"), as_rows(passages, "the passages")
    if len(asked) != len(given):
        raise InputError(f"{len(asked)} questions and {len(given)} passages; give one passage, or list, a question")
    return asked, given


def _refuse(values: Sequence[Any], what: str) -> None:
    bad = [row for row, value in enumerate(values) if cell_problem(value) is not None]
    if bad:
        problems = sorted({str(cell_problem(values[row])) for row in bad})
        raise InputError(f"{rows_named(bad)} of the {what}: {' or '.join(problems)}; leave such rows out")


def _spans(passage: str, given: Any, starts: Any, row: int) -> tuple[Span, ...] | None:
    """Where the answers stand; none for a passage without an answer, None where no answer that is given stands in it.

    An answer without a right start is looked up by its text, and counts wherever that stands.
    """
    texts = _answers(given, row)
    if not texts:
        return ()
    places = _as_several(starts) if starts is not None and not is_missing(starts) else []
    found: dict[Span, None] = {}
    for number, text in enumerate(texts):
        start = places[number] if number < len(places) else None
        a = int(start) if isinstance(start, (int, float, np.integer)) and 0 <= start < len(passage) else -1
        if a >= 0 and passage[a : a + len(text)] == text:
            found[trimmed(passage, a, a + len(text))] = None
            continue
        at = passage.find(text)
        while at >= 0:
            found[trimmed(passage, at, at + len(text))] = None
            at = passage.find(text, at + 1)
    return tuple(found) or None


def _answers(given: Any, row: int) -> list[str]:
    if given is None or is_missing(given):
        return []
    texts = [given] if isinstance(given, str) else given
    if isinstance(texts, (bytes, Mapping)) or not hasattr(texts, "__iter__"):
        raise InputError(f"row {row} of the answers: a list of texts is needed, not {type(given).__name__}")
    listed = list(texts)
    bad = [text for text in listed if not isinstance(text, str)]
    if bad:
        raise InputError(f"row {row} of the answers: a list of texts is needed, it holds {type(bad[0]).__name__}")
    return [str(text) for text in listed if text.strip()]
