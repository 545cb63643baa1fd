"""Word list, character list and bigrams, counted from right texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from slmkit.tasks.spelling.bigrams import Bigrams
from slmkit.tasks.spelling.characters import CharacterList
from slmkit.tasks.spelling.guard import Guard
from slmkit.tasks.spelling.lists import Lists
from slmkit.tasks.spelling.places import BEGIN, chunks, code, fold, neighbours, places
from slmkit.tasks.spelling.words import WordList, find_confusions

_OPENS = frozenset(BEGIN + '.!?:"“')
_LOWER = 0.2  # share of a word within sentences in lower case from which it is no name
_BLOCK = 4_000_000  # pairs that are put together at a time


@dataclass
class Counts:
    """What was seen so far.

    Attributes:
        words: how often each folded word was seen. forms: how often it was seen as written, within sentences.
        characters: Han. couples: two Han characters in a row.
    """

    words: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)
    couples: Counter[str] = field(default_factory=Counter)
    _pairs: list[int] = field(default_factory=list)
    _put: tuple[np.ndarray, np.ndarray] = field(default=(np.empty(0, np.uint64), np.empty(0, np.int64)))
    _guard: Guard = field(default_factory=Guard)

    def add(self, text: str) -> None:
        """Count a text; what a guard never touches is no word."""
        spans = self._guard.spans(text)
        for span in chunks(text):
            found = list(places(text, *span))
            if not found:
                continue
            left, right = neighbours(text, span, found)
            free = self._guard.open_places(text, found, spans)
            for number, place in enumerate(found):
                own = text[place.start : place.end]
                key = own if place.chinese else fold(own)
                if place.chinese:
                    self.characters[own] += 1
                    if left[number] in self.characters:
                        self.couples[left[number] + own] += 1
                elif free[number]:
                    self.words[key] += 1
                    if left[number] not in _OPENS:
                        self.forms[key if len(own) > 1 and own.isupper() else own] += 1
                self._pairs.append(code(left[number]) << 32 | code(key))
                if len(right[number]) == 1 and not right[number].isalpha():
                    self._pairs.append(code(key) << 32 | code(right[number]))
        if len(self._pairs) > _BLOCK:
            self._put_together()

    def _put_together(self) -> None:
        pairs, counts = np.unique(np.array(self._pairs, dtype=np.uint64), return_counts=True)
        self._pairs.clear()
        every, where = np.unique(np.concatenate([self._put[0], pairs]), return_inverse=True)
        total = np.bincount(where, np.concatenate([self._put[1], counts]), minlength=len(every)).astype(np.int64)
        self._put = every, total

    def bigrams(self, *, least: int, most: int) -> Bigrams:
        """Pairs that were seen ``least`` times or more, the ``most`` most frequent of them."""
        self._put_together()
        pairs, counts = self._put
        kept = counts >= least
        return Bigrams.counted(pairs[kept], counts[kept], most)

    def word_list(self, *, least: int, most: int, wrong: Collection[str] = ()) -> WordList:
        """The most frequent words.

        Args:
            least: a word is seen so often. most: words to keep.
            wrong: words that are known to be wrong; they are kept only where they are frequent all the same.
        """
        wrong = set(wrong)
        kept = [
            (key, count)
            for key, count in self.words.items()
            if count >= least and (len(key) > 1 or key in "ai") and (key not in wrong or count >= 50 * least)
        ]
        kept.sort(key=lambda each: (-each[1], each[0]))
        kept = kept[:most]
        return WordList([self.form(key) for key, _ in kept], np.array([count for _, count in kept], dtype=np.int64))

    def form(self, key: str) -> str:
        """How a word is written within a sentence: in lower case, or else with a capital."""
        capital = key[:1].upper() + key[1:]
        if key.partition("'")[0] == "i":
            return capital
        lower, upper = self.forms[key], self.forms[capital]
        return capital if upper and lower < _LOWER * (lower + upper) else key


def lists_of(
    counts: Counts,
    *,
    shapes: Mapping[str, str] | None = None,
    wrong: Collection[str] = (),
    words: tuple[int, int] = (1, 80_000),
    characters: tuple[int, int] = (1, 8_000),
    bigrams: tuple[int, int] = (2, 1_000_000),
    confused: int | None = None,
) -> Lists:
    """Lists from counts.

    Args:
        counts: of right texts. shapes: characters that look alike. wrong: see ``Counts.word_list``.
        words, characters, bigrams: how often each has to be seen, and how many are kept at most.
        confused: how often both of two real words have to be seen that are taken for each other; None for the usual.
    """
    found = counts.word_list(least=words[0], most=words[1], wrong=wrong)
    confusions = find_confusions(found) if confused is None else find_confusions(found, least=confused)
    common = counts.characters.most_common(characters[1])
    return Lists(
        found.pruned(confusions),
        CharacterList.build({each: count for each, count in common if count >= characters[0]}, shapes),
        counts.bigrams(least=bigrams[0], most=bigrams[1]),
    )


def counted(texts: Iterable[str]) -> Counts:
    """Counts of these texts."""
    made = Counts()
    for text in texts:
        made.add(text)
    return made


def grown(lists: Lists, counts: Counts) -> Lists:
    """The lists with words of the caller's right texts; they count as seen as often as the list's median word."""
    words = lists.words
    usual = max(int(np.median(words.counts)), 1) if len(words) else 1
    forms = [counts.form(key) for key in sorted(counts.words) if len(key) > 1]
    return Lists(words.extended(forms, usual), lists.characters, lists.bigrams, lists.taught)
