"""Errors put into right Chinese: characters that sound alike above all, others that look alike, words of one pinyin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from slmkit.tasks.spelling.characters import NEAR, SHAPE, SYLLABLE, TONE, CharacterList
from slmkit.tasks.spelling.lessons import Lesson
from slmkit.tasks.spelling.noise import typed_lesson
from slmkit.tasks.spelling.places import places

_KINDS = ((SYLLABLE, 0.62), (NEAR, 0.14), (SHAPE, 0.24))
_WORDS = 0.25  # of the errors hit a word of two characters, where other words are typed the same way
_TONE = 2.0  # times as likely with the same tone


class ChineseNoise:
    """Exchanges characters; the length stays the same.

    Args:
        characters: the list. homophones: for a word of two characters the frequent words of the same pinyin.
    """

    def __init__(self, characters: CharacterList, homophones: Mapping[str, Sequence[str]] | None = None) -> None:
        self.characters, self.homophones = characters, dict(homophones or {})
        self._pools: dict[tuple[str, int], tuple[np.ndarray, np.ndarray]] = {}

    def misspell(self, text: str, rate: float, rng: np.random.Generator) -> Lesson:
        """Type a text with about this share of its characters wrong."""
        found = [place.start for place in places(text) if place.chinese]
        wrong: list[tuple[int, int, str]] = []
        taken = -1
        for start in np.asarray(found)[rng.random(len(found)) < rate].tolist() if found else []:
            if start <= taken:
                continue
            made = self._word(text[start : start + 2], rng) if rng.random() < _WORDS else None
            made = made or self.character(text[start], rng)
            if made is None:
                continue
            for offset, character in enumerate(made):
                if character != text[start + offset]:
                    wrong.append((start + offset, start + offset + 1, character))
            taken = start + len(made) - 1
        return typed_lesson(text, wrong)

    def _word(self, word: str, rng: np.random.Generator) -> str | None:
        others = self.homophones.get(word)
        return str(rng.choice(list(others))) if others else None

    def character(self, character: str, rng: np.random.Generator) -> str | None:
        """Another character for one; None where no other is typed for it."""
        number = self.characters.index.get(character)
        if number is None:
            return None
        draw, kind = rng.random(), 0
        for bit, share in _KINDS:
            kind = bit
            draw -= share
            if draw < 0:
                break
        others, weights = self._pool(character, number, kind)
        if not len(others):
            others, weights = self._pool(character, number, SYLLABLE | NEAR | SHAPE)
        return self.characters.characters[int(rng.choice(others, p=weights))] if len(others) else None

    def _pool(self, character: str, number: int, kind: int) -> tuple[np.ndarray, np.ndarray]:
        """The characters of a kind, and how likely each is: the frequent ones are typed more."""
        if (character, kind) not in self._pools:
            why = self.characters.why[number]
            others = self.characters.others[number][(why & kind) > 0]
            weights = self.characters.counts[others].astype(np.float64) ** 0.4
            weights *= np.where(why[(why & kind) > 0] & TONE, _TONE, 1.0)
            self._pools[character, kind] = others, weights / max(weights.sum(), 1e-12)
        return self._pools[character, kind]
