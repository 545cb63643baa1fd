"""Right sentences made wrong as learners and hurried writers make them: what *clean* pairs are drawn from.

English: articles, prepositions, agreement, forms of a word, words left out, doubled or in the wrong place, marks and
letters (the kinds that Ng et al. 2014 count in learners' essays). Chinese: 的/地/得, particles left out, words doubled
or in the wrong place, wrong measure words, characters that sound alike, and words that say one thing twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from slmkit.text.function_words import (
    ARTICLES,
    DE,
    FUNCTION_WORDS,
    MEASURES,
    PARTICLES,
    PREPOSITIONS,
    SAID_TWICE,
    TAKEN_FOR_EACH_OTHER,
)
from slmkit.text.language import is_han, language, words_apart

RIGHT = 0.3  # of the sentences stay as they are: what is right must be left alone
RATE = 0.08  # of the words of the others are hit
COMMON = 20  # a form of a word must be seen so often to be one
_ENDINGS = ("s", "es", "ed", "d", "ing", "ly", "er")
_COUNTED = frozenset("一二两三四五六七八九十几每这那0123456789")  # a measure word follows these
_Hit = Callable[[Sequence[str], int, np.random.Generator], "tuple[int, list[str]] | None"]


class EnglishFaults:
    """Makes English sentences wrong.

    Args:
        counts: how often each word was seen, in small letters; they tell which forms of a word there are.
    """

    def __init__(self, counts: Counter[str]) -> None:
        self.forms: dict[str, tuple[str, ...]] = {}
        self._taken: dict[str, list[str]] = defaultdict(list)
        for group in TAKEN_FOR_EACH_OTHER:
            for word in group:
                self._taken[word] += [other for other in group if other != word]
        common = {word for word, count in counts.items() if count >= COMMON and word.isalpha() and len(word) > 2}
        families: dict[str, set[str]] = defaultdict(set)
        for word in common:
            families[word].add(word)
            for ending in _ENDINGS:
                for stem in _stems(word, ending):
                    if stem in common:
                        families[stem].add(word)
        for family in families.values():
            for word in family if len(family) > 1 else ():
                self.forms[word] = tuple(sorted({*self.forms.get(word, ()), *family} - {word}))
        self._hits: tuple[tuple[_Hit, float], ...] = (
            (self._form, 3.0),
            (self._taken_for, 3.0),
            (_article, 3.0),
            (_preposition, 2.0),
            (_left_out(FUNCTION_WORDS), 1.5),
            (_doubled, 0.4),
            (_swapped, 0.6),
            (_mark, 1.5),
            (_slip, 1.0),
        )

    def __call__(self, text: str, rng: np.random.Generator) -> str:
        """A sentence with faults."""
        return "".join(_made_wrong(words_apart(text), self._hits, rng)).strip()

    def _form(self, words: Sequence[str], at: int, rng: np.random.Generator) -> tuple[int, list[str]] | None:
        forms = self.forms.get(words[at].strip())
        return None if forms is None else (1, [_instead(words[at], _one_of(forms, rng))])

    def _taken_for(self, words: Sequence[str], at: int, rng: np.random.Generator) -> tuple[int, list[str]] | None:
        others = self._taken.get(words[at].strip().lower())
        return None if others is None else (1, [_instead(words[at], _one_of(others, rng))])


class ChineseFaults:
    """Makes Chinese sentences wrong.

    Args:
        characters: how often each was seen; the frequent ones are taken for others of their sound.
    """

    def __init__(self, characters: Counter[str]) -> None:
        from pypinyin import lazy_pinyin

        groups: dict[str, list[str]] = defaultdict(list)
        for character, count in characters.most_common(3000):
            if is_han(character) and count >= COMMON:
                groups[lazy_pinyin(character)[0]].append(character)
        self._alike = {c: [o for o in group if o != c] for group in groups.values() for c in group if len(group) > 1}
        self._hits: tuple[tuple[_Hit, float], ...] = (
            (_de, 4.0),
            (self._sound, 2.5),
            (_left_out(PARTICLES), 2.0),
            (_measure, 1.5),
            (_twice, 3.0),
            (_doubled, 0.5),
            (_swapped, 1.0),
            (_mark, 0.6),
        )

    def __call__(self, text: str, rng: np.random.Generator) -> str:
        """A sentence with faults."""
        import jieba

        jieba.setLogLevel(60)
        # Without its guesses at unknown words, which put 地 and 得 together with a neighbour.
        return "".join(_made_wrong(list(jieba.cut(text, HMM=False)), self._hits, rng)).strip()

    def _sound(self, words: Sequence[str], at: int, rng: np.random.Generator) -> tuple[int, list[str]] | None:
        word = words[at]
        places = [i for i, character in enumerate(word) if character in self._alike]
        if not places:
            return None
        place = int(_one_of(places, rng))
        return 1, [word[:place] + _one_of(self._alike[word[place]], rng) + word[place + 1 :]]


def clean_pairs(sentences: Iterable[str], seed: int = 0) -> list[tuple[str, str]]:
    """A wrong and a right sentence each; ``RIGHT`` of them have nothing wrong.

    Args:
        sentences: right ones, in English and Chinese. seed: of the faults.
    """
    rng, rows = np.random.default_rng(seed), list(sentences)
    english = Counter(w.strip().lower() for row in rows if language(row) == "en" for w in words_apart(row))
    chinese = Counter(c for row in rows if language(row) == "zh" for c in row)
    faults: dict[str, Callable[[str, np.random.Generator], str]] = {"en": EnglishFaults(english)}
    if chinese:
        faults["zh"] = ChineseFaults(chinese)
    return [(row if rng.random() < RIGHT else faults[language(row)](row, rng), row) for row in rows]


def _made_wrong(words: Sequence[str], hits: Sequence[tuple[_Hit, float]], rng: np.random.Generator) -> list[str]:
    """Words with one hit or more, as many as ``RATE`` says, where any of them can be hit."""
    made = list(words)
    kinds, weights = zip(*hits, strict=True)
    shares = np.array(weights) / sum(weights)
    for _ in range(1 + int(rng.binomial(len(words), RATE / 2))):
        for kind in rng.choice(len(kinds), size=4, p=shares):  # one that finds nothing to hit gives way to another
            found = _first_hit(kinds[kind], made, rng)
            if found is not None:
                at, (taken, others) = found
                made[at : at + taken] = others
                break
    return made


def _first_hit(hit: _Hit, words: Sequence[str], rng: np.random.Generator) -> tuple[int, tuple[int, list[str]]] | None:
    for at in rng.permutation(len(words)).tolist():
        found = hit(words, at, rng)
        if found is not None:
            return at, found
    return None


def _stems(word: str, ending: str) -> tuple[str, ...]:
    if not word.endswith(ending) or len(word) - len(ending) < 3:
        return ()
    stem = word[: -len(ending)]
    doubled = stem[-1] == stem[-2] and ending in ("ed", "ing", "er")
    return (stem, stem + "e", *((stem[:-1],) if doubled else ()), *((stem[:-1] + "y",) if stem[-1] == "i" else ()))


def _one_of(values: Sequence, rng: np.random.Generator) -> str:  # type: ignore[type-arg]
    return values[int(rng.integers(len(values)))]


def _instead(word: str, other: str) -> str:
    """Another word with the space before this one, and its capital."""
    space, typed = word[: len(word) - len(word.lstrip())], word.strip()
    return space + (other[:1].upper() + other[1:] if typed[:1].isupper() else other)


def _article(words: Sequence[str], at: int, rng: np.random.Generator) -> tuple[int, list[str]] | None:
    word = words[at].strip()
    if word in ARTICLES:
        return 1, [] if rng.random() < 0.6 else [_instead(words[at], _one_of([a for a in ARTICLES if a != word], rng))]
    if word.isalpha() and word.islower() and word not in FUNCTION_WORDS and words[at][:1] == " " and rng.random() < 0.1:
        return 1, [" the" if rng.random() < 0.7 else " a", words[at]]
    return None


def _preposition(words: Sequence[str], at: int, rng: np.random.Generator) -> tuple[int, list[str]] | None:
    word = words[at].strip().lower()
    if word not in PREPOSITIONS:
        return None
    return 1, [_instead(words[at], _one_of([p for p in PREPOSITIONS if p != word], rng))]


def _left_out(these: frozenset[str]) -> _Hit:
    def hit(words: Sequence[str], at: int, rng: np.random.Generator) -> tuple[int, list[str]] | None:
        return (1, []) if at and words[at].strip().lower() in these else None

    return hit


def _doubled(words: Sequence[str], at: int, rng: np.random.Generator) -> tuple[int, list[str]] | None:
    word = words[at]
    if not word.strip().isalpha() or (word[0] != " " and not is_han(word[0])):
        return None
    return 1, [word, word]


def _swapped(words: Sequence[str], at: int, rng: np.random.Generator) -> tuple[int, list[str]] | None:
    pair = words[at : at + 2]
    if len(pair) < 2 or not all(w.strip().isalpha() and (w[0] == " " or is_han(w[0])) for w in pair):
        return None
    return 2, [pair[1], pair[0]]


def _mark(words: Sequence[str], at: int, rng: np.random.Generator) -> tuple[int, list[str]] | None:
    word = words[at]
    if word.strip() in (",", ".", "，", "。", "、"):
        return None if words[at + 1 : at + 2] and words[at + 1][0].isdigit() else (1, [])  # 40,000 is no fault
    if at and word.strip() == "I":
        return 1, [word.lower()]
    return (1, [word.replace("'", "").replace("’", "")]) if "'" in word[2:-1] or "’" in word[2:-1] else None


def _slip(words: Sequence[str], at: int, rng: np.random.Generator) -> tuple[int, list[str]] | None:
    word = words[at]
    if len(word) < 6 or not word.strip().isalpha() or not word.strip().islower():
        return None
    place, draw = int(rng.integers(2, len(word) - 1)), rng.random()
    if draw < 0.4:
        return 1, [word[:place] + word[place + 1 :]]
    if draw < 0.7:
        return 1, [word[:place] + word[place + 1] + word[place] + word[place + 2 :]]
    return 1, [word[:place] + word[place] + word[place:]]


def _de(words: Sequence[str], at: int, rng: np.random.Generator) -> tuple[int, list[str]] | None:
    return (1, [_one_of([c for c in DE if c != words[at]], rng)]) if words[at] in DE else None


def _measure(words: Sequence[str], at: int, rng: np.random.Generator) -> tuple[int, list[str]] | None:
    word = words[at]
    if word[-1:] not in MEASURES or (word[:-1] or (words[at - 1] if at else ""))[-1:] not in _COUNTED:
        return None
    return 1, [word[:-1] + _one_of([m for m in sorted(MEASURES) if m != word[-1]], rng)]


def _twice(words: Sequence[str], at: int, rng: np.random.Generator) -> tuple[int, list[str]] | None:
    for count in (2, 1):
        other = SAID_TWICE.get("".join(words[at : at + count]))
        if other is not None:
            return count, [other]
    return None
