"""The English word list: how often a word is seen, which words are near it, and which real words it is taken for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from slmkit.errors import MissingExtraError
from slmkit.tasks.spelling.distance import weighed
from slmkit.tasks.spelling.places import code, fold
from slmkit.tasks.spelling.sounds import sound

COMMON = 20  # a word seen so often may be taken for another, and another for it
_CONFUSED_WITH = 6  # other words at most
# How often another must be seen beside a word, to be what was meant: where they sound the same, and where they do not.
_RARER, _RARER_UNLIKE = 0.005, 0.05
_HEARD_APART = 1.9  # cost of the edits between two words that sound the same, at most
FREQUENCY = 2.5  # edits that the logarithm of how often a word is seen, from 0 to 1, makes up for
_ENDINGS = ("s", "es", "d", "ed", "r", "er", "y", "ly", "n", "en", "ing")
_BITS = np.array([bin(i).count("1") for i in range(1 << 14)], dtype=np.uint8)


class WordList:
    """Words by how often they were seen. Nothing changes after construction.

    Args:
        forms: as they are written within a sentence ("january" is "January"), the most frequent first.
        counts: how often each was seen, int64 ``(n,)``.
        confusions: for a word's number, the numbers of the real words that are typed for it or it for them.
        sounds: ``code`` of the key of each, uint32 ``(n,)``; None computes them.
    """

    def __init__(
        self,
        forms: Sequence[str],
        counts: np.ndarray,
        confusions: Mapping[int, Sequence[int]] | None = None,
        sounds: np.ndarray | None = None,
    ) -> None:
        self.forms, self.counts = list(forms), np.asarray(counts, dtype=np.int64)
        self.keys = [fold(form) for form in self.forms]
        self.index = {key: number for number, key in enumerate(self.keys)}
        self.confusions = {number: tuple(others) for number, others in (confusions or {}).items()}
        largest = np.log1p(max(int(self.counts.max(initial=0)), 1))
        self.frequency = (np.log1p(self.counts) / largest).astype(np.float32)
        self._sounds = sounds

    def __len__(self) -> int:
        return len(self.forms)

    @cached_property
    def sounds(self) -> np.ndarray:
        """``code`` of the sound of each word, uint32 ``(n,)``."""
        if self._sounds is None:
            self._sounds = np.array([code(sound(key)) for key in self.keys], dtype=np.uint32)
        return self._sounds

    @cached_property
    def _by_sound(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.sounds, kind="stable")
        return order, self.sounds[order]

    @cached_property
    def _lengths(self) -> np.ndarray:
        return np.array([len(key) for key in self.keys], dtype=np.int16)

    @cached_property
    def _letters(self) -> np.ndarray:
        return np.array([_signature(key) for key in self.keys], dtype=np.uint32)

    @cached_property
    def bare(self) -> dict[str, list[int]]:
        """Words with an apostrophe by what is left without it: "dont" -> that of "don't"."""
        found: dict[str, list[int]] = {}
        for number, key in enumerate(self.keys):
            if "'" in key:
                found.setdefault(key.replace("'", ""), []).append(number)
        return found

    def near(self, key: str, distance: int, most: int | None = None) -> np.ndarray:
        """Numbers of the words within so many edits of a folded one (letters left out, put in, changed, swapped).

        Args:
            key: the word. distance: edits. most: of the words, the nearer and the more frequent rather; None for all.

        Raises:
            MissingExtraError: rapidfuzz is not installed.
        """
        try:
            from rapidfuzz import process
            from rapidfuzz.distance import OSA
        except ModuleNotFoundError as error:
            raise MissingExtraError("rapidfuzz", "spelling") from error
        # An edit changes at most two of the letters that a word is made of, which leaves few words to compare.
        apart = self._letters ^ np.uint32(_signature(key))
        differ = _BITS[apart & 0x3FFF] + _BITS[apart >> 14]
        rows = np.flatnonzero((differ <= 2 * distance) & (np.abs(self._lengths - len(key)) <= distance))
        if not len(rows):
            return rows
        found = process.cdist(
            [key], [self.keys[i] for i in rows], scorer=OSA.distance, score_cutoff=distance, dtype=np.uint8
        )[0]
        good = found <= distance
        rows, found = rows[good], found[good]
        if most is None or len(rows) <= most:
            return rows
        return rows[np.argpartition(found - FREQUENCY * self.frequency[rows], most)[:most]]

    def alike(self, key: str) -> np.ndarray:
        """Numbers of the words that sound like a folded one, the most frequent first."""
        wanted = sound(key)
        if len(wanted) < 2:
            return np.empty(0, dtype=np.int64)
        order, ranked = self._by_sound
        low, high = np.searchsorted(ranked, [code(wanted), code(wanted) + 1])
        return np.sort(order[low:high])

    def extended(self, forms: Sequence[str], count: int) -> WordList:
        """The same list with words of the caller's that it lacks; each counts as seen ``count`` times."""
        new = {fold(form): form for form in forms if fold(form) not in self.index}
        if not new:
            return self
        counts = np.concatenate([self.counts, np.full(len(new), count)])
        sounds = np.array([code(sound(key)) for key in new], dtype=np.uint32)
        return WordList([*self.forms, *new.values()], counts, self.confusions, np.concatenate([self.sounds, sounds]))

    def pruned(self, confusions: Mapping[int, Sequence[int]]) -> WordList:
        """The same list with other confusions."""
        return WordList(self.forms, self.counts, confusions, self.sounds)

    def to_arrays(self) -> dict[str, Any]:
        """Plain arrays, and the words as one text."""
        pairs = [(number, other) for number, others in self.confusions.items() for other in others]
        return {
            "words": "\n".join(self.forms),
            "word_counts": self.counts,
            "word_sounds": self.sounds,
            "word_confusions": np.array(pairs, dtype=np.int32).reshape(-1, 2),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> WordList:
        """What ``to_arrays`` gave.

        Raises:
            KeyError, ValueError: it lacks a part, or the parts do not fit.
        """
        forms = arrays["words"].split("\n") if arrays["words"] else []
        confusions: dict[int, list[int]] = {}
        for number, other in arrays["word_confusions"].tolist():
            confusions.setdefault(number, []).append(other)
        if not len(forms) == len(arrays["word_counts"]) == len(arrays["word_sounds"]):
            raise ValueError(f"{len(forms)} words and {len(arrays['word_counts'])} counts")
        return cls(forms, arrays["word_counts"], confusions, arrays["word_sounds"])


def find_confusions(words: WordList, *, least: int = COMMON) -> dict[int, list[int]]:
    """Real words that are typed for each other: they sound the same, or one edit of a longer word lies between them.

    Both are seen ``least`` times or more. An ending more or less is grammar and not taken for a slip; a word that is
    much rarer, or a name, is not taken for what was meant.
    """
    count = int((words.counts >= least).sum())  # the most frequent come first
    heard: dict[str, list[int]] = {}
    for number in range(count):
        heard.setdefault(sound(words.keys[number], vowels=True), []).append(number)
    made: dict[int, list[int]] = {}
    for number in range(count):
        key = words.keys[number]
        if len(key) < 2:
            continue
        seen = words.counts[number]
        others = {i for i in heard[sound(key, vowels=True)] if abs(len(words.keys[i]) - len(key)) <= 2}
        others = {i for i in others if words.counts[i] >= _RARER * seen and weighed(key, words.keys[i]) <= _HEARD_APART}
        if len(key) >= 4:
            near = (i for i in words.near(key, 1).tolist() if i < count and len(words.keys[i]) >= 4)
            others.update(i for i in near if words.counts[i] >= _RARER_UNLIKE * seen)
        good = [i for i in others if i != number and _can_be_meant(key, words.keys[i], words.forms[i])]
        good.sort(key=lambda i: np.log(words.counts[i]) - 3 * weighed(key, words.keys[i]), reverse=True)
        if good:
            made[number] = good[:_CONFUSED_WITH]
    return made


def _can_be_meant(key: str, other: str, form: str) -> bool:
    name = form[:1].isupper() and not form.startswith("I'")
    return len(other) > 1 and not name and not _inflected(key, other)


def _inflected(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return any(long == short + ending for ending in _ENDINGS) and len(short) > 2


def _signature(key: str) -> int:
    """One bit for each letter that occurs."""
    made = 0
    for letter in key:
        made |= 1 << (ord(letter) - 97 if "a" <= letter <= "z" else 26)
    return made
