"""Readers of the labelled sets that the *joint* stage learns from: train files only, licences that allow it.

Left out on purpose: sets marked non-commercial or research-only, sets that a later benchmark fits few examples of or
holds unseen, and every dev or test file that a benchmark of this project reports on.
"""

from __future__ import annotations

import csv
import io
import json
import lzma
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from slmkit.errors import DataError
from slmkit.text.language import join_words

T = TypeVar("T")


@dataclass(frozen=True)
class Example:
    """One labelled row of any shape.

    Attributes:
        text: what is read. second: the other text of a pair, or the passage of a question.
        label: class name, or a similarity in [0, 1] as text. spans: (start, end, type) in ``text`` for tags,
            (start, end, "answer") in ``second`` for questions.
    """

    text: str
    second: str = ""
    label: str = ""
    spans: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True)
class Source:
    """One set of the stage.

    Attributes:
        name: of the set. shape: what its head does: class, tags, span, similarity or inference.
        licence: as far as known. read: folder of the data -> examples. share: factor on how often it is drawn.
    """

    name: str
    shape: str
    licence: str
    read: Callable[[Path], Iterator[Example]]
    share: float = 1.0


def read_all(name: str, read: Callable[[Path], Iterable[T]], data: Path) -> list[T]:
    """All that ``read`` gives of a set.

    Raises:
        DataError: a file is missing, or is not in the layout that is expected.
    """
    try:
        return list(read(data))
    except (OSError, lzma.LZMAError, ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(f"{name} in {data} cannot be read: {error!r}") from error


def read_text(path: Path) -> str:
    """A text file, unpacked if its name ends in ``.xz``."""
    data = path.read_bytes()
    return (lzma.decompress(data) if path.suffix == ".xz" else data).decode("utf-8-sig")


def sst2_rows(data: Path) -> Iterator[Example]:
    """SST-2's training sentences, labelled "0" or "1"."""
    for line in read_text(data / "en/sst2/train.tsv.xz").splitlines():
        text, label = line.rsplit("\t", 1)
        yield Example(text, label=label)


def _chnsenticorp(data: Path) -> Iterator[Example]:
    for line in read_text(data / "zh/chnsenticorp/train.tsv.xz").splitlines()[1:]:
        label, text = line.split("\t", 1)
        yield Example(text, label=label)


def _csl(data: Path) -> Iterator[Example]:
    for line in read_text(data / "zh/csl-benchmark/cls_ctg.train.tsv.xz").splitlines():
        _, text, label = line.split("\t")
        yield Example(text, label=label)


def _snli(data: Path) -> Iterator[Example]:
    first, second, labels = (
        read_text(data / "en/snli" / name).splitlines() for name in ("s1.dev.xz", "s2.dev.xz", "labels.dev")
    )
    for a, b, label in zip(first, second, labels, strict=True):
        yield Example(a.strip(), b.strip(), label)


def _column_tags(name: str, *, tag_first: str = "", keep: int = 1) -> Callable[[Path], Iterator[Example]]:
    """Reader of one-token-a-line files; of ten sentences the first ``keep`` are left out if it is above 1."""

    def read(data: Path) -> Iterator[Example]:
        words: list[str] = []
        tags: list[str] = []
        count = 0
        for line in [*read_text(data / name).splitlines(), ""]:
            parts = line.split()
            if len(parts) >= 2:
                words.append(parts[0].removeprefix(tag_first))
                tags.append(parts[-1])
            elif not line.strip() and words:
                count += 1
                if keep == 1 or count % keep:
                    yield tagged(words, tags)
                words, tags = [], []

    return read


def tagged(words: list[str], tags: list[str]) -> Example:
    """Words with BIO tags -> text with typed spans; Chinese characters are joined without spaces."""
    text, places = join_words(words)
    spans: list[tuple[int, int, str]] = []
    for (start, end), tag in zip(places, tags, strict=True):
        kind = tag[2:]
        if tag.startswith("I-") and spans and spans[-1][2] == kind and start - spans[-1][1] <= 1:
            spans[-1] = (spans[-1][0], end, kind)
        elif tag.startswith(("B-", "I-")):
            spans.append((start, end, kind))
    return Example(text, spans=tuple(spans))


def _kgclue(data: Path) -> Iterator[Example]:
    """Questions with the one name they ask about."""
    for line in read_text(data / "zh/kgclue/train.json.xz").splitlines():
        row = json.loads(line)
        # The note behind a name, "龙晶（游戏）", is not in the question.
        name = re.split("[（(]", row["answer"].split(" ||| ")[0])[0]
        start = row["question"].find(name)
        if start >= 0 and name:
            yield Example(row["question"], spans=((start, start + len(name), "name"),))


def _silver(data: Path) -> Iterator[Example]:
    from slmkit.pretraining.silver import typed_names  # which takes Example from here

    return typed_names(data / "raw")


def _words(language: str, most: int) -> Callable[[Path], Iterator[Example]]:
    def read(data: Path) -> Iterator[Example]:
        from slmkit.pretraining.words import word_tags

        return word_tags(data / "raw", language, most)

    return read


def squad_rows(data: Path, name: str) -> Iterator[Example]:
    """Questions of a file in SQuAD form; an answer whose offset is wrong is looked up by its text."""
    for article in json.loads(read_text(data / name))["data"]:
        for paragraph in article["paragraphs"]:
            passage = paragraph["context"]
            for qa in paragraph["qas"]:
                answer = qa["answers"][0]["text"]
                start = qa["answers"][0]["answer_start"]
                if passage[max(start, 0) : start + len(answer)] != answer:
                    start = passage.find(answer)
                if start >= 0 and answer:
                    yield Example(qa["question"], passage, spans=((start, start + len(answer), "answer"),))


def _cmrc(data: Path) -> Iterator[Example]:
    return squad_rows(data, "zh/cmrc2018/train-pseudo-cmrc2018.json.xz")


def _qamr(data: Path) -> Iterator[Example]:
    sentences = dict(line.split("\t") for line in read_text(data / "en/qamr/wiki-sentences.tsv.xz").splitlines())
    for line in read_text(data / "en/qamr/filtered.dev.tsv.xz").splitlines():
        parts = line.split("\t")
        text, places = join_words(sentences[parts[0]].split(" "))
        words = [int(i) for i in parts[6].split()]
        # Only answers that are one stretch of the sentence.
        if words and words[-1] - words[0] == len(words) - 1:
            span = (places[words[0]][0], places[words[-1]][1], "answer")
            yield Example(parts[5], text, spans=(span,))


def _stsb(data: Path) -> Iterator[Example]:
    for a, b, score in csv.reader(io.StringIO(read_text(data / "en/stsb/stsb-en-train.csv.xz"))):
        yield Example(a, b, str(float(score) / 5))


def _tab_pairs(name: str, top: float) -> Callable[[Path], Iterator[Example]]:
    def read(data: Path) -> Iterator[Example]:
        for line in read_text(data / name).splitlines():
            a, b, score = line.rsplit("\t", 2)
            yield Example(a, b, str(float(score) / top))

    return read


def _simclue(data: Path) -> Iterator[Example]:
    for line in read_text(data / "zh/simclue/train_pair_1w.json.xz").splitlines():
        row = json.loads(line)
        yield Example(row["sentence1"], row["sentence2"], row["label"])


SOURCES = (
    Source("sst2", "class", "no formal licence", sst2_rows, share=2.0),
    Source("chnsenticorp", "class", "none stated", _chnsenticorp, share=2.5),
    Source("csl-categories", "class", "none stated (said to be Apache-2.0)", _csl, share=0.8),
    Source("snli", "inference", "CC BY-SA 4.0", _snli, share=0.5),
    Source("msra-ner", "tags", "none stated", _column_tags("zh/msra-ner/dh_msra.txt.xz", keep=10), share=1.2),
    Source("aishell-ner", "tags", "Apache-2.0", _column_tags("zh/aishell_ner/dev.bio.txt.xz"), share=0.6),
    Source("kgclue", "tags", "none stated", _kgclue, share=0.4),
    Source("wikipedia-zh-kinds", "tags", "CC BY-SA 4.0, labels by our rules", _silver, share=1.5),
    Source("words-zh", "tags", "as the raw corpus; tags by jieba (MIT)", _words("zh", 30_000), share=1.2),
    Source(
        "words-en", "tags", "as the raw corpus; tags by spaCy's small pipeline (MIT)", _words("en", 20_000), share=0.8
    ),
    Source("wikiann-en", "tags", "ODC-BY", _column_tags("en/wikiann_en/train.xz", tag_first="en:"), share=0.4),
    Source(
        "few-nerd",
        "tags",
        "CC BY-SA 4.0 (unverified)",
        _column_tags("en/fewnerd_structshot/dev.txt.xz", keep=10),
    ),
    Source("wnut17", "tags", "CC BY 4.0", _column_tags("en/wnut17/wnut17train.conll.xz"), share=0.6),
    Source("bc5cdr", "tags", "public domain", _column_tags("en/bc5cdr/train.txt.xz"), share=0.5),
    Source("cmrc2018", "span", "CC BY-SA 4.0", _cmrc, share=3.0),
    Source("qamr", "span", "MIT", _qamr, share=0.5),
    Source("stsb", "similarity", "CC BY-SA 4.0", _stsb, share=0.7),
    Source("sts-b-zh", "similarity", "none stated", _tab_pairs("zh/sts-b-zh/sts-b-train.txt.xz", 5.0), share=0.7),
    Source("afqmc", "similarity", "none stated", _tab_pairs("zh/afqmc/train.txt.xz", 1.0), share=0.2),
    Source("simclue", "similarity", "none stated", _simclue, share=0.2),
)

# Read without their labels as well: the corpus holds prose; what people ask and compare is short.
ASKED_AND_COMPARED = ("afqmc", "cmrc2018", "kgclue", "qamr", "simclue", "sts-b-zh", "stsb")
MOST = 12_000  # texts of each of them


def short_texts(data: Path, seed: int) -> list[str]:
    """Questions, and the texts of pairs, without their labels."""
    texts: list[str] = []
    for source in SOURCES:
        if source.name in ASKED_AND_COMPARED:
            pairs = [(e.text, e.second if source.shape == "similarity" else "") for e in source.read(data)]
            own = sorted({text for pair in pairs for text in pair if text})
            order = np.random.default_rng(seed).permutation(len(own))
            texts += [own[i] for i in order[:MOST]]
    return texts
