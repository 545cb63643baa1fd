"""The sets that the shipped reader learns from: their files, licences and readers.

Left out are the parts that the benchmarks call dev (see ``carving``), and BiPaR, which is for non-commercial use.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slmkit.errors import DataError
from slmkit.pretraining.sources import read_all, read_text, squad_rows
from slmkit.tasks.question_answering.carving import in_dev
from slmkit.tasks.question_answering.natural_words import join_natural
from slmkit.tasks.question_answering.reading import trimmed
from slmkit.text.scripts import simplifier

_NOT_FOUND = "ANSWERNOTFOUND"  # closes every review of SubjQA, and is the answer where there is none


@dataclass(frozen=True)
class Lesson:
    """A question with its passage and the characters of each right answer, none where it has no answer."""

    question: str
    passage: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class ReadingSource:
    """One set.

    Attributes:
        name: of the set. licence: as far as known. read: folder of the data -> lessons.
        language: en, zh or, in traditional characters, zh-hant; passages are told to lack an answer within one.
        bound: whether its questions make sense only beside their passage; what looks alike may then answer them too.
        share: factor on how often it is drawn.
    """

    name: str
    language: str
    licence: str
    read: Callable[[Path], Iterator[Lesson]]
    bound: bool = False
    share: float = 1.0


def load_source(source: ReadingSource, data: Path) -> list[Lesson]:
    """All lessons of a set.

    Raises:
        DataError: a file is missing, or is not in the layout that is expected.
    """
    found = read_all(source.name, source.read, data)
    if not found:
        raise DataError(f"{source.name} in {data} has no questions")
    return found


def articles(data: Path, name: str) -> list[dict[str, Any]]:
    """The articles of a file in SQuAD form."""
    return json.loads(read_text(data / name))["data"]


def answer_spans(passage: str, answers: Sequence[dict[str, Any]]) -> tuple[tuple[int, int], ...]:
    """Characters of the answers; one whose start is wrong is looked up by its text."""
    found: dict[tuple[int, int], None] = {}
    for answer in answers:
        text, start = answer["text"], int(answer.get("answer_start", -1))
        if start < 0 or passage[start : start + len(text)] != text:
            start = passage.find(text)
        if start >= 0 and text.strip():
            found[trimmed(passage, start, start + len(text))] = None
    return tuple(found)


def _squad(name: str, *, carved: bool = False) -> Callable[[Path], Iterator[Lesson]]:
    """A file in SQuAD form, all answers of a question together; with ``carved`` without the articles held back."""

    def read(data: Path) -> Iterator[Lesson]:
        for article in articles(data, name):
            if carved and in_dev(article["title"]):
                continue
            for paragraph in article["paragraphs"]:
                for qa in paragraph["qas"]:
                    spans = answer_spans(paragraph["context"], qa["answers"])
                    if spans:
                        yield Lesson(qa["question"], paragraph["context"], spans)

    return read


def _cmrc(data: Path) -> Iterator[Lesson]:
    for row in squad_rows(data, "zh/cmrc2018/train-pseudo-cmrc2018.json.xz"):
        yield Lesson(row.text, row.second, tuple((start, end) for start, end, _ in row.spans))


def _simplified(data: Path) -> Iterator[Lesson]:
    """DRCD, which is written in traditional characters, made simplified."""
    convert = simplifier("pretraining")
    for row in _DRCD(data):
        passage = convert(row.passage)
        # Characters are converted one for one but for a few words: these answers are looked up by their text.
        answers = [
            {"text": convert(row.passage[start:end]), "answer_start": len(convert(row.passage[:start]))}
            for start, end in row.spans
        ]
        spans = answer_spans(passage, answers)
        if spans:
            yield Lesson(convert(row.question), passage, spans)


def _cail(data: Path) -> Iterator[Lesson]:
    """Legal cases; questions to be answered by yes or no, which no span says, are left out."""
    for case in articles(data, "zh/cail2019_rc/dev_ground_truth.json.xz"):
        for paragraph in case["paragraphs"]:
            if in_dev(paragraph["context"]):
                continue
            for qa in paragraph["qas"]:
                texts = [answer["text"] for answer in qa["answers"]]
                if {"YES", "NO"} & set(texts):
                    continue
                # Three people answered each question; where most of them found nothing, there is nothing.
                if 2 * texts.count("") > len(texts):
                    yield Lesson(qa["question"], paragraph["context"], ())
                    continue
                spans = answer_spans(paragraph["context"], qa["answers"])
                if spans:
                    yield Lesson(qa["question"], paragraph["context"], spans)


def _qamr(data: Path) -> Iterator[Lesson]:
    """Questions about single sentences; their tokens are put together as people write them."""
    lines = read_text(data / "en/qamr/wiki-sentences.tsv.xz").splitlines()
    sentences = {key: join_natural(words.split(" ")) for key, words in (line.split("\t") for line in lines)}
    for part in ("dev", "test"):
        for line in read_text(data / f"en/qamr/filtered.{part}.tsv.xz").splitlines():
            fields = line.split("\t")
            text, places = sentences[fields[0]]
            words = [int(i) for i in fields[6].split()]
            # Only answers that are one stretch of the sentence.
            if words and words[-1] - words[0] == len(words) - 1:
                yield Lesson(fields[5], text, ((places[words[0]][0], places[words[-1]][1]),))


def _subjqa(data: Path) -> Iterator[Lesson]:
    """Questions about opinions in reviews; more than half of them are not answered by theirs."""
    for domain in ("electronics", "grocery", "restaurants", "tripadvisor"):
        for part in ("train", "dev"):
            text = read_text(data / f"en/subjqa/{domain}.{part}.csv.xz")
            for row in csv.DictReader(io.StringIO(text, newline="")):
                review = row["review"].rstrip().removesuffix(_NOT_FOUND).rstrip()
                start, end = (int(number) for number in row["human_ans_indices"].strip("()").split(","))
                if row["human_ans_spans"] == _NOT_FOUND:
                    yield Lesson(row["question"], review, ())
                elif 0 <= start < end <= len(review):
                    yield Lesson(row["question"], review, (trimmed(review, start, end),))


_DRCD = _squad("zh/drcd/DRCD_dev.json.xz", carved=True)
_SHIFTS = "CC BY 4.0 (believed; none stated in the repository)"

SOURCES = (
    ReadingSource("cmrc2018", "zh", "CC BY-SA 4.0", _cmrc, share=3.0),
    ReadingSource("drcd-simplified", "zh", "CC BY-SA 3.0", _simplified),
    ReadingSource("drcd", "zh-hant", "CC BY-SA 3.0", _DRCD, share=0.4),
    ReadingSource("cail2019", "zh", "none stated (CAIL 2019 challenge data)", _cail, bound=True, share=0.7),
    ReadingSource(
        "squadshifts-new-wiki", "en", _SHIFTS, _squad("en/squadshifts/new_wiki_v1.0.json.xz", carved=True), share=2.0
    ),
    ReadingSource(
        "squadshifts-amazon", "en", _SHIFTS, _squad("en/squadshifts/amazon_reviews_v1.0.json.xz"), bound=True, share=0.6
    ),
    ReadingSource(
        "squadshifts-reddit", "en", _SHIFTS, _squad("en/squadshifts/reddit_v1.0.json.xz"), bound=True, share=0.6
    ),
    ReadingSource("qamr", "en", "MIT", _qamr, bound=True, share=0.5),
    ReadingSource(
        "subjqa", "en", "terms of Amazon's, TripAdvisor's and Yelp's reviews", _subjqa, bound=True, share=0.6
    ),
    ReadingSource("policyqa", "en", "MIT", _squad("en/policyqa/dev.json.xz"), bound=True, share=0.6),
)
