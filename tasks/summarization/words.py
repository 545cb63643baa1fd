"""The words of a text, English and Chinese alike, and how much each of them tells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from slmkit.text.language import is_cjk, is_han

if TYPE_CHECKING:
    from slmkit.text.tokenizer import Tokenizer

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUNS = re.compile(rf"[{HAN}]+|[^\W_{HAN}]+(?:[.,]\d+)*")
_COUNTED = re.compile(rf"[{HAN}]|[^\W_{HAN}]+(?:['’-][^\W_{HAN}]+|[.,]\d+)*")
# Surprise (negative log-probability) below which a word tells nothing ("the", "of", "的"), and from which on all.
COMMON, TELLING = 9.0, 10.5


def words(text: str) -> list[str]:
    """Lower-case words; a run of Chinese characters as its overlapping pairs, which need no segmenter."""
    found: list[str] = []
    for match in _RUNS.finditer(text):
        run = match[0]
        if is_han(run[0]):
            found += [a + b for a, b in pairwise(run)] or [run]
        else:
            found.append(run.lower())
    return found


def word_spans(text: str) -> list[tuple[int, int]]:
    """Spans of the words as readers count them: "year's" and "well-known" are one, each Chinese character is one."""
    return [match.span() for match in _COUNTED.finditer(text)]


def count_words(text: str) -> int:
    """English words and Chinese characters, see ``word_spans``."""
    return len(word_spans(text))


def word_weights(tokenizer: Tokenizer, vocabulary: Iterable[str]) -> dict[str, float]:
    """How much each word tells, 0 to 1, by how rare it is in running text; no list of stop words is needed.

    Args:
        tokenizer: the core's, whose pieces know their probability. vocabulary: what ``words`` gave.
    """
    listed = list(dict.fromkeys(vocabulary))
    weights: dict[str, float] = {}
    for word, tokens in zip(listed, tokenizer.encode_batch(listed), strict=True):
        # The space in front of every text has no characters in it.
        scores = -tokenizer.scores[tokens.ids[tokens.offsets[:, 1] > tokens.offsets[:, 0]]]
        # Of a pair of Chinese characters both have to tell something; the pieces of an English word add up.
        surprise = float(scores.min(initial=1000.0) if is_han(word[0]) else scores.sum())
        weights[word] = min(1.0, max(0.0, (surprise - COMMON) / (TELLING - COMMON)))
    return weights


def join_sentences(sentences: Iterable[str]) -> tuple[str, list[tuple[int, int]]]:
    """Sentences as one text, with the span of each: a space between two unless one of them is Chinese there.

    What ends without any mark, such as a line of a list, is followed by a line break.
    """
    text, spans = "", []
    for sentence in sentences:
        if text and (text[-1].isalnum() or text[-1] in ")）]"):
            text += "\n"
        elif text and not (is_cjk(text[-1]) or is_cjk(sentence[0])):
            text += " "
        spans.append((len(text), len(text) + len(sentence)))
        text += sentence
    return text, spans
