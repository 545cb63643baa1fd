"""Pairs of source and target that the decoder learns from: train files only, licences that allow it.

Left out on purpose: sets marked non-commercial or research-only (DialogSum, WebNLG, gold-miner, Pro Git, TED, AI
Challenger), the Tatoeba rows of the raw parallel files, of which the held-out ones cannot be told apart, and the rows
that a benchmark of this project carves out.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import lzma
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from slmkit.pretraining.corpus import documents
from slmkit.pretraining.grammar import clean_pairs
from slmkit.pretraining.held_back import is_document_held_back
from slmkit.pretraining.sources import read_text, squad_rows
from slmkit.text.language import language, letters_of
from slmkit.text.scripts import simplifier
from slmkit.text.sentences import sentence_spans

EN_ZH, ZH_EN = "translate-en-zh", "translate-zh-en"
CONTINUE, FILL, SUMMARIZE, TITLE = "continue", "fill", "summarize", "title"
DESCRIBE, ASK, CLEAN, REWRITE, COUPLET = "describe", "ask", "clean", "rewrite", "couplet"
JOBS = (CONTINUE, FILL, EN_ZH, ZH_EN, SUMMARIZE, TITLE, DESCRIBE, ASK, CLEAN, REWRITE, COUPLET)
OF_A_DOCUMENT = 3  # sentences that clean pairs take
CARVED = 0.05  # of the sentences of a set without a dev split
FAULTY = ("en_wikipedia", "en_sgd_dialogue", "en_standardebooks", "zh_wikipedia", "zh_news_xwlb")
OPEN_DOCUMENTS = (
    "python-docs",
    "react-docs",
    "rust-book",
    "vue-docs",
    "d2l",
    "debian-install-guide",
    "opensource-guide",
    "gnome-user-docs",
    "debian-handbook",
)


class Pair(NamedTuple):
    """One thing to write.

    Attributes:
        job: which start mark. source: what the encoder reads. target: what the decoder writes.
    """

    job: str
    source: str
    target: str


@dataclass(frozen=True)
class PairSource:
    """One set of the stage.

    Attributes:
        name: of the set. licence: as far as known. read: folder of the data -> pairs.
        reads: how often each of its pairs is read in a run.
    """

    name: str
    licence: str
    read: Callable[[Path], Iterator[Pair]]
    reads: float


def is_carved(sentence: str, share: float = CARVED) -> bool:
    """Whether a sentence belongs to the part that a benchmark holds back: decided by its own letters and digits."""
    return int.from_bytes(hashlib.sha256(letters_of(sentence).encode()).digest()[:4], "big") < share * 2**32


def both_ways(rows: Iterable[tuple[str, str]]) -> Iterator[Pair]:
    """English and Chinese sentences as two pairs each; either script is read, simplified characters are written."""
    whole = [(english, chinese) for english, chinese in rows if english and chinese]
    for (english, chinese), target in zip(whole, simplified([zh for _, zh in whole]), strict=True):
        yield Pair(EN_ZH, english, target)
        yield Pair(ZH_EN, chinese, english)


def simplified(texts: Iterable[str], extra: str = "pretraining") -> list[str]:
    """Chinese texts in simplified characters; ``extra`` is named where OpenCC is missing."""
    return list(map(simplifier(extra), texts))


def tatoeba_rows(data: Path) -> Iterator[tuple[str, str]]:
    """English, Chinese of the train file, the carved-out part too."""
    for line in read_text(data / "zh/tatoeba-en-zh/cmn.train.txt.xz").splitlines():
        english, chinese, *_ = line.split("\t")
        yield english.strip(), chinese.strip()


def carve(english: Sequence[str], chinese: Sequence[str], extra: str = "pretraining") -> tuple[list[int], list[int]]:
    """Which of Tatoeba's pairs are held back, and which share no sentence with them.

    A sentence with several translations must not stand on both sides: neither in English nor, in either script, in
    Chinese.

    Returns:
        Positions of the pairs held back, and of those to learn from.
    """
    held = [is_carved(sentence) for sentence in english]
    plain = simplified(chinese, extra)
    taken = {sentence for sentence, out in zip(plain, held, strict=True) if out}
    apart = [i for i, out in enumerate(held) if not out and plain[i] not in taken]
    return [i for i, out in enumerate(held) if out], apart


def _tatoeba(data: Path) -> Iterator[Pair]:
    rows = list(tatoeba_rows(data))
    _, apart = carve([en for en, _ in rows], [zh for _, zh in rows])
    return both_ways(rows[i] for i in apart)


def _captions(data: Path) -> Iterator[Pair]:
    english, chinese = (read_text(data / f"zh/3am-en-zh/train.{side}.xz").splitlines() for side in ("en", "zh"))
    return both_ways(zip(map(str.strip, english), map(str.strip, chinese), strict=True))


def _parallel(name: str, sources: tuple[str, ...]) -> Callable[[Path], Iterator[Pair]]:
    def rows(path: Path) -> Iterator[tuple[str, str]]:
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if row["source"] in sources:
                    yield from aligned(row["en"], row["zh"])

    return lambda data: both_ways(rows(data / "raw" / f"{name}.jsonl.xz"))


def aligned(english: str, chinese: str) -> list[tuple[str, str]]:
    """A pair of paragraphs, cut into pairs of sentences where both have as many and their lengths agree.

    Lengths agree where no sentence is more than twice as long, as a share of its paragraph, as its counterpart.
    """
    sides = [[text[a:b].strip() for a, b in sentence_spans(text)] for text in (english, chinese)]
    pairs = list(zip(*sides, strict=False))
    if len(sides[0]) != len(sides[1]) or len(pairs) < 2:
        return [(english, chinese)]
    ratio = len(english) / max(1, len(chinese))
    if all(ratio / 2 < len(en) / max(1, len(zh)) < ratio * 2 for en, zh in pairs):
        return pairs
    return [(english, chinese)]


def _bible(data: Path) -> Iterator[Pair]:
    """King James and the Chinese Union Version verse by verse."""
    verses: dict[tuple[str, int, int], str] = {}
    with tarfile.open(data / "zh/bible/kjv_books.tar.xz") as books:
        for member in books.getmembers():
            file = books.extractfile(member) if member.name.endswith(".json") else None
            book = json.load(file) if file else None
            if not isinstance(book, dict):  # the list of the books stands among them
                continue
            for chapter in book["chapters"]:
                for verse in chapter["verses"]:
                    verses[book["book"], int(chapter["chapter"]), int(verse["verse"])] = verse["text"]
    rows = csv.reader(io.StringIO(read_text(data / "zh/bible/ChiUn.csv.xz")))
    numbered = ((book, chapter, verse, text) for book, chapter, verse, text in rows if chapter.isdigit())
    found = ((verses.get((b, int(c), int(v)), ""), "".join(text.split())) for b, c, v, text in numbered)
    return both_ways(found)


def _summaries(data: Path) -> Iterator[Pair]:
    """SciTLDR: an abstract and each of its one-sentence summaries."""
    for line in read_text(data / "en/scitldr_a/train.jsonl.xz").splitlines():
        row = json.loads(line)
        source = " ".join(row["source"])
        yield from (Pair(SUMMARIZE, source, target) for target in row["target"])
        if row.get("title"):
            yield Pair(TITLE, source, row["title"])


def _titled(name: str, most: int) -> Callable[[Path], Iterator[Pair]]:
    """The first line of a document, and what follows it."""

    def read(data: Path) -> Iterator[Pair]:
        for text in documents(data / "raw" / f"{name}.jsonl.xz"):
            title, _, body = text.partition("\n")
            if 4 <= len(title) <= 80 and len(body) > 4 * len(title) and title[-1] not in "。.：:":
                yield Pair(TITLE, body[:1200], title)

    return lambda data: islice(read(data), most)


def _leading(name: str, most: int) -> Callable[[Path], Iterator[Pair]]:
    """News puts the gist first: the first sentence of the body from the rest of it (Zhu et al. 2021)."""

    def read(data: Path) -> Iterator[Pair]:
        for text in documents(data / "raw" / f"{name}.jsonl.xz"):
            body = text.partition("\n")[2]
            spans = list(sentence_spans(body))
            if len(spans) < 5:
                continue
            first, rest = body[slice(*spans[0])].strip(), body[spans[1][0] :].strip()
            if 20 <= len(first) <= 300:
                yield Pair(SUMMARIZE, rest[:1500], first)

    return lambda data: islice(read(data), most)


def _restaurants(data: Path) -> Iterator[Pair]:
    for meaning, text in list(csv.reader(io.StringIO(read_text(data / "en/e2e_nlg/trainset.csv.xz"))))[1:]:
        yield Pair(DESCRIBE, meaning, text)


def _questions(data: Path) -> Iterator[Pair]:
    """CMRC 2018: the answer and the passage around it, and the question."""
    for example in squad_rows(data, "zh/cmrc2018/train-pseudo-cmrc2018.json.xz"):
        start, end, _ = example.spans[0]
        around = example.second[max(0, start - 100) : end + 80]
        yield Pair(ASK, f"{example.second[start:end]}\n{around}", example.text)


def _turns(data: Path) -> Iterator[Pair]:
    for line in read_text(data / "zh/utterance-rewrite/train.tsv.xz").splitlines():
        last, turns = line.split("\t")
        yield Pair(REWRITE, turns, last)


def _couplets(data: Path) -> Iterator[Pair]:
    for line in read_text(data / "zh/couplet/zh_couplet_train.tsv.xz").splitlines():
        first, second = line.split("\t")
        yield Pair(COUPLET, first.replace(" ", ""), second.replace(" ", ""))


def _faulty(names: tuple[str, ...], most: int) -> Callable[[Path], Iterator[Pair]]:
    """Sentences of raw documents made wrong, and as they were; ``most`` of each file, few of a document."""

    def sentences(data: Path, name: str) -> Iterator[str]:
        for text in documents(data / "raw" / f"{name}.jsonl.xz"):
            if not is_document_held_back(text):
                whole = (text[a:b].strip() for a, b in sentence_spans(text))
                yield from islice(filter(_is_whole, whole), OF_A_DOCUMENT)

    def read(data: Path) -> Iterator[Pair]:
        rows = [row for name in names for row in islice(sentences(data, name), most)]
        return (Pair(CLEAN, wrong, right) for wrong, right in clean_pairs(rows))

    return read


def _is_whole(sentence: str) -> bool:
    shortest, longest = (8, 60) if language(sentence) == "zh" else (25, 200)
    return shortest <= len(sentence) <= longest and sentence[-1] in ".!?。！？" and "\n" not in sentence


PAIR_SOURCES = (
    PairSource("tatoeba", "CC BY 2.0 FR", _tatoeba, reads=4),
    PairSource("3am", "MIT", _captions, reads=4),
    PairSource("lctt", "Apache-2.0", _parallel("par_lctt_goldminer_s", ("lctt",)), reads=0.08),
    PairSource("documentation", "MIT, CC BY and the like", _parallel("par_docs_tatoeba", OPEN_DOCUMENTS), reads=0.015),
    PairSource("bible", "public domain", _bible, reads=0.04),
    PairSource("scitldr", "Apache-2.0", _summaries, reads=0.6),
    PairSource("news-titles-zh", "none stated", _titled("zh_news_xwlb", 20_000), reads=0.15),
    PairSource("news-titles-en", "none stated", _titled("en_bbc_news", 3_000), reads=0.45),
    PairSource("news-leads-zh", "none stated", _leading("zh_news_xwlb", 10_000), reads=0.1),
    PairSource("e2e", "CC BY-SA 4.0", _restaurants, reads=0.1),
    PairSource("cmrc-questions", "CC BY-SA 4.0", _questions, reads=0.1),
    PairSource("utterance-rewrite", "MIT; corpus not named", _turns, reads=0.1),
    PairSource("faults", "as the raw corpus; faults by our rules", _faulty(FAULTY, 12_000), reads=0.5),
    PairSource("couplet", "Apache-2.0", _couplets, reads=0.06),
)
