"""How sure a change must be, by held-back lessons: temperature, thresholds, and which confusions are worth a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from slmkit.tasks.classification.calibration import fit_temperature
from slmkit.tasks.spelling.lessons import Lesson, gold_of
from slmkit.tasks.spelling.places import fold, places
from slmkit.tasks.spelling.slots import Slot, Slotter
from slmkit.tasks.spelling.spelling_model import PRESETS, USUAL, SpellingModel, Thresholds, softmax

SMALLEST = 300  # words of a language that are right, and
FEWEST_WRONG = 20  # that are wrong: with fewer the thresholds stay as they were
LOWEST, HIGHEST = 0.3, 0.995
_SHARE = {"en": 1.0, "zh": 0.17}  # a Chinese character is a part of a word, and there are more of them in a sentence
_TOLD_APART = 6  # candidates that the temperature is fitted on
_SEEN_OFTEN = 30  # a real word seen so often and never rightly taken for another has that other struck out


@dataclass(frozen=True)
class Judged:
    """Slots of held-back lessons.

    Attributes:
        slots: all of them. scores: of their candidates. gold: which is right, -1 for none ``(N,)``.
        right, wrong: places of each language that are right and wrong, those without a slot too.
    """

    slots: list[Slot]
    scores: list[np.ndarray]
    gold: np.ndarray
    right: dict[str, int]
    wrong: dict[str, int]


def judge(model: SpellingModel, slotter: Slotter, lessons: Sequence[Lesson]) -> Judged:
    """Read lessons with a model."""
    chunks, gold = [], []
    total, wrong = {"en": 0, "zh": 0}, {"en": 0, "zh": 0}
    for lesson in lessons:
        own = slotter.chunks(lesson.text)
        chunks += own
        gold += [number for each in gold_of(lesson, own) for number in each]
        starts = {start for start, _, _ in lesson.edits}
        for place in places(lesson.text):
            total["zh" if place.chinese else "en"] += 1
            wrong["zh" if place.chinese else "en"] += place.start in starts
    right = {language: total[language] - wrong[language] for language in total}
    slots = [slot for chunk in chunks for slot in chunk.slots]
    return Judged(slots, model.scores(chunks), np.array(gold, dtype=np.int64), right, wrong)


def temperature_of(judged: Judged) -> float:
    """The temperature by which probabilities are as high as they are right (Guo et al. 2017)."""
    rows = [i for i, gold in enumerate(judged.gold) if gold >= 0]
    logits = np.full((len(rows), _TOLD_APART + 1), -50.0)
    truth = np.zeros(len(rows), dtype=np.int64)
    for at, i in enumerate(rows):
        scores, gold = judged.scores[i], int(judged.gold[i])
        order = [gold, *(n for n in np.argsort(-scores).tolist() if n != gold)]
        rest = scores[order[_TOLD_APART:]]
        logits[at, : len(order[:_TOLD_APART])] = scores[order[:_TOLD_APART]]
        logits[at, -1] = np.logaddexp.reduce(rest) if len(rest) else -50.0
    return fit_temperature(logits - logits.max(1, keepdims=True, initial=-50.0), truth)


def thresholds_of(
    judged: Judged, temperature: float, otherwise: Thresholds | None = None
) -> dict[str, dict[str, float]]:
    """For each language and preset the lowest threshold that breaks no more than its share of the right words.

    A language of which too little is there has the thresholds that are given for it, or else the usual ones.
    """
    made = {}
    for language in ("en", "zh"):
        if judged.right[language] < SMALLEST or judged.wrong[language] < FEWEST_WRONG:
            made[language] = dict((otherwise or {}).get(language, USUAL))
            continue
        rows = [i for i, slot in enumerate(judged.slots) if slot.chinese == (language == "zh") and judged.gold[i] == 0]
        breaking = _breaking([judged.scores[i] for i in rows], temperature)
        made[language] = {
            preset: _threshold(breaking, share * _SHARE[language] * judged.right[language])
            for preset, share in PRESETS.items()
        }
    return made


def _breaking(scores: Sequence[np.ndarray], temperature: float) -> np.ndarray:
    """Probabilities of the changes at places that are right, the highest first."""
    found = [softmax(each / temperature) for each in scores]
    return np.sort(np.array([chance.max() for chance in found if chance.argmax() > 0]))[::-1]


def _threshold(breaking: np.ndarray, allowed: float) -> float:
    count = int(allowed)
    if len(breaking) <= count:
        return LOWEST
    return float(np.clip(np.ceil(breaking[count] * 1e4 + 1e-6) / 1e4, LOWEST, HIGHEST))


def worth_looking(judged: Judged, model: SpellingModel, temperature: float) -> dict[int, tuple[int, ...]]:
    """The confusions of known words without those that the held-back part never bears out.

    Struck out is a word that was seen often and that is never changed into any other, not even by the lowest threshold
    there is: nothing that is held back would come out otherwise, and mostly right text has fewer slots.
    """
    seen: dict[str, int] = {}
    changed: set[str] = set()
    for slot, scores in zip(judged.slots, judged.scores, strict=True):
        if slot.chinese:
            continue
        key, chance = fold(slot.typed), softmax(scores / temperature)
        seen[key] = seen.get(key, 0) + 1
        if chance[1:].max(initial=0.0) >= LOWEST:
            changed.add(key)
    words = model.lists.words
    return {
        number: tuple(others)
        for number, others in words.confusions.items()
        if seen.get(words.keys[number], 0) < _SEEN_OFTEN or words.keys[number] in changed
    }


def told(judged: Judged, model: SpellingModel) -> dict[str, Any]:
    """What was fixed and broken of the held-back lessons by each threshold, and how many slots they have."""
    made: dict[str, Any] = {"slots": len(judged.slots)}
    for language, presets in model.thresholds.items():
        fixed = dict.fromkeys(presets, 0)
        broken = dict.fromkeys(presets, 0)
        for slot, scores, gold in zip(judged.slots, judged.scores, judged.gold.tolist(), strict=True):
            if slot.chinese != (language == "zh"):
                continue
            chance = softmax(scores / model.temperature)
            best = int(chance.argmax())
            for preset, threshold in presets.items():
                changed = best > 0 and chance[best] >= threshold
                fixed[preset] += changed and best == gold
                broken[preset] += changed and gold == 0
        right, wrong = max(judged.right[language], 1), max(judged.wrong[language], 1)
        made[language] = {
            preset: {
                "threshold": presets[preset],
                "fixed": round(fixed[preset] / wrong, 4),
                "broken": round(broken[preset] / right, 5),
            }
            for preset in presets
        }
        made[language] |= {"right": judged.right[language], "wrong": judged.wrong[language]}
    return made
