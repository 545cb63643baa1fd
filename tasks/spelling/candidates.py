"""What could stand at a place instead of what stands there, always with that itself as the first candidate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from slmkit.tasks.spelling.characters import NEAR, SHAPE, SYLLABLE, TONE
from slmkit.tasks.spelling.distance import weighed
from slmkit.tasks.spelling.features import AT, FEATURES
from slmkit.tasks.spelling.lists import Lists
from slmkit.tasks.spelling.places import code, fold
from slmkit.tasks.spelling.words import FREQUENCY, WordList

MOST_WORDS = 24  # other candidates of an English word
_WEIGHED = 60  # words of which these are chosen by the cost of their edits
LONGEST_WORD = 30  # letters; what is longer is no word
_KEPT = 1 << 13  # words whose candidates are remembered
_HEARD, _SOUND_ALIKE, _SPLITS = 60, 8, 3
_DOUBTED = 200  # times as frequent as a rare word must a neighbour be for the word to be doubted
_SECURE = 0.45  # log-frequency from which a word is not doubted


@dataclass(frozen=True)
class Options:
    """The candidates of a place; the first changes nothing.

    Attributes:
        texts: what would stand there, a word in the case that it has within a sentence.
        features: ``(K, F)`` float32, see ``FEATURES``; what depends on the place's surroundings is still 0.
        first, last: codes of each candidate's first and last word, uint32 ``(K,)``.
        reach: places beyond its own that each takes the room of: 1 for two words made one, uint8 ``(K,)``.
    """

    texts: tuple[str, ...]
    features: np.ndarray
    first: np.ndarray
    last: np.ndarray
    reach: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    @classmethod
    def of(cls, rows: Sequence[tuple[str, dict[str, float]]]) -> Options:
        """Candidates with their features by name."""
        features = np.zeros((len(rows), len(FEATURES)), dtype=np.float32)
        for number, (_, named) in enumerate(rows):
            for name, value in named.items():
                features[number, AT[name]] = value
        words = [fold(text).split(" ") for text, _ in rows]
        return cls(
            tuple(text for text, _ in rows),
            features,
            np.array([code(each[0]) for each in words], dtype=np.uint32),
            np.array([code(each[-1]) for each in words], dtype=np.uint32),
            np.zeros(len(rows), dtype=np.uint8),
        )

    def joined_with(self, other: Options) -> Options:
        """These candidates and more, which take the room of the next place too."""
        return Options(
            self.texts + other.texts,
            np.concatenate([self.features, other.features]),
            np.concatenate([self.first, other.first]),
            np.concatenate([self.last, other.last]),
            np.concatenate([self.reach, np.ones(len(other), dtype=np.uint8)]),
        )


class Candidates:
    """Makes the candidates of words and characters; remembers those of the latest ones.

    Args:
        lists: what is known. words: of the caller's, known and good as candidates.
    """

    def __init__(self, lists: Lists, words: Iterable[str] = ()) -> None:
        own = [word for word in words if word.isascii() and word.isalpha()]
        self.lists, self.words = lists, lists.words.extended(own, _caller_count(lists.words))
        self._word = lru_cache(_KEPT)(self._make_word)
        self._character = lru_cache(_KEPT)(self._make_character)
        self._pair = lru_cache(_KEPT)(self._make_pair)

    def of_word(self, typed: str) -> Options | None:
        """Candidates of an English word as it is typed; None where there is no other than itself."""
        return self._word(typed.lower()) if len(typed) <= LONGEST_WORD else None

    def of_character(self, character: str) -> Options | None:
        """Candidates of a Han character; None where there is no other than itself."""
        return self._character(character)

    def of_pair(self, typed: str, after: str) -> Options | None:
        """Words that two words with a space between could be, where one of the two is unknown."""
        first, second = fold(typed), fold(after)
        if len(first) + len(second) > LONGEST_WORD or (self.is_known(first) and self.is_known(second)):
            return None
        return self._pair(first, second)

    def is_known(self, key: str) -> bool:
        """Whether a folded word is in the list, an English genitive where its word is."""
        return key in self.words.index or (key.endswith("'s") and key[:-2] in self.words.index)

    def _make_word(self, typed: str) -> Options | None:
        key = fold(typed)
        number = self.words.index.get(key)
        kept: dict[str, float] = {"kept": 1.0}
        if self.is_known(key):
            kept |= {"kept_known": 1.0, "kept_frequency": self._frequency(key)}
        elif len(key) <= 3:
            kept["kept_short"] = 1.0
        found: dict[str, dict[str, float]] = {}
        if number is not None:
            self._add_confused(key, number, found)
        elif not self.is_known(key):
            self._add_unknown(key, found)
        mark = next((letter for letter in typed if letter in "‘`´ʼ"), None)
        if mark is not None and self.is_known(key):  # the word may be right, its apostrophe is not
            found[key] = {"apostrophe": 1.0, "distance": 0.2}
        for right in self.lists.taught.get(key, ()):
            if fold(right) != key:
                form = next((text for text in found if fold(text) == fold(right)), right)
                found[form] = found.get(form, self._against(key, fold(right))) | {"taught": 1.0}
        if not found:
            return None
        return Options.of([(key, kept), *found.items()])

    def _frequency(self, key: str) -> float:
        number = self.words.index.get(key, self.words.index.get(key[:-2]) if key.endswith("'s") else None)
        return 0.0 if number is None else float(self.words.frequency[number])

    def _against(self, key: str, other: str) -> dict[str, float]:
        """Features of a candidate beside what is typed."""
        cost = weighed(key, other)
        made = {
            "frequency": self._frequency(other),
            "distance": cost,
            "distance_share": cost / max(len(key), 1),
            "first_letter": float(key[:1] != other[:1]),
        }
        if key.replace("'", "") == other.replace("'", ""):
            made["apostrophe"] = 1.0
        return made

    def _add_confused(self, key: str, number: int, found: dict[str, dict[str, float]]) -> None:
        """Of a known word: what it is taken for; of a rare one also what is near and much more frequent."""
        words = self.words
        for other in words.confusions.get(number, ()):
            named = self._against(key, words.keys[other]) | {"confusion": 1.0}
            found[words.forms[other]] = named | self._sounds(number, other)
        if words.frequency[number] < _SECURE and len(key) >= 3:
            least = max(int(words.counts[number]), 1) * _DOUBTED
            near = [i for i in words.near(key, 1).tolist() if i != number and words.counts[i] >= least]
            for other in sorted(near, key=lambda i: -words.counts[i])[:4]:
                found.setdefault(words.forms[other], self._against(key, words.keys[other]) | {"rare": 1.0})

    def _sounds(self, number: int, other: int) -> dict[str, float]:
        return {"sound": 1.0} if self.words.sounds[number] == self.words.sounds[other] else {}

    def _add_unknown(self, key: str, found: dict[str, dict[str, float]]) -> None:
        """Of an unknown word: what is near by letters or by sound, and two words that were run together."""
        stem, ending = (key[:-2], "'s") if key.endswith("'s") and len(key) > 4 else (key, "")
        if len(stem) < 2:
            return
        words = self.words
        rows = set(words.near(stem, 1 if len(stem) <= 3 else 2, _WEIGHED).tolist())
        alike = [i for i in words.alike(stem)[:_HEARD].tolist() if _comparable(stem, words.keys[i])]
        same_sound = set(alike)
        rows.update(alike[:_SOUND_ALIKE], words.bare.get(stem, ()))
        ranked = []
        for row in rows:
            named = self._against(stem, words.keys[row])
            if row in same_sound:
                named["sound"] = 1.0
            rank = (
                named["distance"] - FREQUENCY * named["frequency"] - 0.5 * (row in same_sound) + named["first_letter"]
            )
            ranked.append((rank, row, named))
        for _, row, named in sorted(ranked, key=lambda each: each[:2])[:MOST_WORDS]:
            found[words.forms[row] + ending] = named
        for left, right in self._splits(stem):
            low = min(self._frequency(left), self._frequency(right))
            found[f"{words.forms[words.index[left]]} {words.forms[words.index[right]]}{ending}"] = {
                "split": 1.0,
                "frequency": low,
            }

    def _splits(self, key: str) -> list[tuple[str, str]]:
        parts = [(key[:at], key[at:]) for at in range(1, len(key))]
        good = [
            pair for pair in parts if all(part in self.words.index and (len(part) > 1 or part in "ai") for part in pair)
        ]
        good.sort(key=lambda pair: -min(self._frequency(part) for part in pair))
        return good[:_SPLITS]

    def _make_pair(self, first: str, second: str) -> Options | None:
        whole, words = first + second, self.words
        found: list[tuple[str, dict[str, float]]] = []
        if whole in words.index:
            found.append((words.forms[words.index[whole]], {"join": 1.0, "frequency": self._frequency(whole)}))
        for at in (len(first) - 1, len(first) + 1):  # a letter on the wrong side of the space
            left, right = whole[:at], whole[at:]
            if left in words.index and right in words.index and min(len(left), len(right)) > 1:
                low = min(self._frequency(left), self._frequency(right))
                named = {"join": 1.0, "split": 1.0, "frequency": low, "distance": 0.6}
                found.append((f"{words.forms[words.index[left]]} {words.forms[words.index[right]]}", named))
        return Options.of(found) if found else None

    def _make_character(self, character: str) -> Options | None:
        characters, taught = self.lists.characters, self.lists.taught.get(character, ())
        number = characters.index.get(character)
        rows: list[tuple[str, dict[str, float]]] = [(character, {"kept": 1.0, "kept_chinese": 1.0})]
        if number is not None:
            rows[0][1].update({"kept_known": 1.0, "kept_frequency": float(characters.frequency[number])})
            for other, bits in zip(characters.others[number].tolist(), characters.why[number].tolist(), strict=True):
                named = {"frequency": float(characters.frequency[other])}
                for bit, name in ((SYLLABLE, "sound"), (TONE, "tone"), (NEAR, "near"), (SHAPE, "shape")):
                    if bits & bit:
                        named[name] = 1.0
                rows.append((characters.characters[other], named))
        known = {text: named for text, named in rows[1:]}
        for right in taught:
            if right in known:
                known[right]["taught"] = 1.0
            elif right != character:
                at = characters.index.get(right)
                often = 0.0 if at is None else float(characters.frequency[at])
                rows.append((right, {"taught": 1.0, "frequency": often}))
        return Options.of(rows) if len(rows) > 1 else None


def _comparable(key: str, other: str) -> bool:
    return abs(len(key) - len(other)) <= 3 and weighed(key, other) <= 0.5 * max(len(key), len(other))


def _caller_count(words: WordList) -> int:
    """How often a word of the caller's counts as seen: as often as the median word of the list."""
    return max(int(np.median(words.counts)), 1) if len(words) else 1
