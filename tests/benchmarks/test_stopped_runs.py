"""A run that is stopped, by its time or from outside: what was measured stays, and nothing goes on running."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from slmkit.benchmarks import cell, child, costs, runner
from slmkit.benchmarks.budget import Budget
from slmkit.benchmarks.cell import Cell, Material
from slmkit.benchmarks.datasets import Rows
from slmkit.benchmarks.runner import Run

GROUP = [Cell("sst2", "dev", "fitted", "dummy"), Cell("sst2", "test", "fitted", "dummy")]
ANSWERED = """
import json, os, pathlib, sys, time
pathlib.Path(sys.argv[2]).write_text(json.dumps({"status": "done", "answers": [1]}))
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Lay a module that a measured process can be asked for."""

    def lay(text):
        (tmp_path / "asked_module.py").write_text(text)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return "asked_module"

    return lay


def test_each_answer_is_written_before_the_next_cell(tmp_path, monkeypatch):
    given, out = tmp_path / "job.json", tmp_path / "answer.json"
    given.write_text(json.dumps({"cells": [], "root": str(tmp_path)}))
    seen = []

    def measure(cells, root):
        for number in (1, 2):
            yield number
            seen.append(json.loads(out.read_text())["answers"])

    monkeypatch.setattr(cell, "measure_all", measure)
    monkeypatch.setattr(sys, "argv", ["cell", str(given), str(out)])
    cell.main()
    assert seen == [[1], [1, 2]]
    assert {path.name for path in tmp_path.iterdir()} == {"job.json", "answer.json"}


@pytest.mark.parametrize(
    ("end", "status", "said"), [("time.sleep(600)", "no time", "time was up"), ("os._exit(3)", "failed", "with 3")]
)
def test_what_a_process_had_written_is_answered(script, end, status, said):
    found = child.ask(script(ANSWERED + end), {}, timeout=4)
    assert (found["status"], found["answers"], found["result"]) == (status, [1], None)
    assert said in found["reason"]


def test_half_an_answer_is_none(script):
    text = "import pathlib, sys\npathlib.Path(sys.argv[2]).write_text('{')\nsys.exit(3)"
    assert child.ask(script(text), {}).keys() == {"status", "reason", "result"}


def test_cells_that_were_measured_in_time_are_kept(tiny_root, tmp_path, lay, monkeypatch):
    lay(tiny_root, "en/sst2/test.tsv", "fine and dandy\t1\n")
    answers = list(cell.measure_all(GROUP[:1], tiny_root))
    found = {"status": "no time", "reason": "stopped", "result": None, "answers": answers}
    monkeypatch.setattr(runner, "ask", lambda *arguments, **settings: found)
    outcomes = runner.run(GROUP, Run(tiny_root, tmp_path / "out"))
    assert [(o.cell.split, o.status, o.reason) for o in outcomes] == [
        ("dev", "done", ""),
        ("test", "no time", "stopped"),
    ]
    assert [path.name for path in (tmp_path / "out").iterdir()] == [GROUP[0].file_name]


def test_a_group_must_fit_into_the_time_as_a_whole(tiny_root, monkeypatch):
    monkeypatch.setitem(costs._RATES, "dummy", costs.Rate(start=10, answered=100, fitted=100, fit_start=10))
    budget = Budget(tiny_root, 3600)
    for each in GROUP:
        budget.know(each, Material(Rows(["x" * 1000], ["positive"]), Rows(["x" * 1000], ["positive"]), None, ""))
    monkeypatch.setattr(budget, "left", lambda: 45.0)  # each alone needs 10 + 10 + 10 + 10 s, the two 50
    assert [budget.refusal(each) for each in GROUP] == ["", ""]
    assert "50.0 s, with those before it that share its fit" in budget.refusal(GROUP[1], GROUP[:1])
    monkeypatch.setattr(budget, "left", lambda: 55.0)
    assert budget.refusal(GROUP[1], GROUP[:1]) == ""


def test_a_run_leaves_out_those_of_a_group_that_do_not_fit(tiny_root, tmp_path, lay, monkeypatch):
    lay(tiny_root, "en/sst2/test.tsv", "x" * 1000 + "\t1\n")
    lay(tiny_root, "en/sst2/dev.tsv", "x" * 1000 + "\t1\n")
    monkeypatch.setitem(costs._RATES, "dummy", costs.Rate(start=10, answered=100, fitted=1e9))
    budget = Budget(tiny_root, 3600)
    monkeypatch.setattr(budget, "left", lambda: 25.0)
    outcomes = runner.run(GROUP, Run(tiny_root, tmp_path / "out", in_process=True, budget=budget))
    assert sorted(o.status for o in outcomes) == ["done", "no time"]


@pytest.mark.skipif(os.name != "posix", reason="signals and process groups")
def test_sigterm_ends_the_measuring_process_too(script, tmp_path):
    told = tmp_path / "pid"
    name = script(
        f"import os, pathlib, time\npathlib.Path({str(told)!r}).write_text(str(os.getpid()))\ntime.sleep(600)"
    )
    asking = f"from slmkit.benchmarks.child import ask\nask({name!r}, {{}})"
    parent = subprocess.Popen([sys.executable, "-c", asking], env=child.child_environment())
    try:
        _until(lambda: told.is_file() and told.read_text() != "")
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(30) == 143
        _until(lambda: not _runs(int(told.read_text())), seconds=10)
    finally:
        parent.kill()
        if told.is_file() and _runs(int(told.read_text())):
            os.kill(int(told.read_text()), signal.SIGKILL)


def test_the_handler_of_a_caller_stays(script):
    before = signal.getsignal(signal.SIGTERM)
    ask = script("")
    assert child.ask(ask, {})["status"] == "failed"
    assert signal.getsignal(signal.SIGTERM) == before


def _until(holds, seconds=60):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
