"""Errors put into right English: slips of the fingers, spelling by ear, real words for others, words run together.

The manners of typing wrong are those that studies of typists name (Damerau 1964; Kukich 1992); which words are hit and
how is drawn from a generator, so the same seed gives the same errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from slmkit.tasks.spelling.distance import ALIKE, NEIGHBOURS, VOWELS
from slmkit.tasks.spelling.guard import Guard
from slmkit.tasks.spelling.lessons import Lesson
from slmkit.tasks.spelling.places import Place, fold, places
from slmkit.tasks.spelling.slots import as_typed
from slmkit.tasks.spelling.words import WordList

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# Spellings that are heard alike: each of a pair is typed for the other. After these, what is typed for an ending.
_PAIRS = (
    *(("ie", "ei"), ("ph", "f"), ("tion", "sion"), ("able", "ible"), ("ance", "ence"), ("ant", "ent"), ("ck", "k")),
    *(("ary", "ery"), ("our", "or"), ("sc", "s"), ("wh", "w"), ("kn", "n"), ("ou", "u"), ("ea", "ee"), ("ai", "ay")),
    *(("ous", "us"), ("ful", "full"), ("ly", "ley"), ("ar", "er"), ("mm", "m"), ("ss", "s"), ("cc", "c"), ("ll", "l")),
    *(("nn", "n"), ("tt", "t"), ("x", "cs"), ("y", "ie"), ("ise", "ize"), ("dge", "ge"), ("gh", "g")),
)
_ENDINGS = ((r"le$", "el"), (r"e(?=ing$|ed$|ment$)", ""), (r"(?<=[^e])(?=ing$)", "e"), (r"al$", "el"), (r"ght", "te"))
_HEARD = [
    *((re.compile(one), other) for pair in _PAIRS for one, other in (pair, pair[::-1])),
    *((re.compile(one), other) for one, other in _ENDINGS),
]


class EnglishNoise:
    """Misspells words.

    Args:
        words: the list, with the real words that are taken for others.
        known: real misspellings of right words, folded; chosen where there are any, a third of the time.
    """

    def __init__(self, words: WordList, known: Mapping[str, Sequence[str]] | None = None) -> None:
        self.words, self.known, self.guard = words, dict(known or {}), Guard()
        self._taken: dict[str, list[str]] = {}  # for a word the real words that are typed for it
        for typed, meant in words.confusions.items():
            for number in meant:
                self._taken.setdefault(words.keys[number], []).append(words.keys[typed])

    def misspell(self, text: str, rate: float, rng: np.random.Generator) -> Lesson:
        """Type a text with about this share of its words wrong."""
        found = [place for place in places(text) if not place.chinese]
        if not found or rate <= 0:
            return Lesson(text)
        free = self.guard.open_places(text, found, self.guard.spans(text))
        hit = rng.random(len(found)) < rate
        wrong: list[tuple[int, int, str]] = []  # characters of the right text, and what is typed there
        for number in np.flatnonzero(hit):
            place = found[number]
            if not free[number] or (wrong and place.start < wrong[-1][1]):
                continue
            after = found[number + 1] if number + 1 < len(found) and free[number + 1] else None
            made = self._typed(text, place, after, rng)
            if made is not None:
                wrong.append(made)
        return typed_lesson(text, wrong)

    def _typed(
        self, text: str, place: Place, after: Place | None, rng: np.random.Generator
    ) -> tuple[int, int, str] | None:
        word = text[place.start : place.end]
        key, draw = fold(word), rng.random()
        if draw < 0.04 and after is not None and text[place.end : after.start] == " ":
            other = text[after.start : after.end]
            if draw < 0.01 and len(word) > 2 and len(other) > 2:  # a letter on the wrong side of the space
                return place.start, after.end, f"{word[:-1]} {word[-1]}{other}"
            return place.start, after.end, word + other
        if draw < 0.07 and len(word) > 4:
            at = int(rng.integers(1, len(word)))
            return place.start, place.end, f"{word[:at]} {word[at:]}"
        made = self.word(key, rng)
        return None if made is None or made == key else (place.start, place.end, as_typed(word, made))

    def word(self, key: str, rng: np.random.Generator) -> str | None:
        """Another word for a folded one, as it may be typed; None where nothing came of it."""
        if "'" in key and rng.random() < 0.6:
            return key.replace("'", "") if rng.random() < 0.8 else key.replace("'", rng.choice(list("`´")))
        draw = rng.random()
        if key in self.known and draw < 0.35:
            return str(rng.choice(self.known[key]))
        if draw < 0.5:
            others = self._taken.get(key)
            if others:
                return others[int(rng.integers(len(others)))]
        if len(key) < 2:
            return None
        made = _by_ear(key, rng) if rng.random() < 0.35 else _SLIPS[int(rng.choice(len(_SLIPS), p=_SHARES))](key, rng)
        if made is not None and len(key) > 6 and rng.random() < 0.15:
            made = _SLIPS[int(rng.choice(len(_SLIPS), p=_SHARES))](made, rng) or made
        return None if made is None or len(made) < 2 else made  # of one letter nobody can tell the word


def typed_lesson(text: str, wrong: Sequence[tuple[int, int, str]]) -> Lesson:
    """The lesson of a right text in which these characters, in order, are typed otherwise."""
    made, edits, at, size = [], [], 0, 0
    for start, end, typed in wrong:
        made += [text[at:start], typed]
        size += start - at
        edits.append((size, size + len(typed), text[start:end]))
        size += len(typed)
        at = end
    return Lesson("".join([*made, text[at:]]), tuple(edit for edit in edits if edit[0] < edit[1]))


def _place_in(word: str, rng: np.random.Generator) -> int:
    """A letter, seldom the first."""
    return int(rng.integers(1, len(word))) if rng.random() < 0.92 else 0


def _swap(word: str, rng: np.random.Generator) -> str:
    at = int(rng.integers(0 if rng.random() < 0.1 else 1, len(word) - 1)) if len(word) > 2 else 0
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _drop(word: str, rng: np.random.Generator) -> str:
    at = _place_in(word, rng)
    return word[:at] + word[at + 1 :]


def _double(word: str, rng: np.random.Generator) -> str:
    doubled = [i for i in range(1, len(word)) if word[i] == word[i - 1]]
    if doubled and rng.random() < 0.6:
        at = int(rng.choice(doubled))
        return word[:at] + word[at + 1 :]
    at = _place_in(word, rng)
    return word[:at] + word[at] + word[at:]


def _neighbour(word: str, rng: np.random.Generator) -> str | None:
    at = _place_in(word, rng)
    keys = NEIGHBOURS.get(word[at])
    if not keys:
        return None
    key = keys[int(rng.integers(len(keys)))]
    return word[:at] + key + word[at + (rng.random() < 0.7) :]


def _letter(word: str, rng: np.random.Generator) -> str:
    at, letter = _place_in(word, rng), _LETTERS[int(rng.integers(26))]
    return word[:at] + letter + word[at + (rng.random() < 0.6) :]


def _vowel(word: str, rng: np.random.Generator) -> str | None:
    found = [i for i, letter in enumerate(word) if letter in VOWELS]
    if not found:
        return None
    at = int(rng.choice(found))
    return word[:at] + VOWELS[int(rng.integers(len(VOWELS)))] + word[at + 1 :]


def _alike(word: str, rng: np.random.Generator) -> str | None:
    found = [(i, b if word[i] == a else a) for a, b in ALIKE for i in range(len(word)) if word[i] in (a, b)]
    if not found:
        return None
    at, letter = found[int(rng.integers(len(found)))]
    return word[:at] + letter + word[at + 1 :]


def _by_ear(word: str, rng: np.random.Generator) -> str | None:
    found = [(match, other) for pattern, other in _HEARD for match in pattern.finditer(word)]
    if not found:
        return _vowel(word, rng)
    match, other = found[int(rng.integers(len(found)))]
    return word[: match.start()] + other + word[match.end() :]


_Slip = Callable[[str, np.random.Generator], "str | None"]
_SLIPS: tuple[_Slip, ...] = (_swap, _drop, _double, _neighbour, _letter, _vowel, _alike)
_SHARES = (0.2, 0.25, 0.15, 0.12, 0.08, 0.15, 0.05)


def rates(rng: np.random.Generator, *, clean: float = 0.35, most: float = 0.1) -> float:
    """How much of a text is typed wrong: nothing of many, of the others up to ``most`` and seldom more."""
    return 0.0 if rng.random() < clean else float(rng.uniform(0.01, most * 1.2))
