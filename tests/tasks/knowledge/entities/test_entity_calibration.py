"""Scores as probabilities, and thresholds."""

import numpy as np
import pytest

from slmkit.tasks.knowledge.entities.calibration import Calibration, Judged, fit_sigmoid


def sample(n, slope, bias, seed=0):
    rng = np.random.default_rng(seed)
    score = rng.normal(scale=2, size=n)
    return score, rng.random(n) < 1 / (1 + np.exp(-(slope * score + bias)))


def test_the_sigmoid_is_found_again():
    slope, bias = fit_sigmoid(*sample(20_000, 0.6, -0.8))
    assert slope == pytest.approx(0.6, abs=0.05)
    assert bias == pytest.approx(-0.8, abs=0.05)


def test_what_is_told_apart_without_a_mistake_stays_bounded():
    score = np.concatenate([np.full(100, 3.0), np.full(100, -3.0)])
    slope, bias = fit_sigmoid(score, score > 0)
    assert 0.1 <= slope <= 10
    assert Calibration(slope, bias).probabilities(np.array([3.0]))[0] < 0.999


def test_calibrated_probabilities_are_as_sure_as_they_are_right():
    score, right = sample(5000, 0.5, 0.3)
    made = Judged(score, right, int(right.sum())).calibrated()
    chances = made.probabilities(score)
    for low in (0.1, 0.4, 0.7):
        part = (chances >= low) & (chances < low + 0.2)
        assert right[part].mean() == pytest.approx(chances[part].mean(), abs=0.05)


def test_the_best_threshold_is_that_of_every_threshold_tried():
    rng = np.random.default_rng(2)
    score = np.round(rng.normal(size=60), 1)  # some are equal, and no threshold parts those
    judged = Judged(score, rng.random(60) < 1 / (1 + np.exp(-2 * score)), 45)
    value, threshold = judged.best()
    assert value == pytest.approx(max(judged.f1(t) for t in [*score, 9.0]))
    assert judged.f1(threshold) == pytest.approx(value)


def test_few_spans_say_nothing():
    assert Judged(np.ones(10), np.ones(10, dtype=bool), 10).calibrated(0.3) == Calibration(threshold=0.3)
    score = np.linspace(-1, 1, 200)
    assert Judged(score, np.ones(200, dtype=bool), 200).calibrated() == Calibration()
    assert Judged(np.empty(0), np.empty(0, dtype=bool), 0).best() == (1.0, 0.0)
    assert Judged(np.empty(0), np.empty(0, dtype=bool), 3).best() == (0.0, 0.0)


@pytest.mark.parametrize("bad", [{"slope": 0.0}, {"slope": float("nan")}, {"bias": float("inf")}, {"threshold": 1.5}])
def test_impossible_calibrations_are_refused(bad):
    with pytest.raises(ValueError, match="slope"):
        Calibration(**bad)
