import io
import json
import os
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from table_files import read_rows, sample, write_rows
from toy_tasks import Measure

from slmkit.errors import InputError
from slmkit.tasks.many_files import FilesReport, is_many, run_files, table_files
from slmkit.tasks.stream import run_file

MAIN = "from slmkit.tasks.cli import main; main()"


@pytest.fixture
def folder(tmp_path):
    """Three tables in three formats, at two depths, and what is no data."""
    place = tmp_path / "in"
    (place / "year=2024").mkdir(parents=True)
    (place / "_temporary").mkdir()
    write_rows(place / "a.csv", sample(5))
    write_rows(place / "year=2024" / "b.parquet", sample(9))
    write_rows(place / "c.jsonl", sample(3))
    write_rows(place / "_temporary" / "d.csv", sample(2))
    (place / "notes.txt").write_text("no table")
    return place


def test_a_folder_keeps_its_structure(folder, tmp_path):
    report = run_files(Measure(), [str(folder)], tmp_path / "out")
    assert (report.files, report.rows, report.failed) == (3, 17, {})
    for place in ("a.csv", "year=2024/b.parquet", "c.jsonl"):
        run_file(Measure(), folder / place, tmp_path / ("alone" + os.path.splitext(place)[1]))
        alone = (tmp_path / ("alone" + os.path.splitext(place)[1])).read_bytes()
        assert (tmp_path / "out" / place).read_bytes() == alone
    assert not (tmp_path / "out" / "_temporary").exists()
    about = json.loads(pq.read_schema(tmp_path / "out" / "year=2024" / "b.parquet").metadata[b"slmkit"])
    assert about["schema"] == 1
    assert about["added"]["length"] == "length"


def test_patterns_and_names(folder, tmp_path):
    assert is_many([str(folder)])
    assert is_many([str(folder / "*.csv")])
    assert is_many(["a.csv", "b.csv"])
    assert not is_many([str(folder / "a.csv")])
    assert list(table_files([str(folder / "**" / "*.parquet")])) == [folder / "year=2024" / "b.parquet"]
    assert run_files(Measure(), [str(folder / "a.csv"), str(folder / "c.jsonl")], tmp_path / "out").rows == 8
    for nothing in (folder / "*.tsv", folder / "_temporary"):
        if nothing.name == "_temporary":
            (nothing / "d.csv").unlink()
        with pytest.raises(InputError, match="no table file"):
            table_files([str(nothing)])
    with pytest.raises(InputError, match="both be written"):
        table_files([str(folder / "a.csv"), str(write_rows(tmp_path / "a.csv", sample(1)))])


@pytest.mark.parametrize("source", ["", "**/*.*", "*/*.parquet"])
def test_outputs_inside_the_source_are_no_inputs(folder, tmp_path, source):
    def written(place):
        return {path.relative_to(place): path.read_bytes() for path in place.rglob("*") if path.is_file()}

    (folder / "_temporary" / "d.csv").unlink()
    sources, out = [str(folder / source)], folder / "out"
    first = run_files(Measure(), sources, tmp_path / "apart")
    for again in ({}, {"resume": True}, {"overwrite": True}):
        report = run_files(Measure(), sources, out, **again)
        assert report.files + report.finished_before == first.files
        assert not report.failed
        assert written(out) == written(tmp_path / "apart")
    # Named for itself, what lies there is read.
    assert run_files(Measure(), [str(out)], tmp_path / "twice", prefix="again_").files == first.files


def test_tables_in_the_folder_of_the_output_are_not_passed_over_in_silence(folder):
    with pytest.raises(InputError, match=r"b\.parquet.*another folder"):
        run_files(Measure(), [str(folder)], folder / "year=2024")
    assert run_files(Measure(), [str(folder)], folder / "year=2024", overwrite=True).files == 2
    with pytest.raises(InputError, match="no table file outside"):
        run_files(Measure(), [str(folder / "**" / "*.parquet")], folder / "year=2024")
    # An output that is not below what is looked through takes nothing away.
    assert run_files(Measure(), [str(folder / "year=2024" / "*.parquet")], folder).files == 1


def test_a_run_does_not_go_on_with_other_options_than_it_drew(folder, tmp_path):
    class Drawing(Measure):
        drawn_options = {"key": "k"}

    assert run_files(Drawing(), [str(folder)], tmp_path / "out", resume=True).files == 3
    assert run_files(Drawing(), [str(folder)], tmp_path / "out", resume=True).finished_before == 3
    (tmp_path / "out" / "c.jsonl").unlink()
    with pytest.raises(InputError, match=r"measure drew its own key.*--option key="):
        run_files(Drawing(), [str(folder)], tmp_path / "out", resume=True)
    assert run_files(Drawing(), [str(folder)], tmp_path / "out", overwrite=True).files == 3


def test_a_bad_file_costs_the_others_nothing(folder, tmp_path):
    (folder / "b.parquet").write_bytes(b"PAR1 and then nothing")
    (folder / "z.csv").write_text("id,body\n1,x\n")  # another schema
    report = run_files(Measure(), [str(folder)], tmp_path / "out")
    assert report.files == 3
    assert sorted(os.path.basename(name) for name in report.failed) == ["b.parquet", "z.csv"]
    assert "no column 'text'" in report.failed[str(folder / "z.csv")]
    with pytest.raises(InputError):
        run_files(Measure(), [str(folder)], tmp_path / "other", errors="raise")


def test_a_run_goes_on_where_it_was_cut_off(folder, tmp_path, monkeypatch):
    task, annotate = Measure(), Measure.annotate

    def stops(self, texts):
        if self is task and len(self.seen) == 3:
            raise KeyboardInterrupt
        return annotate(self, texts)

    monkeypatch.setattr(Measure, "annotate", stops)
    with pytest.raises(KeyboardInterrupt, match="2 of 3 files are done"):
        run_files(task, [str(folder)], tmp_path / "out", chunk_rows=5)
    with pytest.raises(InputError, match="--resume"):
        run_files(Measure(), [str(folder)], tmp_path / "out", chunk_rows=5)
    report = run_files(Measure(), [str(folder)], tmp_path / "out", resume=True)
    assert (report.finished_before, report.files, report.resumed) == (2, 1, 5)
    run_files(Measure(), [str(folder)], tmp_path / "whole")
    for place in table_files([str(folder)]).values():
        assert (tmp_path / "out" / place).read_bytes() == (tmp_path / "whole" / place).read_bytes()
    assert run_files(Measure(), [str(folder)], tmp_path / "out", resume=True) == FilesReport(
        tmp_path / "out", finished_before=3
    )


def test_the_command_takes_many_files_and_stdin(folder, tmp_path, call, monkeypatch):
    code, _, err = call("run", "sentiment", folder / "a.csv", folder / "c.jsonl", "--out", tmp_path / "out")
    assert (code, "2 files, 8 rows" in err) == (0, True)
    (folder / "z.csv").write_text("id,body\n1,x\n")
    code, _, err = call("run", "sentiment", str(folder / "*.csv"), "--out", tmp_path / "some")
    assert code == 1
    assert "not annotated" in err
    assert "z.csv" in err
    table = "text\n很好！\n,\n".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(table)))
    code, _, err = call("run", "sentiment", "-", "--out", tmp_path / "piped.csv")
    assert code == 0
    assert read_rows(tmp_path / "piped.csv")[0]["label"] == "positive"
    assert sorted(os.listdir(tmp_path)) == ["in", "out", "piped.csv", "some"]
    code, _, err = call("run", "sentiment", "-", "--out", tmp_path / "again.csv", "--resume")
    assert code == 2
    assert "stdin" in err


def test_stdin_of_a_real_process(tmp_path, environment):
    made = subprocess.run(
        [sys.executable, "-c", MAIN, "run", "sentiment", "-", "--format", "jsonl", "--out", "o.jsonl"],
        input='{"text": "Great staff."}\n',
        text=True,
        capture_output=True,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert json.loads((tmp_path / "o.jsonl").read_text())["label"] == "positive"
