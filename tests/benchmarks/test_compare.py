"""Two folders of results: better, worse, within noise, in one only; by rows, by intervals, by seeds; exit codes."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from slmkit.benchmarks import compare, metrics, outcomes, results, runner
from slmkit.benchmarks.cell import Cell
from slmkit.benchmarks.cli import bench_app
from slmkit.benchmarks.noise import INTERVALS, PAIRED, difference
from slmkit.errors import InputError

N = 400


@pytest.fixture
def template(tiny_root, tmp_path):
    (outcome,) = runner.run([Cell("sst2", "dev", "fitted", "dummy")], runner.Run(tiny_root, tmp_path, in_process=True))
    return outcome.result


@pytest.fixture
def made(template):
    """A result whose rows are right where ``right`` says so."""

    def make(right, *, keep=True, **fields):
        gold, predicted = ["a"] * len(right), ["a" if r else "b" for r in right]
        scores = {"accuracy": metrics.evaluate("accuracy", gold, predicted)["accuracy"]}
        kept = outcomes.pack(["accuracy"], gold, predicted) if keep else {}
        interval = metrics.interval("accuracy", gold, predicted)
        basis = {"n": len(right), "score": scores["accuracy"], "scores": scores, "ci95": interval, "outcomes": kept}
        return replace(template, **{**basis, **fields})

    return make


def rights(share, seed=0, n=N):
    return np.random.default_rng(seed).random(n) < share


def write(folder, *found):
    for r in found:
        results.write_text(folder / f"{r.dataset}.{r.system}.{r.seed}.json", r.to_json())
    return folder


def call(*arguments):
    return CliRunner().invoke(bench_app, ["compare", *map(str, arguments)])


def flipped(right, up, down):
    """The same rows, with ``up`` wrong ones right and ``down`` right ones wrong."""
    new = right.copy()
    new[np.flatnonzero(~right)[:up]] = True
    new[np.flatnonzero(right)[:down]] = False
    return new


def test_rows_tell_apart_what_intervals_do_not(made):
    right = rights(0.8)
    better = flipped(right, 12, 0)
    paired = difference([made(right)], [made(better)], "accuracy")
    assert (paired.verdict, paired.how) == ("better", PAIRED)
    assert paired.low < paired.value < paired.high
    assert paired.value == pytest.approx(12 / N)
    apart = difference([made(right, keep=False)], [made(better)], "accuracy")
    assert (apart.verdict, apart.how) == ("same", INTERVALS)
    assert apart.high - apart.low > paired.high - paired.low


def test_worse_same_and_exactly_the_same(made):
    right = rights(0.8)
    assert difference([made(right)], [made(flipped(right, 0, 12))], "accuracy").verdict == "worse"
    assert difference([made(right)], [made(flipped(right, 9, 10))], "accuracy").verdict == "same"
    same = difference([made(right)], [made(right)], "accuracy")
    assert (same.value, same.low, same.high, same.verdict) == (0, 0, 0, "same")


def test_a_lower_score_is_better_where_the_metric_says_so(made):
    right = rights(0.8)
    old, new = (
        replace(r, metric="broken", scores={"broken": r.score}, outcomes={})
        for r in (made(right), made(flipped(right, 70, 0)))
    )
    assert difference([old], [new], "broken").verdict == "worse"
    assert difference([new], [old], "broken").verdict == "better"


def test_intervals_far_apart_are_beyond_noise(made):
    old, new = made(rights(0.6), keep=False), made(rights(0.9), keep=False)
    assert difference([old], [new], "accuracy").verdict == "better"
    assert difference([new], [old], "accuracy").verdict == "worse"


def test_rows_of_other_data_are_not_paired(made):
    right = rights(0.8)
    assert difference([made(right)], [made(right, dataset_hash="other")], "accuracy").how == INTERVALS


def test_seeds_that_disagree_are_noise(made):
    right = rights(0.5)
    old = [made(right, seed=s) for s in (0, 1, 2)]
    apart = [made(flipped(right, 60 * s, 0), seed=s) for s in (0, 1, 2)]
    alike = [made(flipped(right, 60 + s, 0), seed=s) for s in (0, 1, 2)]
    assert difference(old, apart, "accuracy").verdict == "same"
    assert difference(old, alike, "accuracy").verdict == "better"


def test_without_intervals_nothing_is_claimed(made):
    old, new = (made(rights(share), keep=False, ci95=None) for share in (0.9, 0.5))
    assert difference([old], [new], "accuracy").verdict == "unclear"
    assert difference([old], [old], "accuracy").verdict == "same"


def test_folders(made, tmp_path):
    right = rights(0.8)
    old = write(tmp_path / "old", made(right), made(right, system="gone"), made(right, system="worse"))
    worse = made(flipped(right, 0, 30), system="worse")
    new = write(tmp_path / "new", made(flipped(right, 20, 0)), worse, made(right, system="fresh"))
    found = {c.system: c.verdict for c in compare.compare(old, new)}
    assert found == {"dummy": "better", "gone": "only in old", "worse": "worse", "fresh": "only in new"}
    done = call(old, new, "--json")
    assert done.exit_code == 1
    assert "1 worse, 1 better, 1 only in old, 1 only in new" in done.stdout
    rows = json.loads(done.stdout.splitlines()[-1])
    assert rows[0]["how"] == PAIRED
    assert rows[0]["seeds"] == [0]
    assert call(old, old).exit_code == 0
    assert call(new, old).exit_code == 1


def test_limited_runs_are_other_measurements(made, tmp_path):
    right = rights(0.8)
    old = write(tmp_path / "old", made(right), made(right, system="x"))
    new = write(tmp_path / "new", made(right), made(right, system="x", limit=N))
    assert [c.verdict for c in compare.compare(old, new)] == ["same", "only in old", "only in new"]


def test_what_is_beside_is_shown_only_where_it_changed(made):
    base = compare.Change(
        "d", "dev", "fitted", "s", None, None, "accuracy", True, (0,), 0.8, 0.8, 0, 0, 0, "", "same", ""
    )
    beside = replace(base, metric="broken", main=False)
    harmed = replace(beside, verdict="worse", new=0.81, difference=0.01, low=0.005, high=0.015)
    assert [row[4] for row in compare.table([base, beside])] == ["accuracy"]
    assert [row[4] for row in compare.table([base, harmed])] == ["broken", "accuracy"]
    assert len(compare.table([base, beside], every=True)) == 2


def test_other_rows_are_noted(made, tmp_path):
    right = rights(0.8)
    old = write(tmp_path / "old", made(right))
    new = write(tmp_path / "new", made(right, dataset_hash="0123456789abcdef"))
    assert [c.note for c in compare.compare(old, new)] == ["other rows"]


def test_unusable_folders_are_exit_2(made, tmp_path):
    right = rights(0.8)
    good = write(tmp_path / "good", made(right))
    other = write(tmp_path / "other", made(right, system="else"))
    (tmp_path / "empty").mkdir()
    shutil.copytree(good, tmp_path / "damaged")
    (tmp_path / "damaged" / "b.json").write_text("{")
    for bad, said in (("none", "not a folder"), ("empty", "no result"), ("damaged", "b.json"), ("other", "in common")):
        done = call(good, tmp_path / bad)
        assert done.exit_code == 2, done.output
        assert said in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert call(good, good, "--confidence", "2").exit_code == 2
    with pytest.raises(InputError, match="in common"):
        compare.compare(good, other)


def test_of_two_files_of_a_cell_the_latest_counts(made, tmp_path):
    right = rights(0.8)
    folder = write(tmp_path / "old", made(right))
    earlier = made(flipped(right, 0, 30), date="2000-01-01T00:00:00+00:00")
    results.write_text(folder / "z copy.json", earlier.to_json())
    new = write(tmp_path / "new", made(right))
    assert [c.verdict for c in compare.compare(folder, new)] == ["same"]
