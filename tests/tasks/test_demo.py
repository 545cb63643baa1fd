import csv
from importlib.resources import files

import pytest
from toy_tasks import Measure, Picky

from slmkit.errors import InputError
from slmkit.tasks import cli
from slmkit.tasks.base import NEEDS, TASKS, cell_problem, ships
from slmkit.tasks.demo import TABLE, run_demo


def demo_rows():
    text = (files("slmkit.tasks") / "demo_data" / TABLE).read_text("utf-8")
    return list(csv.DictReader(text.splitlines(keepends=True)))


def test_the_table_is_bilingual_and_dirty_on_purpose():
    rows = demo_rows()
    texts = [row["text"] for row in rows]
    assert list(rows[0]) == ["id", "kind", "text"]
    assert {row["kind"] for row in rows} == {"review", "news"}
    assert 38 <= len(rows) <= 45
    chinese = [text for text in texts if any("\u4e00" <= c <= "\u9fff" for c in text)]
    assert 14 <= len(chinese) <= 26
    assert any(any(c.isascii() and c.isalpha() for c in text) for text in chinese)
    assert {cell_problem(text) for text in texts} == {None, "empty", "only white space"}
    assert any("🎉" in text for text in texts)
    assert max(map(len, texts)) > 1200
    assert len({row["id"] for row in rows}) == len(rows)


def test_tasks_are_run_one_after_the_other(tmp_path):
    result = run_demo(tmp_path / "new" / "folder", tasks=[Measure(), Picky()])
    rows = list(csv.DictReader(result.path.open(encoding="utf-8", newline="")))
    assert [{key: row[key] for key in ("id", "kind", "text")} for row in rows] == demo_rows()
    assert list(rows[0])[3:] == [
        *("measure_length", "measure_mean", "measure_first", "measure_slm_error"),
        *("picky_length", "picky_mean", "picky_first", "picky_slm_error"),
    ]
    assert result.rows == len(rows)
    assert result.quarantined == sum(bool(row["measure_slm_error"]) + bool(row["picky_slm_error"]) for row in rows) > 0
    assert 5 < len(result.preview.splitlines()) < 15
    assert "empty" in result.preview
    assert [path.name for path in result.path.parent.iterdir()] == [result.path.name]
    assert run_demo(tmp_path / "new" / "folder", tasks=[Measure()]).path == result.path


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot make the folder"):
        run_demo(tmp_path / "file" / "folder", tasks=[Measure()])


@pytest.mark.weights
def test_demo_command_runs_every_shipped_task(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["demo", "--out", str(tmp_path)])
    assert ended.value.code == 0
    path = tmp_path / "reviews_and_news.annotated.csv"
    assert str(path) in capsys.readouterr().out
    row = next(csv.DictReader(path.open(encoding="utf-8", newline="")))
    assert row["sentiment_label"] == "positive"
    run = [task for task in TASKS if task not in NEEDS and ships(task)]
    assert all(any(name.startswith(f"{task}_") for name in row) for task in run)
