import io
import sys

import pytest

from slmkit.tasks import base
from slmkit.tasks.generation import Generator
from tests.conftest import make_toy_slm


@pytest.fixture
def core(monkeypatch):
    made = make_toy_slm(decoder=True)
    monkeypatch.setattr("slmkit.core.load", lambda path=None, precision="auto": made)
    monkeypatch.setitem(base.TASKS, "generate", "slmkit.tasks.generation:Generator")
    monkeypatch.setitem(base.TASKS, "translate", "slmkit.tasks.generation:Translator")
    return made


def test_generate_streams_what_the_task_writes(core, call, monkeypatch):
    wanted = Generator(max_new_tokens=12).predict("the film")
    assert call("generate", "the film", "--max-new-tokens", 12)[:2] == (0, wanted + "\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO("the film"))
    assert call("generate", "-", "--max-new-tokens", 12)[1] == wanted + "\n"
    drawn = [call("generate", "the film", "--temperature", 20, "--top-p", 1, "--seed", seed)[1] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    code, _, error = call("generate", "the film", "--start", "sing")
    assert (code, "not taught to 'sing'" in error) == (2, True)


def test_generate_draws_where_a_seed_or_top_p_is_given(core, call):
    ask = ("generate", "the film", "--max-new-tokens", 12)
    greedy, warm = call(*ask)[1], call(*ask, "--temperature", 1)[1]
    assert call(*ask, "--seed", 0)[1] == call(*ask, "--top-p", 0.9)[1] == warm != greedy
    assert call(*ask, "--seed", 5)[1] == call(*ask, "--temperature", 1, "--seed", 5)[1]
    code, _, error = call(*ask, "--top-p", 9)
    assert (code, error.strip()) == (2, "error: top_p 9.0: give a number above 0, at most 1")


def test_generate_with_a_saved_writer(core, call, tmp_path):
    settings = {"temperature": 20.0, "top_p": 1.0}
    made = Generator(settings=settings).fit(["the good film", "a bad bank"] * 4, ["good", "bad"] * 4, epochs=1)
    made.save(tmp_path / "writer")
    ask = ("generate", "the film", "--model", tmp_path / "writer", "--max-new-tokens", 12)
    made.set_params(max_new_tokens=12)
    assert call(*ask)[1] == "".join(made.stream("the film")) + "\n"
    # What was saved goes before the usual, and what is given before both.
    for given in ({"seed": 3}, {"temperature": 1.0}):
        made.set_params(settings={"seed": 0, **settings, **given, "do_sample": True})
        options = [part for name, value in given.items() for part in (f"--{name}", value)]
        assert call(*ask, *options)[1] == "".join(made.stream("the film")) + "\n"
    for start in ("title", "continue"):
        code, out, error = call(*ask, "--start", start)
        assert (code, out) == (2, "")
        assert error == "error: a saved writer writes what it was fitted for; --start is for the shipped one\n"


def test_run_takes_options_of_the_task(core, call, tmp_path):
    table = tmp_path / "in.csv"
    table.write_text("text\nthe film\n好\n")
    out = tmp_path / "out.csv"
    assert (
        call("run", "generate", table, "--out", out, "--option", "max_new_tokens=3", "--option", "start=title")[0] == 0
    )
    wanted = Generator(max_new_tokens=3, start="title").predict("the film")
    assert (
        out.read_text("utf-8-sig")
        .splitlines()[1]
        .startswith(f"the film,{wanted}" if "," not in wanted else "the film,")
    )
    assert call("run", "translate", table, "--out", out, "--overwrite")[0] == 0
    assert "is Chinese, this translator reads English" in out.read_text("utf-8-sig")
    for options, message in (
        (["layers=3"], "generate has no option 'layers'; its options are: start, max_new_tokens"),
        (["start"], "give NAME=VALUE"),
    ):
        code, _, error = call("run", "generate", table, "--out", out, "--overwrite", "--option", *options)
        assert (code, message in error) == (2, True)


def test_a_core_that_cannot_write_ends_the_run_in_one_line(core, call, tmp_path, monkeypatch):
    reader = make_toy_slm()
    monkeypatch.setattr("slmkit.core.load", lambda path=None, precision="auto": reader)
    table = tmp_path / "in.csv"
    table.write_text("text\nthe film\n")
    for command in (("generate", "the film"), ("run", "generate", table, "--out", tmp_path / "out.csv")):
        code, _, error = call(*command)
        assert code == 2
        assert "this core has no decoder" in error.strip().splitlines()[-1]
    assert not (tmp_path / "out.csv").exists()
