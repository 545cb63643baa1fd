"""The commands as a user calls them: exit codes, the last line of --json, one line for an error."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from slmkit.benchmarks import results
from slmkit.benchmarks.cli import bench_app, data_app


@pytest.fixture
def call():
    def run(app, *arguments):
        return CliRunner().invoke(app, [str(a) for a in arguments])

    return run


def test_run_prints_a_table_and_ends_with_json(call, tiny_root, tmp_path):
    options = ["--dataset", "sst2", "--system", "dummy", "--system", "tfidf-lr", "--protocol", "fitted", "--seed", 1]
    options += ["--data-dir", tiny_root, "--out", tmp_path / "out", "--limit", 10, "--json"]
    done = call(bench_app, "run", *options, "--in-process")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout.splitlines()[-1])
    assert [(r["system"], r["n"], r["seed"]) for r in rows] == [("tfidf-lr", 10, 1), ("dummy", 10, 1)]
    assert list(rows[0]) == list(results.ROW)
    assert "tfidf-lr" in done.stdout.splitlines()[3]
    again = call(bench_app, "run", *options)
    assert json.loads(again.stdout.splitlines()[-1]) == rows
    assert "cached" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--task", "x"], "unknown task 'x'; allowed: classification"),
        (["--dataset", "x"], "unknown dataset 'x'; allowed: sst2"),
        (["--system", "x"], "unknown system 'x'; allowed: slmkit"),
        (["--protocol", "x"], "unknown protocol 'x'; allowed: shipped"),
        (["--split", "x"], "unknown split 'x'; allowed: dev, test"),
        (["--limit", "0"], "--limit must be 1 or more"),
    ],
)
def test_wrong_names_are_one_line_and_exit_2(call, tmp_path, arguments, said):
    done = call(bench_app, "run", "--out", tmp_path, *arguments)
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert said in done.stderr


def test_a_missing_set_is_told_and_nothing_measured_is_exit_1(call, tiny_root, tmp_path):
    options = ["--split", "test", "--system", "dummy", "--data-dir", tiny_root, "--out", tmp_path / "out", "--json"]
    done = call(bench_app, "run", "--dataset", "sst2", "--protocol", "shipped", *options)
    assert done.exit_code == 1
    assert "en/sst2/test.tsv" in done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_report(call, tiny_root, tmp_path):
    options = ["--dataset", "stsb", "--system", "dummy", "--data-dir", tiny_root, "--out", tmp_path / "out"]
    assert call(bench_app, "run", *options, "--in-process").exit_code == 0
    for name in ("report.html", "report.md"):
        assert call(bench_app, "report", tmp_path / "out", "--out", tmp_path / name).exit_code == 0
        assert (tmp_path / name).stat().st_size > 100
    assert call(bench_app, "report", tmp_path / "out", "--out", tmp_path / "report.txt").exit_code == 2
    assert call(bench_app, "report", tmp_path / "none", "--out", tmp_path / "report.md").exit_code == 1


def test_lists(call, tiny_root):
    assert "tfidf-lr" in call(bench_app, "list").stdout
    listed = call(data_app, "list", "--data-dir", tiny_root).stdout
    assert "banking77" in listed
    assert "2 of 3 files" in listed


def test_verify(call, tmp_path, tiny_root):
    missing = call(data_app, "verify", "sst2", "--data-dir", tmp_path)
    assert missing.exit_code == 0
    assert missing.stdout.count("missing") == 3
    differs = call(data_app, "verify", "sst2", "--data-dir", tiny_root)
    assert differs.exit_code == 1
    assert "en/sst2/dev.tsv" in differs.stderr
    assert call(data_app, "verify", "sst3").exit_code == 2


def test_fetch_without_a_server(call, tmp_path):
    done = call(data_app, "fetch", "sst2", "--data-dir", tmp_path, "--base-url", "http://127.0.0.1:9")
    assert done.exit_code == 1
    assert "3 of 3 files could not be fetched" in done.stderr
    assert call(data_app, "fetch").exit_code == 2


def test_commands_load_nothing_heavy():
    heavy = ("torch", "pandas", "numpy", "sklearn", "matplotlib")
    code = f"import sys, slmkit.benchmarks.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
