"""The sets that the shipped retriever learns from: which text answers, or goes with, which.

What the benchmarks call dev is left out, see ``carving``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from slmkit.errors import DataError
from slmkit.pretraining.corpus import documents
from slmkit.pretraining.sources import read_text
from slmkit.tasks.question_answering.reading_sources import SOURCES as READING
from slmkit.tasks.question_answering.reading_sources import Lesson, load_source
from slmkit.text.sentences import sentence_spans

LONGEST = 360  # characters of a passage in Latin letters; a third of it in Chinese


@dataclass(frozen=True)
class Couple:
    """A text that is looked for by, and one that should be found."""

    query: str
    passage: str


@dataclass(frozen=True)
class RetrievalSource:
    """One set.

    Attributes:
        name: of the set. licence: as far as known. read: folder of the data -> couples, like ones beside each other.
        share: of the batches, beside the others.
    """

    name: str
    licence: str
    read: Callable[[Path], Iterator[Couple]]
    share: float


def load_couples(source: RetrievalSource, data: Path) -> list[Couple]:
    """All couples of a set.

    Raises:
        DataError: a file is missing, or is not in the layout that is expected.
    """
    try:
        found = list(source.read(data))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(f"{source.name} in {data} cannot be read: {error!r}") from error
    if not found:
        raise DataError(f"{source.name} in {data} has nothing to learn from")
    return found


def around(text: str, start: int, end: int, longest: int) -> str:
    """The sentences that hold these characters, and those around them as far as ``longest`` characters go."""
    spans = sentence_spans(text)
    inside = [i for i, (a, b) in enumerate(spans) if a < end and b > start]
    first, last = inside[0], inside[-1]

    def fits(low: int, high: int) -> bool:
        return low >= 0 and high < len(spans) and spans[high][1] - spans[low][0] <= longest

    while fits(first, last + 1) or fits(first - 1, last):
        if fits(first, last + 1):
            last += 1
        if fits(first - 1, last):
            first -= 1
    return text[spans[first][0] : spans[last][1]].strip()[:LONGEST]


def _lessons(name: str) -> Callable[[Path], Iterator[Couple]]:
    """Questions with the sentence that answers them and, every other time, with more of the passage around it."""
    (source,) = (each for each in READING if each.name == name)
    longest = LONGEST if source.language == "en" else LONGEST // 3

    def couple(number: int, lesson: Lesson) -> Couple:
        start, end = lesson.spans[0]
        return Couple(lesson.question, around(lesson.passage, start, end, longest if number % 2 else 0))

    def read(data: Path) -> Iterator[Couple]:
        answered = (lesson for lesson in load_source(source, data) if lesson.spans)
        return (couple(number, lesson) for number, lesson in enumerate(answered))

    return read


def _afqmc(data: Path) -> Iterator[Couple]:
    for line in read_text(data / "zh/afqmc/train.txt.xz").splitlines():
        left, right, same = line.rsplit("\t", 2)
        if same == "1":
            yield Couple(left, right)


def _simclue(data: Path) -> Iterator[Couple]:
    """Pairs of the training file without those that share a text with the ranked one, from which dev is carved."""
    ranked = [json.loads(line) for line in read_text(data / "zh/simclue/train_rank_1w.json.xz").splitlines()]
    kept_out = {text for row in ranked for text in row.values() if isinstance(text, str)}
    for line in read_text(data / "zh/simclue/train_pair_1w.json.xz").splitlines():
        row = json.loads(line)
        if row["label"] == "1" and not {row["sentence1"], row["sentence2"]} & kept_out:
            yield Couple(row["sentence1"], row["sentence2"])


def _scitldr(data: Path) -> Iterator[Couple]:
    """What a paper finds, in a sentence, and a part of its abstract."""
    for line in read_text(data / "en/scitldr_a/train.jsonl.xz").splitlines():
        row = json.loads(line)
        yield Couple(row["target"][0], " ".join(row["source"])[:LONGEST])


def _neighbours(name: str, longest: int) -> Callable[[Path], Iterator[Couple]]:
    """A sentence of an article, and what stands around it without it (inverse cloze, Lee et al. 2019)."""

    def read(data: Path) -> Iterator[Couple]:
        for number, text in enumerate(islice(documents(data / "raw" / name), 20_000)):
            spans = sentence_spans(text[: 4 * longest])
            if len(spans) < 4:
                continue
            chosen = 1 + number % (len(spans) - 2)
            start, end = spans[chosen]
            rest = text[spans[max(0, chosen - 2)][0] : start] + text[end : spans[min(len(spans), chosen + 3) - 1][1]]
            if 12 <= end - start <= longest:
                yield Couple(text[start:end].strip(), rest.strip()[:longest])

    return read


_READING = {each.name: each.licence for each in READING}
RETRIEVAL = (
    RetrievalSource("qamr", _READING["qamr"], _lessons("qamr"), 0.25),
    RetrievalSource("squadshifts-new-wiki", _READING["squadshifts-new-wiki"], _lessons("squadshifts-new-wiki"), 0.2),
    RetrievalSource("cmrc2018", _READING["cmrc2018"], _lessons("cmrc2018"), 0.2),
    RetrievalSource("scitldr", "Apache-2.0", _scitldr, 0.05),
    RetrievalSource("simclue", "none stated (CLUE benchmark)", _simclue, 0.08),
    RetrievalSource("afqmc", "none stated", _afqmc, 0.02),
    RetrievalSource("wikipedia-en", "CC BY-SA", _neighbours("en_wikipedia.jsonl.xz", LONGEST), 0.1),
    RetrievalSource("wikipedia-zh", "CC BY-SA", _neighbours("zh_wikipedia.jsonl.xz", LONGEST // 3), 0.1),
)
