"""Rankings: ir_measures against values worked out by hand, and the interval over queries."""

from math import log2

import numpy as np
import pytest

from slmkit.benchmarks import metrics
from slmkit.benchmarks.metrics import METRICS

pytest.importorskip("ir_measures")
GOLD = [{"a": 1}, {"b": 2, "c": 1}, {"d": 1}, {"e": 1}]
FOUND = [["x", "a"], ["c", "b"], ["x", "y"], []]


def test_values_of_each_query():
    def rows(name):
        return METRICS[name].per_row(GOLD, FOUND)

    ideal = 2 / log2(2) + 1 / log2(3)
    second = (1 / log2(2) + 2 / log2(3)) / ideal
    assert rows("ndcg_10") == pytest.approx([1 / log2(3), second, 0, 0])
    assert rows("recall_10") == pytest.approx([1, 1, 0, 0])
    assert rows("mrr_10") == pytest.approx([0.5, 1, 0, 0])


def test_scores_are_their_means_and_stand_beside_the_main_one():
    found = metrics.evaluate("ndcg_10", GOLD, FOUND)
    assert list(found) == ["ndcg_10", "recall_10", "mrr_10"]
    assert found["recall_10"] == 0.5
    assert found["mrr_10"] == 0.375


def test_only_ten_count():
    keys = [str(i) for i in range(20)]
    assert METRICS["recall_10"].score([{"9": 1, "10": 1}], [keys]) == 0.5
    assert METRICS["mrr_10"].score([{"10": 1}], [keys]) == 0


def test_order_alone_counts_whatever_the_ids_are():
    keys = ["b", "a", "10", "9", "z"]
    values = [METRICS["mrr_10"].score([{key: 1}], [keys]) for key in keys]
    assert values == pytest.approx([1 / rank for rank in range(1, 6)])


def test_nothing_found_at_all_is_zero():
    assert METRICS["ndcg_10"].score(GOLD, [[]] * 4) == 0


def test_more_than_nine_queries_keep_their_order():
    gold = [{"a": 1}] * 12
    found = [["a"] if i in (2, 10) else ["x"] for i in range(12)]
    assert np.flatnonzero(METRICS["ndcg_10"].per_row(gold, found)).tolist() == [2, 10]


def test_the_interval_holds_the_score():
    low, high = metrics.interval("ndcg_10", GOLD * 10, FOUND * 10)
    assert 0 < low < METRICS["ndcg_10"].score(GOLD, FOUND) < high < 1
