"""Answers scored as the sets' own scripts do it: SQuAD 1.1, CMRC 2018 (version 5), and CAIL 2019 (CJRC).

Each function takes the accepted answers of each row and what was said, and gives one value a row. An empty answer says
that there is none; only CAIL's script knows such questions, whose references are empty.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

import numpy as np

from slmkit.errors import MissingExtraError

Gold = Sequence[Sequence[str]]
Rows = Callable[[Any, Any], np.ndarray]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
# As CMRC's script lists them, other marks are left in; and its range of Chinese characters.
_CMRC_LEFT_OUT = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
_HAN = re.compile("[\u4e00-\u9fa5]")


def squad_words(text: str) -> list[str]:
    """Lower-case words without punctuation and articles."""
    return _ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split()


def squad_f1(gold: Gold, predicted: Sequence[str]) -> np.ndarray:
    """F1 of words in common, against the best of a row's references. Shape: ``(n,)``."""
    return _best(gold, predicted, lambda right, said: shared_f1(squad_words(right), squad_words(said)))


def squad_exact(gold: Gold, predicted: Sequence[str]) -> np.ndarray:
    """1 where an answer is one of the references, up to case, punctuation and articles. Shape: ``(n,)``."""
    return _best(gold, predicted, lambda right, said: float(squad_words(right) == squad_words(said)))


def cmrc_units(text: str) -> list[str]:
    """Single Chinese characters, and the words that nltk's tokenizer finds between them."""
    kept = (c for c in text.lower().strip() if c not in _CMRC_LEFT_OUT)
    units: list[str] = []
    between = ""
    for character in kept:
        if _HAN.match(character):
            units += [*_words(between), character]
            between = ""
        else:
            between += character
    return [*units, *_words(between)]


def cmrc_f1(gold: Gold, predicted: Sequence[str]) -> np.ndarray:
    """F1 of the longest common run of units, against the best of a row's references. Shape: ``(n,)``."""

    def overlap(right: str, said: str) -> float:
        a, b = cmrc_units(right), cmrc_units(said)
        common = SequenceMatcher(None, a, b, autojunk=False).find_longest_match().size
        return 2 * common / (len(a) + len(b)) if common else 0.0

    return _best(gold, predicted, overlap)


def cmrc_exact(gold: Gold, predicted: Sequence[str]) -> np.ndarray:
    """1 where an answer is one of the references, up to case and the marks that the script drops. Shape: ``(n,)``."""

    def bare(text: str) -> str:
        return "".join(c for c in text.lower().strip() if c not in _CMRC_LEFT_OUT)

    return _best(gold, predicted, lambda right, said: float(bare(right) == bare(said)))


def cail_f1(gold: Gold, predicted: Sequence[str]) -> np.ndarray:
    """F1 of characters in common; each reference is left out once, and the best of the others counts."""

    def overlap(right: str, said: str) -> float:
        a, b = _bare(right), _bare(said)
        return shared_f1(a, b) if a and b else float(a == b)

    return _without_each(gold, predicted, overlap)


def cail_exact(gold: Gold, predicted: Sequence[str]) -> np.ndarray:
    """As ``cail_f1``, for answers that are equal up to case and all but letters and digits."""
    return _without_each(gold, predicted, lambda right, said: float(_bare(right) == _bare(said)))


def shared_f1(right: Sequence[str], said: Sequence[str]) -> float:
    """F1 of what two collections have in common, as often as both have it."""
    common = sum((Counter(right) & Counter(said)).values())
    return 2 * common / (len(right) + len(said)) if common else 0.0


def mean_of(rows: Rows) -> Callable[[Any, Any], float]:
    """The mean over rows of a score."""
    return lambda gold, predicted: float(rows(gold, predicted).mean())


def _bare(text: str) -> str:
    return "".join(c for c in text.lower() if c.isdigit() or c.isalpha())


def _best(gold: Gold, predicted: Sequence[str], score: Callable[[str, str], float]) -> np.ndarray:
    return np.array(
        [max((score(right, said) for right in each), default=0.0) for each, said in zip(gold, predicted, strict=True)]
    )


def _without_each(gold: Gold, predicted: Sequence[str], score: Callable[[str, str], float]) -> np.ndarray:
    values = []
    for each, said in zip(gold, predicted, strict=True):
        scores = [score(right, said) for right in (each or [""])]
        others = [max(scores[:i] + scores[i + 1 :], default=scores[i]) for i in range(len(scores))]
        values.append(sum(others) / len(others))
    return np.array(values)


def _words(text: str) -> list[str]:
    return _tokenizer().tokenize(text) if text.strip() else []


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    """The one of nltk; the script has nltk split sentences before, which answers hardly need."""
    try:
        from nltk.tokenize import NLTKWordTokenizer
    except ModuleNotFoundError as error:
        raise MissingExtraError("nltk", "bench") from error
    return NLTKWordTokenizer()
