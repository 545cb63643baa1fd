"""The campaign at a small scale, and that each of its checks can fail."""

import json

import pytest

from slmkit.benchmarks.reliability import campaign, kills, load, texts
from slmkit.benchmarks.reliability.campaign import CHECKS, measure_reliability
from slmkit.benchmarks.results import read_speeds
from slmkit.errors import InputError


def test_texts_are_the_same_by_seed_and_of_many_kinds():
    made = texts.nasty(400, 1)
    assert made == texts.nasty(400, 1) != texts.nasty(400, 2)
    assert "" in made
    assert any("\ud800" in text for text in made)
    assert max(map(len, made)) > 1000


@pytest.mark.weights
def test_checks_pass_at_a_small_scale(tmp_path, monkeypatch):
    pytest.importorskip("ladybug")
    monkeypatch.setattr(kills, "ROWS", 300)
    monkeypatch.setattr(kills, "_LONGEST", 0.3)
    told = []
    names = ("run-kills", "index-kills", "graph-kills", "processes", "flips")
    found = measure_reliability(names, scale=0.01, tell=told.append)
    assert [each["problems"] for each in found["checks"]] == [[]] * len(names)
    assert all(each["tried"] >= 1 for each in found["checks"])
    assert len(told) == len(names)
    (tmp_path / "reliability.json").write_text(json.dumps(found))
    problems = []
    assert read_speeds(tmp_path, problems) == [json.loads(json.dumps(found))]
    assert not problems
    ((title, columns, rows, _),) = campaign.tables(found)
    assert "seed 0" in title
    assert [row[2] for row in rows] == ["0"] * len(names)
    assert columns[0] == "check"


@pytest.mark.weights
def test_load_passes_at_a_small_scale(monkeypatch):
    pytest.importorskip("psutil")
    tasks = {name: task for name, task in load.shipped_tasks().items() if name not in (*load.WRITERS, "summarize")}
    monkeypatch.setattr(load, "shipped_tasks", lambda: tasks)
    found = measure_reliability(("cells", "calls", "threads"), scale=0.001)
    assert [each["problems"] for each in found["checks"]] == [[]] * 3


class Bad:
    """A task that fails, forgets a row, keeps memory, or answers otherwise every time."""

    name, columns = "bad", ("x",)

    def __init__(self, how):
        self.how, self.kept, self.asked = how, [], 0

    def annotate(self, given):
        self.asked += 1
        if self.how == "grows":
            self.kept.append(bytearray(10_000_000))
        if self.how == "silent":
            return [{"x": None} for _ in given]
        return [{"x": str(self.asked if self.how == "changes" else 1)} for _ in given]


@pytest.mark.parametrize(("check", "how"), [("cells", "silent"), ("calls", "grows"), ("threads", "changes")])
def test_what_is_wrong_is_found(check, how, monkeypatch, tmp_path):
    pytest.importorskip("psutil")
    monkeypatch.setattr(load, "shipped_tasks", lambda: {"bad": Bad(how)})
    tried, problems = CHECKS[check][2](10, 0, tmp_path)
    assert tried >= 10
    assert len(problems) == 1
    monkeypatch.setattr(load, "shipped_tasks", lambda: {"good": Bad("good")})
    assert CHECKS[check][2](10, 0, tmp_path)[1] == []


def test_a_damaged_file_that_is_taken_is_found(monkeypatch, tmp_path):
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "config.json").write_text("{}")
    monkeypatch.setattr(load, "_saved", lambda place: [(place / "part", lambda folder: None)])
    tried, problems = load.flips(2, 0, tmp_path)
    assert (tried, len(problems)) == (2, 2)
    assert "it was taken" in problems[0]
    assert (tmp_path / "part" / "config.json").read_text() == "{}"


def test_unknown_checks_are_refused():
    with pytest.raises(InputError, match="unknown check 'x'"):
        measure_reliability(["x"])
