"""What differs between a text and its better version: edits by words, and what kind of fault each mends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from slmkit.tasks.spelling.distance import weighed
from slmkit.text.function_words import ARTICLES, DE, PREPOSITIONS
from slmkit.text.language import is_han, words_apart

_NEAR, _LONGEST = 2.5, 40  # cost of the letters that differ in two spellings of a word; letters that are compared
_WORD = re.compile(r"\w")
_NOT_LETTERS = re.compile(r"[\W_]+")
_STEM = 0.6  # of the longer of two forms of a word they have in common, at their beginning


@dataclass(frozen=True)
class Edit:
    """A replacement.

    Attributes:
        start, end: characters of the text. right: what is to stand there. reason: what was wrong.
    """

    start: int
    end: int
    right: str
    reason: str


def edits_between(text: str, better: str) -> list[Edit]:
    """The edits, in order, that make the better text of a text: whole words, Han characters and marks.

    Each touches as few words as it can, and white space only beside a word that is added, taken away or moved.
    """
    ours, theirs = words_apart(text), words_apart(better)
    mine, yours = ([word.strip() for word in words] for words in (ours, theirs))
    places = _starts(ours)
    made = []
    for a, b, c, d in _differences(mine, yours):
        wrong, right, start = "".join(ours[a:b]), "".join(theirs[c:d]), places[a]
        if wrong[:1].isspace() and right[:1].isspace():
            space = len(wrong) - len(wrong.lstrip())
            start, wrong, right = start + space, wrong[space:], right.lstrip()
        elif not b:  # at the very beginning no space comes before, but one after
            right = right.lstrip() + _space_of(theirs[d : d + 1])
        elif not d:
            wrong += _space_of(ours[b : b + 1])
        if wrong != right:
            made.append(Edit(start, start + len(wrong), right, _reason(mine, yours, (a, b, c, d))))
    return made


def _differences(ours: list[str], theirs: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Where ``ours[a:b]`` gives way to ``theirs[c:d]``: word by word where as many take the place of some."""
    for kind, a, b, c, d in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if kind == "replace" and b - a == d - c and sorted(ours[a:b]) != sorted(theirs[c:d]):
            yield from ((a + i, a + i + 1, c + i, c + i + 1) for i in range(b - a))
        elif kind != "equal":
            yield a, b, c, d


def _space_of(words: list[str]) -> str:
    """White space before the first of some words."""
    return words[0][: len(words[0]) - len(words[0].lstrip())] if words else ""


def _starts(words: list[str]) -> list[int]:
    places, at = [], 0
    for word in words:
        places.append(at)
        at += len(word)
    return [*places, at]


def _reason(ours: list[str], theirs: list[str], span: tuple[int, int, int, int]) -> str:
    """What was wrong where ``ours[a:b]`` gives way to ``theirs[c:d]``."""
    a, b, c, d = span
    wrong, right = ours[a:b], theirs[c:d]
    small = [[word.lower() for word in words] for words in (wrong, right)]
    if not any(map(_WORD.search, [*wrong, *right])) or _letters(wrong) == _letters(right):
        return "capital" if wrong != right and small[0] == small[1] else "punctuation"
    if not wrong:
        return f"missing {_kind(small[1])}"
    if not right:
        around = [*ours[max(0, a - len(wrong)) : a], *ours[b : b + len(wrong)]]
        return "repeated word" if set(wrong) <= set(around) else f"unneeded {_kind(small[0])}"
    if sorted(small[0]) == sorted(small[1]):
        return "word order"
    if len(wrong) == len(right) == 1:
        return _of_one(small[0][0], small[1][0])
    return "wording"


def _of_one(wrong: str, right: str) -> str:
    if wrong in DE and right in DE:
        return "的, 地 or 得"
    for kind, words in (("article", ARTICLES), ("preposition", PREPOSITIONS)):
        if wrong in words and right in words:
            return kind
    if is_han(wrong[0]) and is_han(right[0]):
        return "wrong character"
    shared = next(
        (i for i, (x, y) in enumerate(zip(wrong, right, strict=False)) if x != y), min(len(wrong), len(right))
    )
    if shared >= 2 and shared > _STEM * min(len(wrong), len(right)) and wrong[-2:] != right[-2:]:
        return "form of the word"
    if max(len(wrong), len(right)) <= _LONGEST and weighed(wrong, right) <= _NEAR:
        return "spelled nearly alike"
    return "wording"


def _kind(words: list[str]) -> str:
    if len(words) == 1 and words[0] in ARTICLES:
        return "article"
    return "preposition" if len(words) == 1 and words[0] in PREPOSITIONS else "word"


def _letters(words: list[str]) -> str:
    return _NOT_LETTERS.sub("", "".join(words)).lower()
