"""Readers of the spelling sets: words, sentences in pairs, a dictionary of misspellings, clean sentences of documents.

Inputs are what a system reads; labels are the right text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from slmkit.benchmarks.datasets.base import DataFile, Rows
from slmkit.benchmarks.datasets.readers import fields, lines, rows_of
from slmkit.errors import DataError
from slmkit.pretraining.held_back import is_document_held_back
from slmkit.text.sentences import sentence_spans

WORDS = (8, 40)  # in a clean English sentence
CHARACTERS = (10, 100)  # in a clean Chinese one
_ENGLISH_SENTENCE = re.compile(r"""["“]?[A-Z][^\n<>&{}|=*_#@\\/\[\]]*[a-z)"”][.!?]["”]?""")
# What is left where markup was taken out, and where a typist was careless: "a top speed of .", "well ,and", "end.Then".
_DAMAGE = re.compile(r""" [.,;:!?)]|  |\( |[.,;:!?]{2}|[,;:!?](?=[^\W\d_])|[a-z]\.(?=[A-Za-z])""")
_CHINESE_SENTENCE = re.compile(r"[^\n。！？\s]*[\u4e00-\u9fff][^\n。！？\s]*[。！？]”?")
_DICTIONARY_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def words_of_test(file: DataFile, content: bytes) -> Rows:
    """Norvig's tests: ``right: wrong wrong …`` on a line; a row is a wrong word and the right one."""

    def pairs() -> Iterator[tuple[str, str]]:
        for line in lines(file, content):
            right, colon, wrong = line.partition(":")
            if not colon:
                raise DataError(f"{file.path} has a line without a colon: {line[:80]!r}")
            yield from ((word, right.strip()) for word in wrong.split())

    return rows_of(pairs())


def flagged_pairs(file: DataFile, content: bytes) -> Rows:
    """``flag<TAB>source<TAB>target``; the flag, 1 and more where something is wrong, is not needed."""
    parts = (fields(file, line, 3) for line in lines(file, content))
    return rows_of((source.strip(), target.strip()) for _, source, target in parts)


def spaced_pairs(file: DataFile, content: bytes) -> Rows:
    """``source<TAB>target`` of characters with a space between any two, which is taken out."""
    parts = (fields(file, line, 2) for line in lines(file, content))
    return rows_of((source.replace(" ", ""), target.replace(" ", "")) for source, target in parts)


def misspellings(file: DataFile, content: bytes) -> Rows:
    """The dictionary of codespell, ``wrong->right[, right …,][ reason]``: a row for each right word of plain letters.

    An entry of several right words ends each in a comma; what comes after the last is a remark.
    """

    def pairs() -> Iterator[tuple[str, str]]:
        for line in lines(file, content):
            wrong, arrow, right = line.strip().partition("->")
            if not arrow:
                raise DataError(f"{file.path} has a line without an arrow: {line[:80]!r}")
            words = right.split(",")[:-1] if "," in right else [right]
            yield from ((wrong, word.strip()) for word in words)

    return rows_of(p for p in pairs() if all(map(_DICTIONARY_WORD.fullmatch, p)))


def english_sentences(file: DataFile, content: bytes) -> Rows:
    """Whole sentences of the held-back documents of JSON lines; the label is the documents' ``source``."""

    def pairs() -> Iterator[tuple[str, str]]:
        for text, source in _documents(file, content):
            for sentence in _sentences(text):
                fits = WORDS[0] <= sentence.count(" ") + 1 <= WORDS[1]
                if fits and _ENGLISH_SENTENCE.fullmatch(sentence) and not _DAMAGE.search(sentence):
                    yield sentence, source

    return _distinct(pairs())


def chinese_sentences(file: DataFile, content: bytes) -> Rows:
    """The same in Chinese; they are right as they stand, so input and label are the same."""

    def pairs() -> Iterator[tuple[str, str]]:
        for text, _ in _documents(file, content):
            for sentence in _sentences(text):
                if CHARACTERS[0] <= len(sentence) <= CHARACTERS[1] and _CHINESE_SENTENCE.fullmatch(sentence):
                    yield sentence, sentence

    return _distinct(pairs())


def sentences_and_misspellings(file: DataFile, content: bytes) -> Rows:
    """What a set of misspelt sentences is made of: a dictionary in the split ``errors``, documents in any other."""
    return (misspellings if file.split == "errors" else english_sentences)(file, content)


def _documents(file: DataFile, content: bytes) -> Iterator[tuple[str, str]]:
    for line in lines(file, content):
        row = json.loads(line)
        if is_document_held_back(row["text"]):
            yield row["text"], row["source"]


def _sentences(text: str) -> Iterator[str]:
    return (text[start:end].strip() for start, end in sentence_spans(text))


def _distinct(pairs: Iterator[tuple[str, str]]) -> Rows:
    return rows_of(dict(pairs).items())
