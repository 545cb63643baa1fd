"""Scores against values worked out by hand."""

import numpy as np
import pytest

from slmkit.benchmarks.metrics import METRICS, best_threshold, decide, entities, evaluate, interval
from slmkit.benchmarks.metrics.answers import units
from slmkit.errors import InputError


def test_accuracy_and_macro_f1():
    scores = evaluate("accuracy", ["a", "a", "a", "b"], ["a", "a", "b", "b"])
    assert scores["accuracy"] == 0.75
    assert scores["macro_f1"] == pytest.approx((0.8 + 2 / 3) / 2)


def test_an_invented_class_does_not_join_the_mean():
    assert evaluate("accuracy", ["a", "b"], ["a", "c"])["macro_f1"] == pytest.approx(0.5)


def test_spearman():
    assert evaluate("spearman", [1, 2, 3, 4], [10, 20, 30, 40])["spearman"] == pytest.approx(1)
    assert evaluate("spearman", [1, 2, 3, 4], [4, 3, 2, 1])["spearman"] == pytest.approx(-1)
    assert evaluate("spearman", [1, 2, 3], [5, 5, 5])["spearman"] == 0


@pytest.mark.parametrize(
    ("gold", "similarity", "accuracy"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], 1.0),
        ([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.9], 0.75),
        ([0, 0], [0.5, 0.6], 1.0),
        ([1, 1], [0.5, 0.5], 1.0),
        ([1, 0], [0.5, 0.5], 0.5),
    ],
)
def test_best_threshold(gold, similarity, accuracy):
    decided = decide(similarity, best_threshold(gold, similarity))
    assert evaluate("threshold_accuracy", [float(g) for g in gold], decided)["threshold_accuracy"] == accuracy


def test_best_threshold_beats_every_other():
    rng = np.random.default_rng(0)
    gold, values = rng.integers(0, 2, 60), rng.random(60).round(1)
    best = np.mean(np.array(decide(values, best_threshold(gold, values))) == gold)
    assert best == max(np.mean((values >= t) == gold) for t in np.linspace(-0.05, 1.15, 25))


def test_entity_f1_wants_span_and_type():
    gold = [[(0, 2, "name"), (3, 5, "city")], [(0, 1, "city")]]
    assert evaluate("entity_f1", gold, gold)["entity_f1"] == 1
    assert evaluate("entity_f1", gold, [[(0, 2, "city"), (3, 5, "city")], []])["entity_f1"] == pytest.approx(0.4)
    assert evaluate("entity_f1", gold, [[], []])["entity_f1"] == 0
    assert evaluate("entity_f1", [[], []], [[], [(0, 1, "x")]])["entity_f1"] == 0


def test_neighbouring_entities_of_one_type_stay_two():
    gold = [[(0, 2, "name"), (2, 4, "name")]]
    assert evaluate("entity_f1", gold, [[(0, 4, "name")]])["entity_f1"] == 0


def test_answers():
    assert units("Beijing 2008年，北京！") == ["beijing", "2008", "年", "北", "京"]
    scores = evaluate("answer_f1", [["北京", "北京市"], ["1963年"]], ["北京 。", "1963"])
    assert scores["exact_match"] == 0.5
    assert scores["answer_f1"] == pytest.approx((1 + 2 / 3) / 2)
    assert evaluate("answer_f1", [["a b"]], [""])["answer_f1"] == 0


def relation_rows(name):
    """Labels and answers of a metric of relations, a third of them wrong; None for other metrics."""
    right, wrong = ({"entities": [(0, 1, t)], "triples": [((0, 1, t), "r", (2, 3, "y"))]} for t in "xy")
    kinds = {
        "strict_relation": (right, wrong),
        "joint_entity": (right, wrong),
        "triple": ([("a", "r", "b")], [("a", "s", "b")]),
        "semeval": ("Cause-Effect(e1,e2)", "Other"),
    }
    pair = kinds.get(name.rpartition("_")[0])
    return pair and ([pair[0]] * 20, [pair[i % 3 == 0] for i in range(20)])


@pytest.mark.parametrize("name", METRICS)
def test_interval_holds_the_score_and_is_seeded(name):
    rng = np.random.default_rng(1)
    if name == "entity_f1":
        gold, predicted = [[(0, 1, "x")]] * 20, [[(0, 1, "xy"[i % 3 == 0])] for i in range(20)]
    elif name in ("answer_f1", "exact_match") or name.startswith(("squad_", "cmrc_", "cail_")):
        gold, predicted = [["a b c"]] * 20, ["a b c" if i % 3 else "a" for i in range(20)]
    elif name in ("qa_f1", "qa_exact", "citation"):
        gold = [{"answers": ["a b c"], "documents": ["1"]}] * 20
        predicted = [{"answer": "a b c" if i % 3 else "a", "document": "1" if i % 3 else None} for i in range(20)]
    elif name == "spearman":
        gold = list(rng.random(20))
        predicted = [g + rng.normal() / 2 for g in gold]
    elif "rouge" in name or "bleu" in name:
        gold, predicted = (
            ["一 二 三 四 five six"] * 20,
            ["一 二 三 四 five six" if i % 3 else "一 二 三 八 five" for i in range(20)],
        )
    elif name in ("ndcg_10", "recall_10", "mrr_10"):
        gold, predicted = [{"a": 1}] * 20, [["a"] if i % 3 else ["b"] for i in range(20)]
    elif METRICS[name].of_changes:
        # One in three is fixed, one is broken, one is left as it is.
        gold = [("a b c d f", "a b c d e"), ("a b c d f", "a b c d f"), ("a b c d f", "a b c d e")] * 8
        predicted = ["a b c d e", "a b c x f", "a b c d f", "a b c d g", "a b c d f", "x b c d e"] * 4
    elif (rows := relation_rows(name)) is not None:
        gold, predicted = rows
    elif name == "bits_per_byte":
        gold, predicted = ["four"] * 20, [-float(value) for value in rng.random(20)]
    else:
        gold, predicted = ["a", "b"] * 10, ["a", "b", "b", "a"] * 5
    score = evaluate(name, gold, predicted)[name]
    low, high = interval(name, gold, predicted, seed=3, resamples=50)
    assert low < score < high
    assert interval(name, gold, predicted, seed=3, resamples=50) == (low, high)


def test_interval_of_a_perfect_and_of_a_single_row():
    assert interval("accuracy", ["a"] * 5, ["a"] * 5) == (1, 1)
    assert interval("accuracy", ["a"], ["a"]) is None


def test_wrong_arguments():
    with pytest.raises(InputError, match="accuracy"):
        evaluate("meteor", ["a"], ["a"])
    for gold, predicted in ((["a"], []), ([], [])):
        with pytest.raises(InputError, match="one each"):
            evaluate("accuracy", gold, predicted)


def test_the_counts_of_entities_are_their_f1():
    rng = np.random.default_rng(0)

    def spans():
        starts = rng.integers(0, 12, rng.integers(0, 4))
        return [(int(a), int(a + rng.integers(1, 4)), str(rng.choice(["x", "y"]))) for a in starts]

    gold = [spans() for _ in range(60)]
    said = [row if rng.random() < 0.5 else spans() for row in gold]
    table = entities.counts(gold, said)
    assert table.shape == (60, 3)
    assert entities.of_counts(table.sum(0)) == pytest.approx(entities.entity_f1(gold, said))
    assert entities.of_counts(np.array([0, 3, 0])) == 0
    low, high = interval("entity_f1", gold, said)
    assert low < entities.entity_f1(gold, said) < high
