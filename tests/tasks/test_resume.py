"""A run that is cut off, at whatever moment, and gone on with gives the same bytes as one that was left alone."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from crashing import Crash, crash_at
from table_files import read_rows, sample, write_rows
from toy_tasks import Measure, Picky

from slmkit.errors import InputError
from slmkit.tasks import parts
from slmkit.tasks.stream import run_file


@pytest.mark.parametrize(
    ("suffix", "replaces"), [("csv", False), ("csv", True), ("jsonl.gz", True), ("parquet", False)]
)
def test_a_run_cut_off_at_any_change_of_the_disk_goes_on(tmp_path, monkeypatch, suffix, replaces):
    source = write_rows(tmp_path / "in.csv", sample(20))
    expected = tmp_path / f"expected.{suffix}"
    run_file(Picky(), source, expected, chunk_rows=8)
    n = 0
    while True:
        n += 1
        out = tmp_path / f"out{n}.{suffix}"
        if replaces:
            out.write_text("an older result")
        with monkeypatch.context() as patch:
            crash_at(patch, n)
            try:
                run_file(Picky(), source, out, chunk_rows=8, overwrite=replaces)
            except Crash:
                pass
            else:
                break
        # What stands there is never half a result.
        assert not out.exists() or out.read_bytes() in (expected.read_bytes(), b"an older result")
        run_file(Picky(), source, out, chunk_rows=8, resume=True, overwrite=replaces and n < 5)
        assert out.read_bytes() == expected.read_bytes()
        assert [name for name in os.listdir(tmp_path) if name.startswith(out.name)] == [out.name]
    assert n > 25


def test_resume_does_not_compute_again(tmp_path, monkeypatch):
    source = write_rows(tmp_path / "in.csv", sample(40))

    class Stops(Measure):
        def annotate(self, texts):
            if len(self.seen) == 3:
                raise KeyboardInterrupt
            return super().annotate(texts)

    with pytest.raises(KeyboardInterrupt, match="interrupted: 30 rows are kept in .*--resume"):
        run_file(Stops(), source, tmp_path / "out.csv", chunk_rows=10)
    again = Stops()
    with pytest.raises(InputError, match="go on with --resume, or start anew with --overwrite"):
        run_file(again, source, tmp_path / "out.csv")
    with pytest.raises(InputError, match="chunk rows was 10, now it is 20"):
        run_file(again, source, tmp_path / "out.csv", chunk_rows=20, resume=True)
    with pytest.raises(InputError, match="task was"):
        run_file(Measure(), source, tmp_path / "out.csv", resume=True)
    assert again.seen == []
    report = run_file(again, source, tmp_path / "out.csv", resume=True)
    assert (report.rows, report.resumed, len(again.seen)) == (40, 30, 1)


def test_an_interrupt_before_the_first_part_leaves_nothing(tmp_path):
    source = write_rows(tmp_path / "in.csv", sample(10))

    class Stops(Measure):
        def annotate(self, texts):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="no part was finished"):
        run_file(Stops(), source, tmp_path / "out.csv")
    assert os.listdir(tmp_path) == ["in.csv"]


def test_an_interrupt_right_after_a_part_keeps_it(tmp_path, monkeypatch):
    source, out, whole = tmp_path / "in.csv", tmp_path / "out.csv", tmp_path / "whole.csv"
    write_rows(source, sample(10))
    run_file(Measure(), source, whole, chunk_rows=4)
    replace = os.replace

    def interrupted(old, new):
        replace(old, new)
        if "part-00000000" in str(new):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt, match="4 rows are kept"):
            run_file(Measure(), source, out, chunk_rows=4)
    assert run_file(Measure(), source, out, chunk_rows=4, resume=True).resumed == 4
    assert out.read_bytes() == whole.read_bytes()


def test_a_changed_input_is_not_gone_on_with(tmp_path):
    source = write_rows(tmp_path / "in.csv", sample(40))

    class Touches(Measure):
        def annotate(self, texts):
            if len(self.seen) == 1:
                with source.open("a") as file:
                    file.write("99999,more,1,2\n")
            return super().annotate(texts)

    with pytest.raises(InputError, match="changed while it was read"):
        run_file(Touches(), source, tmp_path / "out.csv", chunk_rows=10)
    with pytest.raises(InputError, match="input size was"):
        run_file(Touches(), source, tmp_path / "out.csv", resume=True)
    assert run_file(Measure(), source, tmp_path / "out.csv", overwrite=True).rows == 41
    assert sorted(os.listdir(tmp_path)) == ["in.csv", "out.csv"]


def test_a_foreign_output_and_a_damaged_manifest_are_not_passed_over(tmp_path):
    source = write_rows(tmp_path / "in.csv", sample(20))
    out = tmp_path / "out.csv"

    class Meddles(Measure):
        def annotate(self, texts):
            if len(self.seen) == 1:
                out.write_text("someone else's")
            return super().annotate(texts)

    for resume in (False, True):
        with pytest.raises(InputError, match="did not write it; --overwrite"):
            run_file(Meddles(), source, out, chunk_rows=10, resume=resume)
    assert out.read_text() == "someone else's"
    folder = tmp_path / "out.csv.slmkit-parts"
    (folder / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="missing or damaged; start anew"):
        run_file(Meddles(), source, out, resume=True, overwrite=True)
    (folder / "notes.txt").write_text("the user's own")
    run_file(Measure(), source, out, overwrite=True)
    assert len(read_rows(out)) == 20
    assert [path.read_text() for path in tmp_path.glob("*/notes.txt")] == ["the user's own"]


@pytest.mark.skipif(parts.fcntl is None, reason="needs file locks")
def test_two_runs_on_one_output(tmp_path):
    source = write_rows(tmp_path / "in.csv", sample(20))

    class Nested(Measure):
        def annotate(self, texts):
            for keywords in ({"resume": True}, {"overwrite": True}):
                with pytest.raises(InputError, match="another run is writing"):
                    run_file(Measure(), source, tmp_path / "out.csv", **keywords)
            return super().annotate(texts)

    assert run_file(Nested(), source, tmp_path / "out.csv", chunk_rows=10).rows == 20


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
@pytest.mark.parametrize(("suffix", "times"), [("csv", 5), ("parquet", 2)])
def test_kill_9_at_random_moments(tmp_path, environment, suffix, times):
    source = write_rows(tmp_path / "in.jsonl", sample(400))
    expected, out = tmp_path / f"expected.{suffix}", tmp_path / f"out.{suffix}"
    run_file(Measure(), source, expected, chunk_rows=16)
    random_moment = random.Random(times)
    program = str(Path(__file__).with_name("toy_tasks.py"))

    def command(pause):
        return [sys.executable, program, str(source), str(out), str(pause), "--resume"]

    def kill(pause, longest):
        process = subprocess.Popen(command(pause), env=environment, stdout=subprocess.PIPE)
        process.stdout.readline()  # it has started
        time.sleep(random_moment.uniform(0, longest))
        process.send_signal(signal.SIGKILL)
        process.stdout.close()
        return process.wait()

    # Slow enough that it cannot end by itself, then as fast as it goes, which also meets it putting the parts together.
    codes = [kill(0.01, 0.4) for _ in range(times)]
    assert codes == [-signal.SIGKILL] * times
    assert not out.exists()
    for _ in range(times):
        kill(0, 0.05)
    subprocess.run(command(0), env=environment, check=True, stdout=subprocess.DEVNULL)
    assert out.read_bytes() == expected.read_bytes()
    assert [name for name in os.listdir(tmp_path) if name.startswith(out.name)] == [out.name]
