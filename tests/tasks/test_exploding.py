"""A row for each thing that is found: in all formats, resumed, and with rows that could not be processed."""

import pandas as pd
import pytest
from table_files import read_rows, write_rows

from slmkit.errors import InputError
from slmkit.tasks.cells import TaskContractError
from slmkit.tasks.exploding import Items
from slmkit.tasks.stream import run_file


class Letters:
    """Each capital of a text with its place; fails on texts that hold "boom"."""

    name = "letters"
    columns = ("found",)
    items = Items("found", (("char", "letter", str), ("at", "at", int)))
    fingerprint = "letters-1"

    def __init__(self, stop_after=None):
        self.seen, self.stop_after = 0, stop_after

    def annotate(self, texts):
        if self.stop_after is not None and self.seen >= self.stop_after:
            raise KeyboardInterrupt
        if any("boom" in text for text in texts):
            raise ValueError("boom")
        self.seen += len(texts)
        return [{"found": [{"char": c, "at": i} for i, c in enumerate(t) if c.isupper()]} for t in texts]


def rows_of(count):
    return [{"id": str(n), "text": "AbC" * (n % 3) or ("boom" if n % 2 else "none")} for n in range(count)]


def expected(rows):
    made = []
    for row in rows:
        if "boom" in row["text"]:
            made.append((row["id"], None))
        made += [(row["id"], at) for at, char in enumerate(row["text"]) if char.isupper()]
    return made


def told(path):
    return [(row["id"], None if row["at"] in (None, "") else int(row["at"])) for row in read_rows(path)]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("source_suffix", ["csv", "parquet", "jsonl"])
def test_formats(tmp_path, suffix, source_suffix):
    rows = rows_of(13)
    source, out = write_rows(tmp_path / f"in.{source_suffix}", rows), tmp_path / f"out.{suffix}"
    report = run_file(Letters(), source, out, id_column="id", chunk_rows=4, explode=True)
    assert (report.rows, report.quarantined) == (13, sum("boom" in row["text"] for row in rows))
    assert told(out) == expected(rows)
    assert {row["slm_error"] for row in read_rows(out) if row["at"] in (None, "")} == {"ValueError: boom"}


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_a_table_in_which_nothing_is_found(tmp_path, suffix):
    source = write_rows(tmp_path / "in.csv", [{"id": "1", "text": "none"}, {"id": "2", "text": "more"}])
    out = tmp_path / f"out.{suffix}"
    assert run_file(Letters(), source, out, id_column="id", chunk_rows=1, explode=True).rows == 2
    assert read_rows(out) == []
    if suffix == "parquet":
        frame = pd.read_parquet(out)
        assert list(frame.columns) == ["id", "letter", "at", "slm_error"]
        assert frame["at"].dtype == "int64"


def test_a_run_that_was_cut_off_goes_on_at_the_row_where_it_was(tmp_path):
    rows = rows_of(24)
    source, out, whole = write_rows(tmp_path / "in.csv", rows), tmp_path / "out.csv", tmp_path / "whole.csv"
    with pytest.raises(KeyboardInterrupt, match="rows are kept"):
        run_file(Letters(stop_after=8), source, out, id_column="id", chunk_rows=5, explode=True)
    with pytest.raises(InputError, match="a row for each thing was True, now it is False"):
        run_file(Letters(), source, out, id_column="id", chunk_rows=5, resume=True)
    again = Letters()
    run_file(again, source, out, id_column="id", chunk_rows=5, resume=True, explode=True)
    assert again.seen < sum("boom" not in row["text"] for row in rows)
    run_file(Letters(), source, whole, id_column="id", chunk_rows=5, explode=True)
    assert out.read_bytes() == whole.read_bytes()


def test_nothing_changes_unless_it_is_asked_for(tmp_path):
    source = write_rows(tmp_path / "in.csv", rows_of(4))
    run_file(Letters(), source, tmp_path / "out.jsonl")
    assert all(isinstance(row["found"], (list, type(None))) for row in read_rows(tmp_path / "out.jsonl"))
    run_file(Letters(), source, tmp_path / "auto.jsonl", explode=None, id_column="id")
    assert "letter" in read_rows(tmp_path / "auto.jsonl")[0]


@pytest.mark.parametrize("answer", ["text", [1], [{"char": "a"}]])
def test_a_task_that_breaks_its_word_is_told(tmp_path, answer):
    class Wrong(Letters):
        def annotate(self, texts):
            return [{"found": answer} for _ in texts]

    source = write_rows(tmp_path / "in.csv", [{"id": "1", "text": "a"}])
    with pytest.raises(TaskContractError, match="'found' holds"):
        run_file(Wrong(), source, tmp_path / "out.csv", explode=True, id_column="id")


def test_a_column_that_is_taken_is_told(tmp_path):
    source = write_rows(tmp_path / "in.csv", [{"id": "1", "text": "A", "letter": "x"}])
    with pytest.raises(InputError, match="already has 'letter'.*--prefix letters_"):
        run_file(Letters(), source, tmp_path / "out.csv", explode=True)
