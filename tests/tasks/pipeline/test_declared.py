"""Pipelines that are declared in TOML files, read and run from the command line."""

import pytest
from table_files import read_rows, sample, write_rows

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks import base
from slmkit.tasks.pipeline.declared import read_declared

GOOD = """
column = "text"
id = "id"

[[tasks]]
name = "sentiment"

[[tasks]]
name = "again"
task = "sentiment"
settings = { pause = 0.0 }

[[tasks]]
name = "entities"
"""


@pytest.fixture
def toy(monkeypatch):
    """Let the names of two shipped tasks stand for tasks that need no weights."""
    monkeypatch.setitem(base.TASKS, "sentiment", "toy_tasks:Picky")
    monkeypatch.setitem(base.TASKS, "entities", "toy_pipeline:Words")


@pytest.fixture
def declared(tmp_path):
    def write(text):
        path = tmp_path / "pipeline.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def test_a_declared_pipeline_runs(toy, declared, call, tmp_path):
    source, out = write_rows(tmp_path / "in.csv", sample(20)), tmp_path / "out"
    code, said, err = call("run", declared(GOOD), source, "--out", out, "--chunk-rows", 8)
    assert (code, said) == (0, "")
    assert f"20 rows; 4 quarantined (see slm_error); written to {out}" in err
    rows = read_rows(out / "rows.csv")
    assert list(rows[0])[:2] == ["id", "sentiment_length"]
    assert [row["again_length"] for row in rows] == [row["sentiment_length"] for row in rows]
    assert list(read_rows(out / "entities.csv")[0]) == ["id", "word", "start", "slm_error"]
    code, _, err = call("run", declared(GOOD), source, "--out", out, "--resume")
    assert code == 0
    assert "nothing to do" in err
    code, _, err = call("run", declared(GOOD), source, "--out", out, "--column", "note", "--id", "price", "--overwrite")
    assert code == 0
    assert list(read_rows(out / "rows.csv")[0])[0] == "price"
    code, _, _ = call("run", declared(GOOD), source, "--out", tmp_path / "flat", "--one-row")
    assert code == 0
    assert [path.name for path in (tmp_path / "flat").iterdir()] == ["rows.csv"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("column = ", "pipeline.toml is no TOML: "),
        ("", r"has no tasks; add \[\[tasks\]\] with a name, such as: sentiment"),
        ("colum = 'text'\n" + GOOD, "no key 'colum'; the keys are: column, id, tasks"),
        (GOOD.replace('"text"', "7"), "column is 7; give a string"),
        ("tasks = 'sentiment'", "tasks is 'sentiment'; give a list of tables"),
        ("tasks = ['sentiment']", "task 1: give a table, not 'sentiment'"),
        (GOOD + "path = 'x'", "task 3: no key 'path'; the keys are: name, task, model, settings"),
        (GOOD + "settings = 'x'", "settings is 'x'; give a table"),
        ("[[tasks]]\ntask = 'sentiment'", "task 1 has no name"),
        ("[[tasks]]\nname = 'a'\ntask = 'sentiment'\nmodel = 'm'", "give task or model, not both"),
        (GOOD.replace('"again"', '"entities"'), "task 3: a task before it is named 'entities' too"),
        (GOOD.replace("pause", "paws"), "task 'again': sentiment has no option 'paws'; its options are: pause"),
        ("[[tasks]]\nname = 'sentimant'", "task 'sentimant': no task 'sentimant'; did you mean 'sentiment'"),
        ("[[tasks]]\nname = 'a b'\ntask = 'sentiment'", "the name 'a b' of a task"),
    ],
)
def test_what_is_no_declared_pipeline(toy, declared, text, message):
    with pytest.raises(InputError, match=message):
        read_declared(declared(text)).pipeline()


def test_errors_of_the_command_are_one_line(toy, declared, call, tmp_path):
    source, out = write_rows(tmp_path / "in.csv", sample(5)), tmp_path / "out"
    for arguments, message in [
        (("no.toml", source), "cannot read no.toml: No such file"),
        ((declared(GOOD), source, "--option", "a=1"), "a pipeline has its models and options in its file"),
        ((declared(GOOD), source, source), "a pipeline has its models and options in its file"),
        ((declared(GOOD), "no.csv"), "there is no file no.csv"),
        ((declared(GOOD), source, "--id", "nr"), "no column 'nr'"),
    ]:
        code, _, err = call("run", *arguments, "--out", out)
        assert code == 2
        assert err.count("error: ") == 1
        assert message in err
        assert not out.exists()


def test_saved_models_and_their_settings(declared, trained, toy_slm, tmp_path, monkeypatch):
    monkeypatch.setattr("slmkit.core._load", lambda path, precision: toy_slm)
    monkeypatch.setattr("slmkit.tasks.saved_part.load_core", lambda: toy_slm)
    for name in ("mood", "names"):
        trained[name].save(tmp_path / "models" / name)
    text = "[[tasks]]\nname = 'mood'\nmodel = 'models/mood'\n[[tasks]]\nname = 'who'\nmodel = 'models/names'\n"
    made = read_declared(declared(text + "settings = { threshold = 0.9, rules = [] }")).pipeline()
    assert list(made.tasks) == ["mood", "who"]
    assert made.tasks["who"].threshold == 0.9
    assert made.annotate(["the good film !"])[0]["mood_label"] == "pos"
    for bad, message in [
        ("settings = { depth = 3 }", "task 'who': entities has no option 'depth'; its options are: types, threshold"),
        ("[[tasks]]\nname = 'm'\nmodel = 'models/mood'\nsettings = { a = 1 }", "a saved classifier has no options"),
    ]:
        with pytest.raises(InputError, match=message):
            read_declared(declared(text + bad)).pipeline()
    with pytest.raises(CheckpointError, match="pipeline.toml, task 'x': "):
        read_declared(declared("[[tasks]]\nname = 'x'\nmodel = 'models/none'")).pipeline()
