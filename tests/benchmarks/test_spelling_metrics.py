"""Corrections counted by hand, in English words and in Chinese characters, and GLEU by hand."""

import sys
from math import exp, log

import numpy as np
import pytest

from slmkit.benchmarks.metrics import METRICS, characters, corrections, evaluate, gleu
from slmkit.benchmarks.metrics.alignment import stands_for
from slmkit.errors import MissingExtraError


@pytest.mark.parametrize(
    ("source", "other", "expected"),
    [
        ("a b c", "a b c", ["a", "b", "c"]),
        ("a b c", "a x c", ["a", "x", "c"]),
        ("a b c", "a c", ["a", "", "c"]),
        ("a alot c", "a a lot c", ["a", "a lot", "c"]),
        ("a b", "a b c", ["a", "b c"]),
        ("a b", "x a b", ["x a", "b"]),
        ("", "x", []),
    ],
)
def test_what_stands_for_each_word(source, other, expected):
    assert stands_for(source.split(), other.split()) == [tuple(text.split()) for text in expected]


def counted(source, right, made):
    return corrections.counts([(source, right)], [made])[0].tolist()


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("Teh cat sst, on the mat.", [2, 0, 4, 0, 0]),
        ("The cat sat, on the mat.", [2, 2, 4, 0, 2]),
        ("the cat sat on the mat", [2, 1, 4, 0, 2]),  # case counts, marks do not
        ("The cat set, on the mat.", [2, 1, 4, 0, 2]),
        ("Teh bat sst, on mat.", [2, 0, 4, 2, 2]),
        ("Teh cat sst, on the the mat.", [2, 0, 4, 1, 1]),
    ],
)
def test_errors_fixed_and_words_broken(made, expected):
    assert counted("Teh cat sst, on the mat.", "The cat sat, on the mat.", made) == expected


def test_split_and_joined_words_can_be_fixed():
    assert counted("I like it alot now", "I like it a lot now", "I like it a lot now") == [1, 1, 4, 0, 1]
    assert counted("We went to day by car", "We went today by car", "We went today by car")[:2] == [2, 2]


def test_scores_of_corrections():
    gold = [("Teh cat sst here", "The cat sat here"), ("All is well now", "All is well now")]
    scores = evaluate("fixed", gold, ["The bat sst here", "All is wall now"])
    assert scores["fixed"] == 1 / 2
    assert scores["broken"] == 2 / 6
    assert scores["words_changed"] == 3 / 8
    precision, recall = 1 / 3, 1 / 2
    assert scores["correction_f05"] == pytest.approx(1.25 * precision * recall / (0.25 * precision + recall))
    clean = evaluate("words_changed", gold[1:], ["All is well now"])
    assert (clean["words_changed"], clean["fixed"]) == (0, 0)


SENTENCES = [
    ("他门走了", "他们走了", "他们走了"),  # fixed
    ("天汽好吗", "天气好吗", "天器好吗"),  # found, not fixed
    ("我在这里", "我在这里", "我再这里"),  # a false alarm
    ("今天下雨", "今天下雨", "今天下雨"),
    ("机其人来", "机器人来", "机其人来"),  # missed
    ("以经去园", "已经去员", "已经区员"),  # both fixed, one place broken
]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sentence_correction", [1, 1, 3]),
        ("sentence_detection", [2, 1, 2]),
        ("strict_correction", [1, 3, 3]),
        ("strict_detection", [2, 2, 2]),
        ("character_detection", [4, 2, 1]),
        ("character_correction", [3, 1, 1]),  # only among the four places that were found
        ("place_correction", [3, 3, 2]),
    ],
)
def test_chinese_counts_by_hand(kind, expected):
    gold = [(source, right) for source, right, _ in SENTENCES]
    total = characters.counts(gold, [made for *_, made in SENTENCES], kind=kind).sum(0)
    assert total.tolist() == expected
    hits, alarms, missed = expected
    scores = evaluate(f"{kind}_f1", gold, [made for *_, made in SENTENCES])
    assert scores[f"{kind}_precision"] == hits / (hits + alarms)
    assert scores[f"{kind}_recall"] == hits / (hits + missed)
    assert scores[f"{kind}_f1"] == pytest.approx(2 * hits / (2 * hits + alarms + missed))
    assert len(scores) == 3 * len(characters.KINDS)


def test_an_output_of_another_length_is_aligned():
    gold = [("他门走了", "他们走了")]
    assert characters.counts(gold, ["他们都走了"], kind="place_correction").tolist() == [[0, 1, 1]]
    assert characters.counts(gold, ["他们走了。"], kind="place_correction").tolist() == [[1, 1, 0]]
    assert characters.counts(gold, [""], kind="sentence_correction").tolist() == [[0, 0, 1]]
    assert characters.counts([("", "")], ["好"], kind="sentence_correction").tolist() == [[0, 1, 0]]


def test_nothing_changed_scores_nothing():
    gold = [(source, right) for source, right, _ in SENTENCES]
    assert set(evaluate("sentence_correction_f1", gold, [source for source, _ in gold]).values()) == {0.0}


def test_false_alarms_are_a_share_of_sentences():
    assert evaluate("sentences_changed", ["对", "好", "是", "行"], ["对", "好", "时", "行"]) == {
        "sentences_changed": 0.25
    }
    assert METRICS["sentences_changed"].lower


def test_gleu_by_hand():
    source, right, made = "a b c d e x", "a b c d e f", "a b c d e x"
    # 5 of 6 words are right and 1 kept from the source is wrong; likewise for longer n-grams.
    expected = exp(np.mean([log(v) for v in (4 / 6, 3 / 5, 2 / 4, 1 / 3)]))
    assert evaluate("gleu", [(source, right)], [made])["gleu"] == pytest.approx(expected)
    assert evaluate("gleu", [(source, right)], [right])["gleu"] == pytest.approx(1)
    shorter = exp(1 - 6 / 5)
    assert evaluate("gleu", [(source, [right])], ["a b c d e"])["gleu"] == pytest.approx(shorter)
    assert evaluate("gleu", [(source, right)], ["nothing of it at all"])["gleu"] == 0


def test_gleu_averages_the_counts_of_references():
    gold = [("a b c d x", ["a b c d e", "a b c d f g"])]
    both = gleu.counts(gold, ["a b c d e"])[0]
    each = [gleu.counts([(gold[0][0], text)], ["a b c d e"])[0] for text in gold[0][1]]
    assert both.tolist() == np.mean(each, axis=0).tolist()


@pytest.mark.data
def test_gleu_of_the_learners_own_text(data_dir):
    from slmkit.benchmarks import datasets

    rows = datasets.load("jfleg", "dev", data_dir)
    gold = list(zip(rows.inputs, rows.labels, strict=True))
    assert evaluate("gleu", gold, rows.inputs)["gleu"] == pytest.approx(0.3821, abs=0.002)  # published for the script


def test_a_missing_library_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "rapidfuzz.distance", None)
    with pytest.raises(MissingExtraError, match=r"slmkit\[bench\]"):
        evaluate("fixed", [("a", "b")], ["b"])
