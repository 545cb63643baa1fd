"""Thresholds by what is broken of held-back texts, and confusions that are not worth a look."""

import numpy as np
import pytest

from slmkit.tasks.spelling.calibrate import (
    HIGHEST,
    LOWEST,
    Judged,
    judge,
    temperature_of,
    thresholds_of,
    told,
    worth_looking,
)
from slmkit.tasks.spelling.candidates import Candidates
from slmkit.tasks.spelling.guard import Guard
from slmkit.tasks.spelling.lessons import lesson_of
from slmkit.tasks.spelling.slots import Slotter
from slmkit.tasks.spelling.spelling_model import PRESETS, USUAL, softmax


@pytest.fixture(scope="module")
def slots(lists):
    """Many slots of two languages."""
    slotter = Slotter(Candidates(lists), Guard())
    return [slot for chunk in slotter.chunks("their form here. " * 400 + "他们在。" * 400) for slot in chunk.slots]


def judged_of(slots, broken, fixed):
    """Slots of which a share is changed though right, with chances from 0.5 up, and some are rightly changed."""
    scores, gold = [], []
    for number, slot in enumerate(slots):
        own = np.zeros(len(slot.options), dtype=np.float32)
        own[0] = 5
        gold.append(0)
        if number % 100 < broken:
            own[1] = 5 + 3 * (number % 97) / 97
        elif number % 100 < broken + fixed:
            own[1], gold[-1] = 9, 1
        scores.append(own)
    counts = {"en": 0, "zh": 0}
    wrong = {"en": 0, "zh": 0}
    for slot, right in zip(slots, gold, strict=True):
        (wrong if right else counts)["zh" if slot.chinese else "en"] += 1
    return Judged(list(slots), scores, np.array(gold), counts, wrong)


def test_no_more_is_broken_than_was_allowed(slots):
    judged = judged_of(slots, broken=10, fixed=10)
    made = thresholds_of(judged, 1.0)
    for language, chinese in (("en", False), ("zh", True)):
        values = [made[language][preset] for preset in ("careful", "balanced", "eager")]
        assert values == sorted(values, reverse=True)
        for preset, share in PRESETS.items():
            broken = sum(
                softmax(scores)[1:].max() >= made[language][preset] and softmax(scores).argmax() > 0
                for slot, scores, gold in zip(judged.slots, judged.scores, judged.gold, strict=True)
                if slot.chinese == chinese and gold == 0
            )
            allowed = share * judged.right[language] * (0.25 if chinese else 1)
            assert broken <= allowed or made[language][preset] == HIGHEST
    clean = thresholds_of(judged_of(slots, broken=0, fixed=10), 1.0)
    assert set(clean["en"].values()) == {LOWEST}


def test_too_little_leaves_thresholds_as_they_were(slots):
    few = judged_of(slots[:50], broken=10, fixed=10)
    assert thresholds_of(few, 1.0) == {"en": USUAL, "zh": USUAL}
    own = {"en": {"careful": 0.9, "balanced": 0.8, "eager": 0.7}}
    assert thresholds_of(few, 1.0, own) == {"en": own["en"], "zh": USUAL}
    assert thresholds_of(judged_of(slots, broken=10, fixed=0), 1.0)["en"] == USUAL  # nothing was wrong there


def test_too_sure_scores_are_cooled(slots):
    sure = judged_of(slots, broken=10, fixed=10)
    loud = Judged(sure.slots, [scores * 5 for scores in sure.scores], sure.gold, sure.right, sure.wrong)
    assert temperature_of(loud) == pytest.approx(5 * temperature_of(sure), rel=0.1)


def test_confusions_that_are_never_borne_out_go(slots, toy_speller, lists):
    class Known:
        lists = None

    Known.lists = lists
    judged = judged_of(slots, broken=0, fixed=0)
    keys = lists.words.keys
    kept = worth_looking(judged, Known, 1.0)
    assert {keys[number] for number in lists.words.confusions} - {keys[number] for number in kept} >= {"their", "form"}
    assert "weather" in {keys[number] for number in kept}  # never seen there, so nothing is known of it
    judged.scores[0][1] = 9
    assert keys.index(judged.slots[0].typed) in worth_looking(judged, Known, 1.0)


def test_a_model_is_judged(toy_speller):
    model = toy_speller.model_
    slotter = Slotter(Candidates(model.lists), Guard())
    lessons = [lesson_of("the news flim good !", "the news film good !"), lesson_of("a team.酒店", "a team.酒店")]
    judged = judge(model, slotter, lessons)
    assert judged.wrong == {"en": 1, "zh": 0}
    assert judged.right == {"en": 5, "zh": 2}
    facts = told(judged, model)
    assert facts["en"]["balanced"]["fixed"] == 1.0
    assert facts["en"]["balanced"]["broken"] == 0.0
    assert facts["slots"] == len(judged.slots)
