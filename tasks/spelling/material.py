"""The shipped speller's lists and texts, read once and kept beside the run."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import load_file, save

from slmkit.checkpoint import write_atomically
from slmkit.errors import CheckpointError
from slmkit.tasks.spelling.counting import Counts, lists_of
from slmkit.tasks.spelling.lessons import Lesson, lesson_of
from slmkit.tasks.spelling.lists import Lists
from slmkit.tasks.spelling.noise import EnglishNoise, rates
from slmkit.tasks.spelling.noise_zh import ChineseNoise
from slmkit.tasks.spelling.places import chunks, fold, places, weight_of
from slmkit.tasks.spelling.sources import (
    PAIRS,
    RAW,
    PairSet,
    RawText,
    documents,
    known_misspellings,
    pairs,
    shapes,
)
from slmkit.text.language import language
from slmkit.text.pinyin import readings
from slmkit.text.scripts import simplifier

HELD = 0.02  # of the texts that lessons are made of: thresholds are chosen on them
_HELD_MOST = 3000  # a language
_SHORTEST, _ODD = 24, 0.5  # weight of a text; share of its characters that are of no word
_COUPLES, _SEEN = 30_000, 30  # two-character words that are typed for each other, and how often each is seen
_HOMOPHONES = 6
_FROM_PAIRS, _WORDS = 0.12, 0.04  # share of Chinese lessons from the sets of pairs; of English steps, words alone
_NEAR = (200, 1500)  # texts of like length that a step draws from, a twentieth of all within these bounds
_NEAR_PAIRS = 300  # pairs of like length that one is drawn from
_ZH_MOST, _ZH_CLEAN = 0.06, 0.35  # of a Chinese text: most errors, and texts without
_LISTS, _ABOUT = "lists.safetensors", "material.json"


@dataclass(frozen=True)
class Material:
    """What lessons are drawn from; each step's are told by its number alone.

    Attributes:
        lists: of the counted documents. english, chinese: right texts, sorted by length. pairs: aligned sentences, too.
        noise_en, noise_zh: what misspells.
    """

    lists: Lists
    english: list[str]
    chinese: list[str]
    pairs: list[Lesson]
    noise_en: EnglishNoise
    noise_zh: ChineseNoise

    def draw(self, step: int, tokens: int, seed: int) -> list[Lesson]:
        """Lessons of a step, of like length and one language, about ``tokens`` tokens in all."""
        rng = np.random.default_rng([seed, 1, step])
        chinese = bool(self.chinese) and (not self.english or rng.random() < 0.5)
        if not chinese and rng.random() < _WORDS:
            return self._words(rng, tokens // 8)
        texts = self.chinese if chinese else self.english
        near = min(len(texts), max(_NEAR[0], min(_NEAR[1], len(texts) // 20)))
        low = max(0, min(int(rng.integers(len(texts))) - near // 2, len(texts) - near))
        made, left = [], float(tokens)
        for row in rng.permutation(near).tolist():
            made.append(self.misspelt(texts[low + row], rng, chinese=chinese))
            left -= weight_of(made[-1].text) / (3.0 if chinese else 4.2) + 2
            if left <= 0:
                break
        return made

    def misspelt(self, text: str, rng: np.random.Generator, *, chinese: bool) -> Lesson:
        """A text with errors, or with none; sometimes a pair instead of it."""
        if not chinese:
            return self.noise_en.misspell(text, rates(rng), rng)
        if self.pairs and rng.random() < _FROM_PAIRS:
            at = bisect_left(self.pairs, weight_of(text), key=_weight)
            low = max(0, min(at - _NEAR_PAIRS, len(self.pairs) - 2 * _NEAR_PAIRS))
            return self.pairs[int(rng.integers(low, min(low + 2 * _NEAR_PAIRS, len(self.pairs))))]
        return self.noise_zh.misspell(text, rates(rng, clean=_ZH_CLEAN, most=_ZH_MOST), rng)

    def _words(self, rng: np.random.Generator, count: int) -> list[Lesson]:
        """Words without a sentence round them."""
        words = self.lists.words
        chance = np.sqrt(words.counts.astype(np.float64))
        rows = rng.choice(len(words), size=max(count, 1), p=chance / chance.sum())
        made = []
        for word in (words.forms[row] for row in rows):
            typed = self.noise_en.word(fold(word), rng) if rng.random() < 0.8 else None
            made.append(Lesson(typed, ((0, len(typed), word),)) if typed and typed != fold(word) else Lesson(word))
        return made

    def held_back(self, count: int, seed: int) -> list[Lesson]:
        """Lessons that are never drawn, by which thresholds are chosen: as many of each language, one in 20 wrong."""
        rng, made = np.random.default_rng([seed, 2]), []
        for texts, noise, rate in ((self.english, self.noise_en, 0.05), (self.chinese, self.noise_zh, 0.02)):
            for row in rng.permutation(len(texts))[:count].tolist():
                made.append(noise.misspell(texts[row], rate, rng))  # type: ignore[attr-defined]
        return made


def gather(
    data: Path, *, without: Sequence[str], characters: int | None, folder: Path | None, seed: int
) -> tuple[Material, Material, dict[str, Any]]:
    """Read everything.

    Args:
        data: the folder with ``en``, ``zh`` and ``raw``. without: names of files and sets that are left out.
        characters: of each file at most, for a trial. folder: where the lists are kept, or found again.
        seed: of what is held back.

    Returns:
        What lessons are drawn from, the same of the texts that are held back, and what it was made of as plain data.

    Raises:
        DataError: a file is missing or damaged. CheckpointError: the folder holds other lists.
    """
    raw = [each for each in RAW if each.name not in without]
    sets = [each for each in PAIRS if each.name not in without]
    known = known_misspellings(data)
    wrong = {each for forms in known.values() for each in forms}
    about = _about(raw, sets, characters)
    lists, homophones = _kept(data, raw, wrong, about, characters=characters, folder=folder)
    lessons = sorted((lesson_of(*pair) for source in sets for pair in pairs(data, source)), key=_weight)
    texts: dict[str, list[str]] = {"en": [], "zh": []}
    for each in raw:
        for document in documents(data, each, read=True, characters=characters):
            for text in usable(document):
                own = language(text)
                if own == "zh" or not each.careless or wrong.isdisjoint(map(fold, _words_of(text))):
                    texts[own].append(text)
    noise = EnglishNoise(lists.words, known), ChineseNoise(lists.characters, homophones)
    rng = np.random.default_rng(seed)
    parts = {own: _held_apart(found, rng) for own, found in texts.items()}
    about["texts"] = {own: len(found) for own, found in texts.items()} | {"pairs": len(lessons)}
    learned, held = (Material(lists, parts["en"][i], parts["zh"][i], [] if i else lessons, *noise) for i in range(2))
    return learned, held, about


def usable(document: str) -> Iterator[str]:
    """Chunks of a document that are long enough and mostly words."""
    for start, end in chunks(document):
        text = document[start:end].strip()
        if weight_of(text) >= _SHORTEST:
            inside = sum(place.end - place.start for place in places(text))
            if inside > _ODD * len(text):
                yield text


def homophones(couples: Counter[str]) -> dict[str, list[str]]:
    """For a frequent word of two characters the others that are typed with the same letters, the frequent first."""
    common = [word for word, count in couples.most_common(_COUPLES) if count >= _SEEN]
    single = list(dict.fromkeys("".join(common)))
    spoken = {c: read[0][0] for c, read in zip(single, readings(single), strict=True) if read} if single else {}
    groups: dict[tuple[str | None, ...], list[str]] = defaultdict(list)
    for word in common:
        groups[tuple(spoken.get(c) for c in word)].append(word)
    return {
        word: [other for other in group if other != word][:_HOMOPHONES]
        for sound, group in groups.items()
        for word in group
        if len(group) > 1 and None not in sound
    }


def _kept(
    data: Path,
    raw: Sequence[RawText],
    wrong: set[str],
    about: Mapping[str, Any],
    *,
    characters: int | None,
    folder: Path | None,
) -> tuple[Lists, dict[str, list[str]]]:
    """The lists, from the folder if they are there."""
    if folder is not None and (folder / _LISTS).is_file() and (folder / _ABOUT).is_file():
        kept = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        if kept["about"] != json.loads(json.dumps(about)):
            raise CheckpointError(f"{folder} holds lists of other sources; give another folder or remove it")
        return Lists.from_tensor(load_file(folder / _LISTS)["lists"]), kept["homophones"]
    counts = Counts()
    for each in raw:
        for document in documents(data, each, read=False, characters=characters):
            counts.add(document)
    # A word must be seen a few times to be one; a character that is rare is the clearest sign of an error. What is not
    # simplified tells that a text is not, so it is none of the list.
    fewest = 1 if characters is not None and characters < 5_000_000 else 4
    simple = simplifier("pretraining")
    for character in [each for each in counts.characters if simple(each) != each]:
        del counts.characters[character]
    lists = lists_of(
        counts,
        shapes=shapes(data),
        wrong=wrong,
        words=(fewest, 80_000),
        characters=(1, 8_000),
        bigrams=(3, 1_200_000),
    )
    found = homophones(counts.couples)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / _LISTS, save({"lists": lists.to_tensor()}))
        told = json.dumps({"about": about, "homophones": found}, ensure_ascii=False)
        write_atomically(folder / _ABOUT, told.encode())
    return lists, found


def _about(raw: Sequence[RawText], sets: Sequence[PairSet], characters: int | None) -> dict[str, Any]:
    sources: list[RawText | PairSet] = [*raw, *sets]
    told = [{"name": each.name, "licence": each.licence} for each in sources]
    told.append({"name": "codespell", "licence": "dictionary CC BY-SA 3.0; half of its right words, not shipped"})
    told.append({"name": "csc-confusion", "licence": "none stated; SIGHAN bake-off 2013, Wang et al. 2018"})
    return {"sets": told, "characters": characters}


def _weight(lesson: Lesson) -> int:
    return weight_of(lesson.text)


def _held_apart(texts: list[str], rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """Texts to learn from and those held back, each sorted by length."""
    count = min(int(len(texts) * HELD) + (len(texts) > 1), _HELD_MOST)
    order = rng.permutation(len(texts))
    held, learned = ([texts[i] for i in rows] for rows in (order[:count], order[count:]))
    return sorted(learned, key=weight_of), sorted(held, key=weight_of)


def _words_of(text: str) -> Iterator[str]:
    return (text[place.start : place.end] for place in places(text) if not place.chinese)
