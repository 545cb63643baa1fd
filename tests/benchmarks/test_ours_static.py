"""The static tier as a measured system, on the shipped weights."""

import numpy as np
import pytest

from slmkit.benchmarks import datasets, systems
from slmkit.benchmarks.speed import probe

pytestmark = pytest.mark.weights


def test_it_is_measured_where_classes_and_similarity_are():
    entry = systems.get("slmkit-static")
    assert entry.can(datasets.get("sst2"), "fitted")
    assert entry.can(datasets.get("tnews"), "few-shot")
    assert entry.can(datasets.get("stsb"), "shipped")
    assert not entry.can(datasets.get("sst2"), "shipped")


def test_pairs_are_compared():
    system = systems.build("slmkit-static", datasets.get("stsb"), "shipped")
    near, far = system.predict([("a man plays a guitar", "someone plays the guitar"), ("a man plays", "stocks fell")])
    assert near > far
    assert system.size().bytes < 20e6
    assert len(system.fingerprint()) == 16


def test_classes_are_learned():
    system = systems.build("slmkit-static", datasets.get("sst2"), "fitted")
    texts, labels = ["a goal in extra time", "shares fell again"] * 10, ["sport", "business"] * 10
    system.fit(texts, labels, seed=0)
    assert system.predict(["the striker scored a goal", "the shares of the bank fell"]) == ["sport", "business"]
    alone = systems.build("slmkit-static", datasets.get("stsb"), "shipped").size()
    assert system.size().parameters > alone.parameters


def test_its_speed_is_measured_without_the_core():
    answer = probe.embed(
        {"what": "embed", "system": "slmkit-static", "texts": {"a": ["one", "two"]}, "repeats": 1, "asked_at": 0.0}
    )
    assert answer["datasets"]["a"]["texts_per_second"] > 0
    assert "precision" not in answer
    assert "gflops" not in answer["datasets"]["a"]
    assert np.isfinite(answer["cold_start_s"])
