"""What a result file keeps of each row: one number, whose mean is the score, for every kind of metric."""

import json
from dataclasses import replace

import numpy as np
import pytest

from slmkit.benchmarks import metrics, outcomes, results, runner
from slmkit.benchmarks.cell import Cell
from slmkit.errors import DataError

NAMES = ["positive", "negative", "neutral"]


@pytest.fixture
def labelled():
    rng = np.random.default_rng(0)
    gold = [NAMES[i] for i in rng.integers(0, 3, 200)]
    return gold, [g if keep else NAMES[0] for g, keep in zip(gold, rng.random(200) < 0.8, strict=True)]


@pytest.fixture
def measured(tiny_root, tmp_path):
    cells = [Cell("sst2", "dev", "fitted", "tfidf-lr"), Cell("stsb", "dev", "shipped", "dummy")]
    return [o.result for o in runner.run(cells, runner.Run(tiny_root, tmp_path / "out", in_process=True))]


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1"])
def test_the_mean_of_the_rows_is_the_score(labelled, metric):
    values = metrics.row_values(metric, *labelled)
    assert values.shape == (200,)
    assert values.mean() == pytest.approx(metrics.METRICS[metric].score(*labelled))


def test_rows_of_a_counted_score_tell_its_noise(labelled):
    gold = [[(0, 2, "name")] if g == "positive" else [] for g in labelled[0]]
    predicted = [[(0, 2, "name")] if p == "positive" else [] for p in labelled[1]]
    values = metrics.row_values("entity_f1", gold, predicted)
    assert values.mean() == pytest.approx(metrics.METRICS["entity_f1"].score(gold, predicted))
    low, high = metrics.interval("entity_f1", gold, predicted)
    assert 4 * values.std() / np.sqrt(len(values)) == pytest.approx(high - low, rel=0.25)


def test_rows_of_a_correlation_tell_its_noise():
    rng = np.random.default_rng(1)
    gold = list(rng.normal(size=150))
    predicted = [g + e for g, e in zip(gold, rng.normal(size=150), strict=True)]
    values = metrics.row_values("spearman", gold, predicted)
    low, high = metrics.interval("spearman", gold, predicted)
    assert 4 * values.std() / np.sqrt(len(values)) == pytest.approx(high - low, rel=0.25)


def test_one_row_is_its_score():
    assert metrics.row_values("macro_f1", ["a"], ["a"]).tolist() == [1.0]


def test_a_result_file_keeps_the_rows_of_every_score(measured):
    for result in measured:
        again = results.Result.from_dict(json.loads(result.to_json()))
        assert set(again.outcomes["rows"]) == set(result.scores)
        for metric, score in result.scores.items():
            values = outcomes.unpack(again.outcomes, metric)
            assert len(values) == result.n
            assert values.mean() == pytest.approx(score, abs=1e-6)


def test_a_file_from_before_there_were_outcomes_is_read(measured):
    old = json.loads(measured[0].to_json())
    del old["outcomes"]
    assert results.Result.from_dict(old) == replace(measured[0], outcomes={})
    assert outcomes.unpack({}, "accuracy") is None


def test_ten_thousand_answers_stay_small():
    gold = ["a"] * 10_000
    wrong = np.random.default_rng(0).random(10_000) < 0.1
    kept = outcomes.pack(["accuracy"], gold, ["b" if w else "a" for w in wrong])
    assert len(json.dumps(kept)) < 4000
    assert outcomes.unpack(kept, "accuracy").tolist() == (~wrong).astype(float).tolist()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({"format": 2, "rows": {}}, "this version reads 1"),
        ({"format": 1}, "this version reads 1"),
        ({"format": 1, "rows": {"accuracy": "no base64"}}, "'accuracy' are damaged"),
        ({"format": 1, "rows": {"accuracy": 3}}, "'accuracy' are damaged"),
        (outcomes.pack(["accuracy"], ["a"], ["a"]), "each of 20 rows"),
        ("bits", "must be dict"),
    ],
)
def test_damaged_outcomes_are_refused(measured, damage, said):
    with pytest.raises(DataError, match=said):
        results.Result.from_dict({**json.loads(measured[0].to_json()), "outcomes": damage})
