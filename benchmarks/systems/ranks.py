"""TextRank and LexRank by sumy: sentences ranked by how much they are like the others.

Sentences and words are ours, since sumy's own English tokenizer needs data that its package does not carry: the
sentences that all extractive systems here pick from, words by letters and digits in English, by jieba in Chinese.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import code_digest, package_version, peer
from slmkit.benchmarks.systems.extractive import Extractive

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


class Words:
    """The tokenizer object that sumy's sentences ask for words."""

    def __init__(self, *, chinese: bool) -> None:
        self._cut: Callable[[str], Sequence[str]] = _chinese_words() if chinese else _WORD.findall

    def to_words(self, sentence: str) -> tuple[str, ...]:
        """The words of a sentence, marks left out."""
        return tuple(word for word in self._cut(sentence) if _WORD.search(word))


def _chinese_words() -> Callable[[str], Sequence[str]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it finds its dictionary by a way that setuptools calls old
        jieba = peer("jieba", "jieba", extra="zh")
    jieba.setLogLevel(60)
    return jieba.lcut


class _Ranked(Extractive):
    _module = ""
    _class = ""

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        super().__init__(dataset, protocol)
        self._words: Words | None = None
        self._rank: Any = None

    def packages(self) -> list[str]:
        """sumy, its numbers, the Chinese words, and this adapter's own code."""
        words = [package_version("jieba", extra="zh")] if self._chinese else []
        return [package_version("sumy"), package_version("numpy"), *words, code_digest([Path(__file__)])]

    def _load(self) -> None:
        language = "chinese" if self._chinese else "english"
        stemmers, utils = peer("sumy.nlp.stemmers", "sumy"), peer("sumy.utils", "sumy")
        stem = stemmers.null_stemmer if self._chinese else stemmers.Stemmer(language)
        self._words = Words(chinese=self._chinese)
        self._rank = getattr(peer(self._module, "sumy"), self._class)(stem)
        self._rank.stop_words = utils.get_stop_words(language)

    def choose(self, sentences: Sequence[str], count: int) -> list[int]:
        """Those that rank highest."""
        if self._rank is None:
            self._load()
        dom = peer("sumy.models.dom", "sumy")
        listed = [dom.Sentence(text, self._words) for text in sentences]
        # Where no sentence is like another LexRank divides by nothing; the first sentences are taken then.
        with np.errstate(invalid="ignore"):
            chosen = self._rank(dom.ObjectDocumentModel([dom.Paragraph(listed)]), count)
        # Two sentences of the same words are equal to sumy: they are told apart by identity.
        wanted = {id(sentence) for sentence in chosen}
        return [i for i, sentence in enumerate(listed) if id(sentence) in wanted]


class TextRank(_Ranked):
    """TextRank (Mihalcea and Tarau 2004): common words over lengths, then PageRank."""

    name = "textrank"
    _module, _class = "sumy.summarizers.text_rank", "TextRankSummarizer"


class LexRank(_Ranked):
    """LexRank (Erkan and Radev 2004): cosines of TF-IDF vectors above a threshold, then PageRank."""

    name = "lexrank"
    _module, _class = "sumy.summarizers.lex_rank", "LexRankSummarizer"
