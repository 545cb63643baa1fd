"""Rows of raw text for pretraining: sentences and passages, mixed by source, in a seeded order."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from slmkit.errors import DataError
from slmkit.text.language import is_han
from slmkit.text.sentences import sentence_spans

# Share of rows by file. Short, everyday text (reviews, dialogue, news) is weighted up: it is what tables hold.
MIXTURE = {
    "en_wikipedia": 0.18,
    "en_imdb_train_unsup": 0.12,
    "en_bbc_news": 0.05,
    "en_sgd_dialogue": 0.04,
    "en_standardebooks": 0.03,
    "en_openstax_ccby": 0.03,
    "en_factbook": 0.01,
    "par_docs_tatoeba": 0.08,
    "par_lctt_goldminer_s": 0.06,
    "zh_wikipedia": 0.20,
    "zh_news_xwlb": 0.12,
    "zh_tech_essays": 0.05,
    "zh_laws": 0.03,
}


def documents(path: Path) -> Iterator[str]:
    """Texts of one raw file (JSON lines, xz); both sides of parallel rows, one after the other."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            for key in ("text", "en", "zh"):
                if row.get(key):
                    yield row[key]


def sample(folder: Path, characters: int) -> Iterator[str]:
    """The first documents of every file, about ``characters`` characters of each."""
    for name in MIXTURE:
        left = characters
        for text in documents(folder / f"{name}.jsonl.xz"):
            yield text
            left -= len(text)
            if left <= 0:
                break


def _rows_of(text: str, rng: np.random.Generator, longest: int) -> Iterator[str]:
    """Cut a document into sentences (half of the time) or passages of up to ``longest`` characters."""
    target = 0 if rng.random() < 0.5 else longest
    start = end = None
    for a, b in sentence_spans(text):
        if start is None:
            start, end = a, b
        elif b - start <= target:
            end = b
        else:
            yield text[start:end].strip()[: 2 * longest]
            start, end = a, b
    if start is not None:
        yield text[start:end].strip()[: 2 * longest]


def rows(folder: Path, characters: int, *, seed: int = 0, longest: int = 320) -> list[str]:
    """Read about ``characters`` characters of rows, mixed as ``MIXTURE`` says and shuffled.

    Chinese characters count as three, as they carry about as much as three Latin letters.

    Raises:
        DataError: a file of the mixture is missing.
    """
    rng = np.random.default_rng(seed)
    taken: list[str] = []
    for name, share in MIXTURE.items():
        path = folder / f"{name}.jsonl.xz"
        if not path.is_file():
            raise DataError(f"{path} is missing; the raw corpus is needed for pretraining")
        budget = characters * share
        texts = list(documents(path))
        for i in rng.permutation(len(texts)):
            for row in _rows_of(texts[i], rng, longest if texts[i].isascii() else longest // 2):
                if len(row) >= 4:
                    taken.append(row)
                    budget -= len(row) + 2 * sum(map(is_han, row))
            if budget <= 0:
                break
    return [taken[i] for i in rng.permutation(len(taken))]
