"""``slmkit run entities``: a row for each mention, keyed by the caller's id."""

import json

import pandas as pd
import pytest
from table_files import read_rows, write_rows

from slmkit.errors import InputError
from slmkit.tasks import base
from slmkit.tasks.stream import run_file

ROWS = [
    {"id": "007", "text": "the bank card of a good team"},
    {"id": "8", "text": "the news"},
    {"id": "9", "text": ""},
    {"id": "9", "text": "酒店 is"},
]


@pytest.fixture
def task(saved, toy_slm, monkeypatch):
    """The command line finds the fitted toy."""
    made = base._resolve(base.TASKS["entities"])

    def load(path, *, slm=None):
        return made(model=path, slm=toy_slm)

    monkeypatch.setattr(made, "load", staticmethod(load))
    return saved


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_one_row_a_mention(task, call, tmp_path, suffix):
    source = write_rows(tmp_path / f"in.{suffix}", ROWS)
    code, _, err = call("run", source, "--model", task, "--id", "id", "--out", tmp_path / f"out.{suffix}")
    assert code == 0, err
    assert "4 rows; 1 quarantined" in err
    rows = read_rows(tmp_path / f"out.{suffix}")
    assert list(rows[0]) == ["id", "mention", "start", "end", "type", "score", "slm_error"]
    told = [(row["id"], row["mention"] or None, row["type"] or None, row["slm_error"] or None) for row in rows]
    assert told == [
        ("007", "bank card", "ORG", None),
        ("007", "good team", "PER", None),
        ("9", None, None, "empty"),
        ("9", "酒店", "LOC", None),
    ]
    assert (int(rows[0]["start"]), int(rows[0]["end"])) == (4, 13)


def test_all_columns_are_kept_without_an_id(task, call, tmp_path):
    source = write_rows(tmp_path / "in.csv", ROWS[:1])
    assert call("run", source, "--model", task, "--out", tmp_path / "out.csv")[0] == 0
    assert [row["text"] for row in read_rows(tmp_path / "out.csv")] == [ROWS[0]["text"]] * 2


def test_one_row_a_text_where_it_is_asked_for(task, call, tmp_path):
    source = write_rows(tmp_path / "in.csv", ROWS)
    assert call("run", source, "--model", task, "--one-row", "--out", tmp_path / "out.csv")[0] == 0
    rows = read_rows(tmp_path / "out.csv")
    assert [row["id"] for row in rows] == ["007", "8", "9", "9"]
    assert [each["type"] for each in json.loads(rows[0]["entities"])] == ["ORG", "PER"]
    assert (rows[1]["entities"], rows[2]["entities"]) == ("[]", "")


def test_options_of_the_task_and_only_those(call, tmp_path):
    source = write_rows(tmp_path / "in.csv", ROWS)
    code, _, err = call("run", "entities", source, "--out", tmp_path / "o.csv", "--option", "depth=3")
    assert code != 0
    assert "entities has no option 'depth'; its options are: types, threshold, nested, rules, model" in err


def test_a_frame_of_mentions_by_pandas(both):
    frame = pd.DataFrame(ROWS)
    from slmkit.tasks.tables import apply

    made = apply(both, frame).explode("entities").dropna(subset="entities")
    assert [each["text"] for each in made["entities"]] == ["bank card", "good team", "酒店"]


def test_a_task_with_one_result_a_text_has_no_rows_to_make(tmp_path):
    from toy_tasks import Measure

    source = write_rows(tmp_path / "in.csv", ROWS)
    with pytest.raises(InputError, match="measure has one result a text"):
        run_file(Measure(), source, tmp_path / "out.csv", explode=True)
