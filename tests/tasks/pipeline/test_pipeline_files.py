"""A pipeline over a file: a table of rows, one for each task that finds things; cut off anywhere, and gone on with."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from crashing import Crash, crash_at
from table_files import FORMATS, read_rows, sample, write_rows
from toy_pipeline import Letters, Words, toy_pipeline
from toy_tasks import Measure, Picky

from slmkit.errors import InputError
from slmkit.tasks.pipeline import Pipeline
from slmkit.tasks.pipeline.files import run_folder
from slmkit.tasks.stream import Asked, run_file


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def asked(**more):
    return Asked(**{"chunk_rows": 8, "explode": None, **more})


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_tables_of_a_folder(tmp_path, suffix):
    source = write_rows(tmp_path / f"in.{suffix}", sample(50))
    report = run_folder(toy_pipeline(), source, tmp_path / "out", asked())
    assert (report.out, report.rows) == (tmp_path / "out", 50)
    assert set(contents(tmp_path / "out")) == {f"{name}.{suffix}" for name in ("rows", "words", "letters")}
    rows = read_rows(tmp_path / "out" / f"rows.{suffix}")
    assert [row["id"] for row in rows] == [row["id"] for row in sample(50)]
    given = ["id", "text", "price", "note"]
    results = [f"{task}_{column}" for task in ("measure", "picky") for column in ("length", "mean", "first")]
    assert list(rows[0]) == [*given, *results, "slm_error"]
    reasons = [row["slm_error"] or None for row in rows]
    assert report.quarantined == sum(reason is not None for reason in reasons) > 0
    assert reasons[1] == "letters: ValueError: no quotations"
    assert reasons[4] == "empty"
    # What each task's own table holds is what it writes alone.
    for task in (Words(), Letters()):
        alone = tmp_path / f"{task.name}.{suffix}"
        run_file(task, source, alone, chunk_rows=8, explode=None)
        assert alone.read_bytes() == (tmp_path / "out" / alone.name).read_bytes()
    alone = tmp_path / f"measure.{suffix}"
    run_file(Measure(), source, alone, prefix="measure_")
    for row, own in zip(rows, read_rows(alone), strict=True):
        assert [row[name] for name in results[:3]] == [own[name] for name in results[:3]]


def test_one_row_a_text_and_other_options(tmp_path):
    source = write_rows(tmp_path / "in.csv", sample(20))
    out = tmp_path / "out"
    run_folder(toy_pipeline(), source, out, asked(explode=False, id_column="id", prefix="p_"))
    assert list(contents(out)) == ["rows.csv"]
    first = read_rows(out / "rows.csv")[0]
    assert [name for name in first if name.startswith("p_words") or name == "id"] == ["id", "p_words_found"]
    assert list(first)[-1] == "p_slm_error"
    with pytest.raises(InputError, match=r"rows\.csv exists; --overwrite replaces it"):
        run_folder(toy_pipeline(), source, out, asked())
    assert run_folder(lambda: toy_pipeline(), source, out, asked(explode=False, resume=True)).finished_before
    (out / "notes.txt").write_text("the user's own")
    run_folder(toy_pipeline(), source, out, asked(overwrite=True))
    assert set(contents(out)) == {"rows.csv", "words.csv", "letters.csv", "notes.txt"}


def test_one_file_takes_a_pipeline_as_any_task(tmp_path):
    source = write_rows(tmp_path / "in.csv", sample(20))
    run_file(toy_pipeline(), source, tmp_path / "out.csv", chunk_rows=8)
    run_folder(toy_pipeline(), source, tmp_path / "out", asked(explode=False))
    assert (tmp_path / "out.csv").read_bytes() == (tmp_path / "out" / "rows.csv").read_bytes()


def test_what_cannot_be_written(tmp_path):
    source = write_rows(tmp_path / "rows.csv", sample(5))
    with pytest.raises(InputError, match="rows.csv is the input; name another folder"):
        run_folder(toy_pipeline(), source, tmp_path, asked(overwrite=True))
    with pytest.raises(InputError, match="is a file; a pipeline writes a folder"):
        run_folder(toy_pipeline(), source, source, asked())
    with pytest.raises(InputError, match="cannot make the folder"):
        run_folder(toy_pipeline(), source, tmp_path / "no" / "out", asked())
    with pytest.raises(InputError, match="there is no file"):
        run_folder(toy_pipeline(), tmp_path / "no.csv", tmp_path / "out", asked())
    with pytest.raises(InputError, match="a task named 'rows' would write over"):
        run_folder(Pipeline({"rows": Words()}), source, tmp_path / "out", asked())
    with pytest.raises(InputError, match="no column 'txet'"):
        run_folder(toy_pipeline(), source, tmp_path / "out", asked(column="txet"))
    assert sorted(os.listdir(tmp_path)) == ["rows.csv"]


@pytest.mark.parametrize("replaces", [False, True])
def test_a_run_cut_off_at_any_change_of_the_disk_goes_on(tmp_path, monkeypatch, replaces):
    source = write_rows(tmp_path / "in.csv", sample(20))
    run_folder(toy_pipeline(), source, tmp_path / "whole", asked())
    expected, older = contents(tmp_path / "whole"), {f"{name}.csv": b"older" for name in ("rows", "words", "letters")}
    n = 0
    while True:
        n += 1
        out = tmp_path / f"out{n}"
        if replaces:
            out.mkdir()
            for name, data in older.items():
                (out / name).write_bytes(data)
        with monkeypatch.context() as patch:
            crash_at(patch, n)
            try:
                run_folder(toy_pipeline(), source, out, asked(overwrite=replaces))
            except Crash:
                pass
            else:
                break
        tables = [path for path in out.iterdir() if path.is_file()] if out.exists() else []
        assert all(path.read_bytes() in (expected[path.name], b"older") for path in tables)
        run_folder(toy_pipeline(), source, out, asked(resume=True, overwrite=replaces and n < 5))
        assert contents(out) == expected
    assert n > 40


def test_an_interrupt_before_the_first_part_leaves_nothing(tmp_path):
    source = write_rows(tmp_path / "in.csv", sample(10))

    class Stops(Measure):
        def annotate(self, texts):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="no part was finished"):
        run_folder(Pipeline([Stops()]), source, tmp_path / "out", asked())
    assert os.listdir(tmp_path) == ["in.csv"]


def test_another_pipeline_does_not_go_on_with_the_run(tmp_path):
    source = write_rows(tmp_path / "in.csv", sample(40))

    class Stops(Picky):
        after = 2

        def annotate(self, texts):
            if len(self.seen) == self.after:
                raise KeyboardInterrupt
            return super().annotate(texts)

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt, match="16 rows are kept in .*--resume"):
        run_folder(Pipeline([Words(), Stops()]), source, out, asked())
    with pytest.raises(InputError, match="task was"):
        run_folder(Pipeline([Words(), Measure()]), source, out, asked(resume=True))
    with pytest.raises(InputError, match="tables was"):
        run_folder(Pipeline([Words(), Stops()]), source, out, asked(resume=True, explode=False))
    with pytest.raises(InputError, match="go on with --resume, or start anew"):
        run_folder(Pipeline([Words(), Stops()]), source, out, asked())
    Stops.after = None
    report = run_folder(Pipeline([Words(), Stops()]), source, out, asked(resume=True, chunk_rows=None))
    assert (report.rows, report.resumed) == (40, 16)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_kill_9_at_random_moments(tmp_path, environment):
    source = write_rows(tmp_path / "in.jsonl", sample(400))
    expected, out = tmp_path / "expected", tmp_path / "out"
    run_folder(toy_pipeline(), source, expected, asked(chunk_rows=16))
    moment = random.Random(5)
    here = str(Path(__file__).parent)
    environment = {**environment, "PYTHONPATH": os.pathsep.join([here, environment["PYTHONPATH"]])}

    def command(pause):
        return [sys.executable, str(Path(here) / "toy_pipeline.py"), str(source), str(out), str(pause), "--resume"]

    def kill(pause, longest):
        process = subprocess.Popen(command(pause), env=environment, stdout=subprocess.PIPE)
        process.stdout.readline()  # it has started
        time.sleep(moment.uniform(0, longest))
        process.send_signal(signal.SIGKILL)
        process.stdout.close()
        return process.wait()

    assert [kill(0.01, 0.4) for _ in range(4)] == [-signal.SIGKILL] * 4
    for _ in range(4):
        kill(0, 0.1)
    subprocess.run(command(0), env=environment, check=True, stdout=subprocess.DEVNULL)
    assert contents(out) == contents(expected)
    assert sorted(os.listdir(tmp_path)) == ["expected", "in.jsonl", "out"]


def test_real_tasks_give_the_same_tables_as_alone(trained, tmp_path):
    texts = ["the bank card is of the good team .", "", "the team is good film , is bad card ."] * 5
    source = tmp_path / "in.parquet"
    pd.DataFrame({"text": texts, "n": range(15)}).to_parquet(source)
    run_folder(Pipeline(trained), source, tmp_path / "out", asked(chunk_rows=4))
    rows = pd.read_parquet(tmp_path / "out" / "rows.parquet")
    assert rows["n"].tolist() == list(range(15))
    for name in ("mood", "topic"):
        run_file(trained[name], source, tmp_path / f"{name}.parquet")
        alone = pd.read_parquet(tmp_path / f"{name}.parquet")
        pd.testing.assert_series_equal(rows[f"{name}_label"], alone["label"], check_names=False)
        pd.testing.assert_series_equal(rows[f"{name}_score"], alone["score"], check_names=False, atol=1e-4)
    for name in ("names", "said"):
        run_file(trained[name], source, tmp_path / f"{name}.parquet", explode=None)
        alone = pd.read_parquet(tmp_path / f"{name}.parquet")
        assert len(alone) > 5
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out" / f"{name}.parquet"), alone, atol=1e-4)
