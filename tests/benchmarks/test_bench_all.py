"""Everything that the data allows: cheap first, resumed, within a time, with what was left out kept beside it."""

import json
import threading
import time
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from slmkit.benchmarks import child, left_out, report, results, runner, systems
from slmkit.benchmarks.budget import Budget
from slmkit.benchmarks.cell import Cell, Material
from slmkit.benchmarks.cli import bench_app
from slmkit.benchmarks.datasets import Rows
from slmkit.benchmarks.runner import Outcome, Run, Selection, plan
from slmkit.benchmarks.systems.dummy import Dummy

CELLS = [Cell("sst2", "dev", protocol, name) for name in ("slmkit", "tfidf-lr", "dummy") for protocol in ("fitted",)]


def call(*arguments):
    return CliRunner().invoke(bench_app, ["all", *map(str, arguments)])


def go(cells, root, out, budget):
    return runner.run(cells, Run(root, out, in_process=True, budget=budget))


class Failing(Dummy):
    def predict(self, inputs):
        raise RuntimeError("out of luck")


def test_all_runs_what_is_there_and_names_the_rest(tiny_root, tmp_path):
    options = (
        "--system",
        "dummy",
        "--task",
        "similarity",
        "--data-dir",
        tiny_root,
        "--out",
        tmp_path / "out",
        "--json",
    )
    first = call(*options)
    assert first.exit_code == 0, first.output
    assert [r["dataset"] for r in json.loads(first.stdout.splitlines()[-1])] == ["stsb", "lcqmc"]
    (missing,) = left_out.read(tmp_path / "out", [])
    assert (missing.dataset, missing.status) == ("sts-b-zh", "skipped")
    assert "is missing" in missing.reason
    again = call(*options)
    assert again.stderr.count("cached") == 2
    assert again.stdout.splitlines()[-1] == first.stdout.splitlines()[-1]


def test_a_failing_cell_is_listed_and_the_others_go_on(tiny_root, tmp_path, monkeypatch):
    monkeypatch.setitem(systems.SYSTEMS, "vader", replace(systems.get("vader"), target=f"{__name__}:Failing"))
    cells = [Cell("sst2", "dev", "shipped", name) for name in ("vader", "dummy")]
    outcomes = go(cells, tiny_root, tmp_path, Budget(tiny_root))
    assert {o.cell.system: o.status for o in outcomes} == {"vader": "failed", "dummy": "done"}
    for outcome in outcomes:
        left_out.note(tmp_path, outcome)
    assert [(e.system, e.reason) for e in left_out.read(tmp_path, [])] == [("vader", "RuntimeError: out of luck")]
    found, problems = results.read_folder(tmp_path)
    assert ([r.system for r in found], problems) == (["dummy"], [])


def test_cheap_cells_come_first(tiny_root, tmp_path):
    budget = Budget(tiny_root, 0)
    outcomes = go(CELLS, tiny_root, tmp_path, budget)
    assert [o.cell.system for o in outcomes] == ["dummy", "tfidf-lr", "slmkit"]
    assert {o.status for o in outcomes} == {"no time"}
    assert outcomes[0].reason == "the time was up"
    assert not list(tmp_path.glob("*.json"))


def test_the_order_goes_by_files_until_the_rows_are_known(tiny_root):
    budget = Budget(tiny_root)
    small, large = Cell("stsb", "dev", "shipped", "dummy"), Cell("banking77", "dev", "fitted", "dummy")
    assert budget.pick([large, small]) == small
    budget.know(small, Material(Rows(["x" * 10**7], [1.0]), None, None, ""))
    assert budget.pick([large, small]) == large
    absent = Cell("movie_reviews", "dev", "shipped", "dummy")
    assert budget.pick([large, small, absent]) == absent  # it will say that its files are missing


def test_what_is_there_costs_no_time(tiny_root, tmp_path):
    dummy = [c for c in CELLS if c.system == "dummy"]
    assert [o.status for o in go(dummy, tiny_root, tmp_path, Budget(tiny_root))] == ["done"]
    assert [o.status for o in go(dummy, tiny_root, tmp_path, Budget(tiny_root, 0))] == ["cached"]


def test_a_cell_that_outlives_the_time_is_stopped(tiny_root, tmp_path, monkeypatch):
    budget = Budget(tiny_root, 3600)
    monkeypatch.setattr(budget, "left", lambda: 0.001)
    monkeypatch.setattr(budget, "refusal", lambda *cells: "")
    (outcome,) = runner.run(CELLS[-1:], Run(tiny_root, tmp_path, budget=budget))
    assert (outcome.status, outcome.result) == ("no time", None)
    assert "when the time was up" in outcome.reason


def test_a_stopped_process_takes_its_own_children_along(tmp_path, monkeypatch):
    script = tmp_path / "sleeps.py"
    script.write_text("import subprocess, sys\nsubprocess.run(['sleep', '600'])\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert child.ask("sleeps", {}, timeout=5)["status"] == "no time"


def test_without_a_time_everything_fits(tiny_root):
    budget = Budget(tiny_root)
    assert budget.left() is None
    assert budget.refusal(CELLS[0]) == ""


def test_wrong_options_are_exit_2(tmp_path):
    for options, said in ((("--minutes", 0), "--minutes must be"), (("--task", "x"), "unknown task")):
        done = call("--out", tmp_path, *options)
        assert done.exit_code == 2
        assert said in done.stderr


def test_a_note_goes_once_there_is_a_result(tiny_root, tmp_path):
    (cell,) = [c for c in CELLS if c.system == "dummy"]
    left_out.note(tmp_path, Outcome(cell, "no time", reason="needs about 3.0 s, 0.0 s were left"))
    left_out.note(tmp_path, Outcome(replace(cell, seed=1), "failed", reason="odd"))
    assert [e.seed for e in left_out.read(tmp_path, [])] == [0, 1]
    for seed in (0, 1):
        (outcome,) = go([replace(cell, seed=seed)], tiny_root, tmp_path, Budget(tiny_root))
        left_out.note(tmp_path, outcome)
    assert not (tmp_path / results.LEFT_OUT).exists()


def test_two_runs_that_note_at_once_lose_nothing(tmp_path, monkeypatch):
    pytest.importorskip("fcntl")
    read = left_out.read

    def slowly(*arguments):
        found = read(*arguments)
        time.sleep(0.2)
        return found

    monkeypatch.setattr(left_out, "read", slowly)
    noted = [Outcome(replace(CELLS[0], seed=seed), "failed", reason="odd") for seed in range(3)]
    threads = [threading.Thread(target=left_out.note, args=(tmp_path, outcome)) for outcome in noted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [e.seed for e in read(tmp_path, [])] == [0, 1, 2]
    assert [path.name for path in tmp_path.iterdir()] == [results.LEFT_OUT]


@pytest.mark.parametrize("wrong", [{"name": []}, {"seed": "0"}, {"seed": True}, {"reason": None}])
def test_a_note_of_wrong_types_ends_no_run(tmp_path, wrong):
    outcome = Outcome(CELLS[0], "failed", reason="odd")
    left_out.note(tmp_path, outcome)
    path = tmp_path / results.LEFT_OUT
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "cells": [{**data["cells"][0], **wrong}]}))
    problems = []
    assert left_out.read(tmp_path, problems) == []
    assert len(problems) == 1
    left_out.note(tmp_path, outcome)
    assert [e.reason for e in left_out.read(tmp_path, [])] == ["odd"]


@pytest.mark.parametrize("damage", ["{", "[]", '{"kind": "left out", "cells": [{}]}', '{"kind": "x", "cells": []}'])
def test_a_damaged_note_is_told(tiny_root, tmp_path, damage):
    go(CELLS[-1:], tiny_root, tmp_path, Budget(tiny_root))
    (tmp_path / results.LEFT_OUT).write_text(damage)
    problems = report.write(tmp_path, tmp_path / "report.html")
    assert len(problems) == 1
    assert "left_out.json" in problems[0]


def test_the_plan_of_all_covers_every_task():
    tasks = {e.task for e in runner.datasets.REGISTRY.values()}
    assert {runner.datasets.get(c.dataset).task for c in plan(Selection())} == tasks
