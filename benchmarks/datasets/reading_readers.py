"""Readers of reading comprehension: sets without a dev split of their own are carved by article, as the recipe does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from slmkit.benchmarks.datasets.base import DataFile, Reader, Rows
from slmkit.benchmarks.datasets.readers import decoded, rows_of
from slmkit.tasks.question_answering.carving import in_dev

_YES_OR_NO = frozenset({"YES", "NO"})


def carved_squad(*, held_out: bool) -> Reader:
    """SQuAD-style JSON, the articles that are dev or all others: inputs ``(context, question)``, labels answers."""
    return _carved(lambda article, paragraph: str(article["title"]), held_out=held_out)


def carved_cases(*, held_out: bool) -> Reader:
    """CAIL's cases, which have no titles, by their text; answers of "" say that there is none.

    Questions that one of the annotators answered by yes or no, which no span says, are left out.
    """
    return _carved(lambda article, paragraph: str(paragraph["context"]), held_out=held_out, accept=_is_extractive)


def whole_cases(file: DataFile, content: bytes) -> Rows:
    """All of CAIL's cases, as ``carved_cases`` reads them."""
    return rows_of(row for _, _, row in _questions(file, content) if _is_extractive(row[1]))


def questions_of(reader: Reader) -> Reader:
    """The same rows as ``(question, context)``, which is what a corpus is made of."""

    def read(file: DataFile, content: bytes) -> Rows:
        rows = reader(file, content)
        return Rows([(question, context) for context, question in rows.inputs], rows.labels)

    return read


Row = tuple[tuple[str, str], list[str]]


def _questions(file: DataFile, content: bytes) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any], Row]]:
    for article in json.loads(decoded(file, content))["data"]:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                answers = [answer["text"] for answer in qa["answers"]]
                yield article, paragraph, ((paragraph["context"], qa["question"]), answers)


def _carved(
    name: Callable[[Mapping[str, Any], Mapping[str, Any]], str],
    *,
    held_out: bool,
    accept: Callable[[list[str]], bool] = lambda answers: True,
) -> Reader:
    def read(file: DataFile, content: bytes) -> Rows:
        found = _questions(file, content)
        return rows_of(row for article, p, row in found if in_dev(name(article, p)) is held_out and accept(row[1]))

    return read


def _is_extractive(answers: list[str]) -> bool:
    return not _YES_OR_NO & set(answers)
