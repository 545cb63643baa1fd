"""The sets that the shipped retriever learns from: which text answers, or goes with, which.

What the benchmarks call dev is left out, see ``carving``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from slmkit.errors import DataError
from slmkit.pretraining.corpus import documents
from slmkit.pretraining.sources import read_all, read_text
from slmkit.tasks.question_answering.reading_sources import SOURCES as READING
from slmkit.tasks.question_answering.reading_sources import Lesson, load_source
from slmkit.text.language import letters_of
from slmkit.text.sentences import sentence_spans

LONGEST = 360  # characters of a passage in Latin letters; a third of it in Chinese


@dataclass(frozen=True)
class Couple:
    """A text that is looked for by, and one that should be found.

    Attributes:
        query, passage: the two. answer: what makes the passage right, a part of it: others that hold it are right too.
    """

    query: str
    passage: str
    answer: str


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
    found = read_all(source.name, source.read, data)
    if not found:
        raise DataError(f"{source.name} in {data} has nothing to learn from")
    return found


def around(text: str, start: int, end: int, longest: int, *, more: bool = True) -> str:
    """The sentences that hold these characters and, with ``more``, those around them up to ``longest`` characters.

    What is longer by itself is cut at both sides of the characters.
    """
    spans = sentence_spans(text)
    inside = [i for i, (a, b) in enumerate(spans) if a < end and b > start]
    first, last = inside[0], inside[-1]

    def fits(low: int, high: int) -> bool:
        return low >= 0 and high < len(spans) and spans[high][1] - spans[low][0] <= longest

    while more and (fits(first, last + 1) or fits(first - 1, last)):
        if fits(first, last + 1):
            last += 1
        if fits(first - 1, last):
            first -= 1
    low, high = spans[first][0], spans[last][1]
    if high - low > longest:
        low = max(low, min(start - max(0, longest - (end - start)) // 2, high - longest))
        high = max(low + longest, end)
    return text[low:high].strip()


def _lessons(name: str) -> Callable[[Path], Iterator[Couple]]:
    """Questions with the sentence that answers them and, every other time, with more of the passage around it."""
    (source,) = (each for each in READING if each.name == name)
    longest = LONGEST if source.language == "en" else LONGEST // 3

    def couple(number: int, lesson: Lesson) -> Couple:
        start, end = lesson.spans[0]
        sentence = around(lesson.passage, start, end, longest, more=False)
        more = around(lesson.passage, start, end, longest) if number % 2 else sentence
        return Couple(lesson.question, more if sentence in more else sentence, sentence)

    def read(data: Path) -> Iterator[Couple]:
        answered = (lesson for lesson in load_source(source, data) if lesson.spans)
        return (couple(number, lesson) for number, lesson in enumerate(answered))

    return read


def _squad_questions(data: Path) -> Iterator[Couple]:
    """Questions about sentences of Wikipedia, those of an article beside each other.

    Du et al. (2017) cut SQuAD 1.1 anew to learn to ask; "test" is a part of theirs, and no set that is measured here.
    """
    folder = data / "en/squad_qg"
    sides = (read_text(folder / name).splitlines() for name in ("tgt-test.txt.xz", "src-test.txt.xz"))
    for question, sentence in zip(*sides, strict=True):
        sentence = _joined(sentence)
        yield Couple(_joined(question), sentence, sentence)


def _joined(words: str) -> str:
    """A line of tokens with spaces where people write them."""
    line = re.sub(r"``|\'\'", '"', words.strip()).replace("-lrb-", "(").replace("-rrb-", ")")
    line = re.sub(r" (?=[.,;:!?%)\]]|n\'t\b|\'(?:s|re|ve|ll|d|m)\b)|(?<=[(\[$]) ", "", line)
    return re.sub(r'" ([^"]*) "', r'"\1"', line)


def _simclue_dev(data: Path) -> set[str]:
    """Letters of the texts of SimCLUE's ranked file, from which dev is carved."""
    ranked = [json.loads(line) for line in read_text(data / "zh/simclue/train_rank_1w.json.xz").splitlines()]
    return {letters_of(text) for row in ranked for text in row.values() if isinstance(text, str)}


def _afqmc(data: Path) -> Iterator[Couple]:
    """Pairs that mean the same; some of SimCLUE are from here, so those that share a text with its dev are left out."""
    rows = (line.rsplit("\t", 2) for line in read_text(data / "zh/afqmc/train.txt.xz").splitlines())
    yield from _unseen(((left, right) for left, right, same in rows if same == "1"), _simclue_dev(data))


def _simclue(data: Path) -> Iterator[Couple]:
    """Pairs of the training file that share no text with the ranked one, from which dev is carved."""
    rows = map(json.loads, read_text(data / "zh/simclue/train_pair_1w.json.xz").splitlines())
    pairs = ((row["sentence1"], row["sentence2"]) for row in rows if row["label"] == "1")
    yield from _unseen(pairs, _simclue_dev(data))


def _unseen(pairs: Iterable[tuple[str, str]], kept_out: set[str]) -> Iterator[Couple]:
    for left, right in pairs:
        if not {letters_of(left), letters_of(right)} & kept_out:
            yield Couple(left, right, right)


def _scitldr(data: Path) -> Iterator[Couple]:
    """What a paper finds, in a sentence, and a part of its abstract."""
    for line in read_text(data / "en/scitldr_a/train.jsonl.xz").splitlines():
        row = json.loads(line)
        abstract = " ".join(row["source"])[:LONGEST]
        yield Couple(row["target"][0], abstract, abstract)


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
                passage = rest.strip()[:longest]
                yield Couple(text[start:end].strip(), passage, passage)

    return read


_READING = {each.name: each.licence for each in READING}
RETRIEVAL = (
    RetrievalSource("qamr", _READING["qamr"], _lessons("qamr"), 0.2),
    RetrievalSource("squad-questions", "CC BY-SA 4.0", _squad_questions, 0.2),
    RetrievalSource("squadshifts-new-wiki", _READING["squadshifts-new-wiki"], _lessons("squadshifts-new-wiki"), 0.16),
    RetrievalSource("cmrc2018", _READING["cmrc2018"], _lessons("cmrc2018"), 0.15),
    RetrievalSource("scitldr", "Apache-2.0", _scitldr, 0.05),
    RetrievalSource("simclue", "none stated (CLUE benchmark)", _simclue, 0.06),
    RetrievalSource("afqmc", "none stated", _afqmc, 0.03),
    RetrievalSource("wikipedia-en", "CC BY-SA", _neighbours("en_wikipedia.jsonl.xz", LONGEST), 0.08),
    RetrievalSource("wikipedia-zh", "CC BY-SA", _neighbours("zh_wikipedia.jsonl.xz", LONGEST // 3), 0.07),
)
