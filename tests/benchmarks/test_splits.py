"""Split rules: the same rows everywhere, and nothing of dev left in train."""

from collections import Counter

import pytest

from slmkit.benchmarks.datasets import Rows
from slmkit.benchmarks.datasets.splits import Carve, DropSeen, Sample, draw, draw_per_class, normalised, stable_order
from slmkit.errors import DataError

ROWS = Rows([f"text {i}" for i in range(100)], ["a" if i < 70 else "b" for i in range(100)])


def apply(rule, **splits):
    rule.apply(splits, lambda name, split: Rows(["Seen elsewhere!"], ["a"]))
    return splits


def test_order_is_fixed_for_all_machines():
    assert stable_order(["a", "b", "c", "d", "e"], 0) == [0, 1, 3, 4, 2]
    assert stable_order(["a", "b", "c", "d", "e"], 1) != stable_order(["a", "b", "c", "d", "e"], 0)
    assert sorted(stable_order(["same"] * 4, 0)) == [0, 1, 2, 3]
    assert len(stable_order([("a", "b"), ("c", "d"), "\ud800"], 0)) == 3


def test_draw_is_seeded_ascending_and_stratified():
    chosen = draw(ROWS, 10, seed=3, stratify=True)
    assert chosen == sorted(chosen) == draw(ROWS, 10, seed=3, stratify=True)
    assert chosen != draw(ROWS, 10, seed=4, stratify=True)
    assert Counter(ROWS.labels[i] for i in chosen) == {"a": 7, "b": 3}


def test_shares_that_are_no_whole_number_still_add_up():
    rows = Rows(list("abcdefg"), ["x", "x", "x", "y", "y", "y", "z"])
    assert [len(draw(rows, n, seed=0, stratify=True)) for n in range(8)] == list(range(8))


def test_drawing_too_many_is_an_error():
    with pytest.raises(DataError, match="101 rows"):
        draw(ROWS, 101, seed=0)
    with pytest.raises(DataError, match="'b' has 30 rows"):
        draw_per_class(ROWS, 31, seed=0)


def test_per_class_draw():
    chosen = draw_per_class(ROWS, 8, seed=0)
    assert Counter(ROWS.labels[i] for i in chosen) == {"a": 8, "b": 8}


def test_carve_parts_train_and_dev():
    splits = apply(Carve("train", into="dev", n=20), train=ROWS)
    assert len(splits["dev"]) == 20
    assert len(splits["train"]) == 80
    assert not set(splits["dev"].inputs) & set(splits["train"].inputs)


def test_carve_leaves_no_twin_in_train():
    rows = Rows(["One, two", "one two!", "ONE TWO", "three", "four"], ["a"] * 5)
    for n in (1, 2, 3):
        splits = apply(Carve("train", into="dev", n=n), train=rows)
        assert not set(map(normalised, splits["dev"].inputs)) & set(map(normalised, splits["train"].inputs))


def test_carving_does_not_hang_on_labels_that_cannot_be_keys():
    rows = Rows(list("abcd"), [[(0, 1, "x")]] * 4)
    assert len(apply(Carve("train", into="dev", n=1, stratify=False), train=rows)["dev"]) == 1


def test_sample():
    assert len(apply(Sample("dev", n=10), dev=ROWS)["dev"]) == 10


def test_drop_seen_within_and_across_datasets():
    rows = Rows(["seen, ELSEWHERE", "he said: seen elsewhere, yes", "new"], ["a", "b", "c"])
    assert apply(DropSeen("dev", seen_in="other:train"), dev=rows)["dev"].labels == ["b", "c"]
    assert apply(DropSeen("dev", seen_in="other:train", within=5), dev=rows)["dev"].labels == ["c"]
    assert apply(DropSeen("dev", seen_in="other:train", within=50), dev=rows)["dev"].labels == ["b", "c"]
    own = apply(DropSeen("train", seen_in="dev"), train=rows, dev=Rows(["New."], ["a"]))
    assert own["train"].labels == ["a", "b"]


def test_pairs_are_compared_as_pairs():
    assert normalised(("A b", "c")) == "ab\nc"
