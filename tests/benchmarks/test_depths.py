"""What ``slmkit bench depths`` keeps: no measurement lost, none made twice, a stopped run taken up again."""

import json
from types import SimpleNamespace

import pytest

from slmkit.benchmarks import depths
from slmkit.benchmarks.depths import Settings
from slmkit.errors import DataError

SLM = SimpleNamespace(fingerprint="core")
RUNS = [Settings(depth=depth) for depth in (2, 3)]


@pytest.fixture
def measured(monkeypatch):
    """The depths that were measured, by a stand-in."""
    made = []

    def measure(name, slm, root, settings):
        made.append(settings.depth)
        key = {"dataset": name, "depth": settings.depth, "epochs": settings.epochs, "n_train": 60}
        return {**key, "seed": settings.seed, "fingerprint": slm.fingerprint, "accuracy": 90.0}

    monkeypatch.setattr(depths, "measure", measure)
    return made


def records(path):
    return [json.loads(line)["depth"] for line in path.read_text().splitlines()]


def test_the_folder_is_made_before_anything_is_measured(measured, tiny_root, tmp_path):
    out = tmp_path / "deep" / "er" / "depths.jsonl"
    depths.compare(SLM, tiny_root, ["sst2"], RUNS, out)
    depths.compare(SLM, tiny_root, ["sst2"], RUNS, out)
    assert measured == records(out) == [2, 3]


def test_a_file_that_cannot_be_written_is_told_first(measured, tiny_root, tmp_path):
    (tmp_path / "file").write_text("")
    for out in (tmp_path, tmp_path / "file" / "depths.jsonl"):
        with pytest.raises(DataError, match="cannot be written"):
            depths.compare(SLM, tiny_root, ["sst2"], RUNS, out)
    assert measured == []


@pytest.mark.parametrize("cut", [1, 20, 90])
def test_a_half_last_line_is_measured_anew(measured, tiny_root, tmp_path, cut):
    out = tmp_path / "depths.jsonl"
    depths.compare(SLM, tiny_root, ["sst2"], RUNS, out)
    out.write_bytes(out.read_bytes()[:-cut])
    depths.compare(SLM, tiny_root, ["sst2"], RUNS, out)
    assert measured == ([2, 3] if cut == 1 else [2, 3, 3])
    assert records(out) == [2, 3]
    depths.compare(SLM, tiny_root, ["sst2"], [Settings(depth=4)], out)
    assert records(out) == [2, 3, 4]


@pytest.mark.parametrize("wrong", ["{", "[]", "{}", '{"dataset": "sst2"}'])
def test_another_line_that_is_none_is_named(measured, tiny_root, tmp_path, wrong):
    out = tmp_path / "depths.jsonl"
    depths.compare(SLM, tiny_root, ["sst2"], RUNS, out)
    first, second = out.read_text().splitlines(keepends=True)
    before = first + wrong + "\n" + second
    out.write_text(before)
    with pytest.raises(DataError, match=r"depths\.jsonl, line 2: not a measurement"):
        depths.compare(SLM, tiny_root, ["sst2"], RUNS, out)
    assert out.read_text() == before
