import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from toy_tasks import Measure

import slmkit
from slmkit.tasks import base, cli

MAIN = "from slmkit.tasks.cli import main; main()"


@pytest.fixture
def toy(monkeypatch):
    """Let the name "sentiment" stand for a task that needs no weights."""
    monkeypatch.setitem(base.TASKS, "sentiment", "toy_tasks:Picky")


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("id,text\n001,good\n002,\n003,boom\n004,fine\n")
    return path


@pytest.fixture
def plugin(tmp_path, environment):
    """A tree in which other packages have added commands, as installing them would."""
    (tmp_path / "bench_floor").mkdir()
    (tmp_path / "bench_floor" / "__init__.py").write_text("")
    (tmp_path / "bench_floor" / "cli.py").write_text(
        "import typer, decimal\n"
        'bench_app = typer.Typer(help="Measure every task.")\n'
        'data_app: typer.Typer = typer.Typer(help="The benchmark data.")\n'
        "@bench_app.command()\ndef run(n: int = 1) -> None:\n    typer.echo(f'bench ran {n}')\n"
        "@bench_app.command()\ndef report() -> None:\n    raise ValueError('broken\\nreport')\n"
    )
    info = tmp_path / "floor-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: floor\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[slmkit.commands]\nbench = bench_floor.cli:bench_app\ndata = bench_floor.cli:data_app\n"
        "run = bench_floor.cli:bench_app\ngone = no_such_package.cli:app\n"
    )
    return {**environment, "PYTHONPATH": f"{tmp_path}{os.pathsep}{environment['PYTHONPATH']}", "COLUMNS": "100"}


def in_child(program, *arguments, env):
    return subprocess.run([sys.executable, "-c", program, *arguments], env=env, capture_output=True, text=True)


def test_run_annotates_a_table(toy, call, table, tmp_path):
    code, out, err = call("run", "sentiment", table, "--out", tmp_path / "out.csv")
    assert (code, out) == (0, "")
    assert f"4 rows; 2 quarantined (see slm_error); written to {tmp_path / 'out.csv'}" in err
    assert "rows/s" in err
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[:3] == ["id,text,length,mean,first,slm_error", "001,good,4,106.25,g,", "002,,,,,empty"]
    assert lines[3].startswith("003,boom,,,,ValueError: cannot take")


def test_options_reach_the_run(toy, call, table, tmp_path):
    out = tmp_path / "out.jsonl"
    options = ["--id", "id", "--prefix", "p_", "--chunk-rows", "2", "--encoding", "utf-8", "--column", "text"]
    code, _, _ = call("run", "sentiment", table, "--out", out, *options)
    assert code == 0
    assert list(json.loads(out.read_text().splitlines()[0])) == ["id", "p_length", "p_mean", "p_first", "p_slm_error"]
    assert call("run", "sentiment", table, "--out", out)[0] == 2
    assert call("run", "sentiment", table, "--out", out, "--overwrite")[0] == 0
    code, _, err = call("run", "sentiment", table, "--out", out, "--resume")
    assert code == 0
    assert "nothing to do" in err


def test_a_saved_model_takes_the_place_of_the_task(call, table, tmp_path, monkeypatch):
    asked = []

    def load(path):
        asked.append(path)
        return Measure()

    monkeypatch.setattr(cli, "load_model", load)
    (tmp_path / "model").mkdir()
    assert call("run", "--model", tmp_path / "model", table, "--out", tmp_path / "out.csv")[0] == 0
    assert asked == [str(tmp_path / "model")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "sentimant", "IN", "--out", "OUT"], "no task 'sentimant'; did you mean 'sentiment'"),
        (["run", "IN", "--out", "OUT"], f"name a task ({', '.join(base.TASKS)}) before the table"),
        (["run", "sentiment", "IN", "x", "--out", "OUT"], "there is no file x"),
        (["run", "--model", "no-model", "IN", "--out", "OUT"], "there is no model no-model"),
        (["run", "sentiment", "--model", "m", "IN", "--out", "OUT"], "with --model only the table"),
        (["run", "sentiment", "no.csv", "--out", "OUT"], "there is no file no.csv"),
        (["run", "sentiment", "IN", "--out", "IN"], "is the input"),
        (["run", "sentiment", "IN", "--out", "OUT", "--column", "txet"], "no column 'txet'"),
        (["run", "sentiment", "IN", "--out", "OUT", "--errors", "ignore"], "can be quarantine or raise"),
        (["run", "sentiment", "IN", "--out", "OUT", "--errors", "raise"], "row 2: empty"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(toy, call, table, tmp_path, arguments, message):
    places = {"IN": str(table), "OUT": str(tmp_path / "out.csv")}
    code, out, err = call(*(places.get(argument, argument) for argument in arguments))
    assert (code, out) == (2, "")
    last = err.rstrip("\n").splitlines()[-1]
    assert last.startswith("error: ")
    assert message in last
    assert err.count("error: ") == 1
    assert not (tmp_path / "out.csv").exists()


def test_an_unexpected_error_is_one_line_unless_debug(plugin):
    plain = in_child(MAIN, "bench", "report", env=plugin)
    assert plain.returncode == 1
    assert plain.stderr == "error: ValueError: broken report (slmkit --debug … shows where)\n"
    debug = in_child(MAIN, "--debug", "bench", "report", env=plugin)
    assert debug.returncode == 1
    assert "Traceback" in debug.stderr


def test_help_lists_added_commands_without_importing_them(plugin):
    program = """
import sys
from slmkit.tasks.cli import main
try:
    main(["--help"])
except SystemExit as ended:
    heavy = {"torch", "pandas", "pyarrow", "numpy", "sklearn", "bench_floor.cli", "slmkit.benchmarks.cli"}
    assert not heavy & set(sys.modules), heavy & set(sys.modules)
    sys.exit(ended.code)
"""
    result = in_child(program, env=plugin)
    assert result.returncode == 0, result.stderr
    for words in ("run ", "info ", "demo ", "bench ", "Measure every task.", "data ", "The benchmark data.", "gone "):
        assert words in result.stdout
    assert result.stdout.count("│ run ") == 1


def test_an_added_command_runs(plugin):
    result = in_child(MAIN, "bench", "run", "--n", "3", env=plugin)
    assert (result.returncode, result.stdout) == (0, "bench ran 3\n")
    own = in_child(MAIN, "run", "--help", env=plugin)
    assert "Annotate a table file" in own.stdout
    gone = in_child(MAIN, "gone", env=plugin)
    assert gone.returncode == 1
    assert gone.stderr.startswith("error: ModuleNotFoundError: No module named 'no_such_package'")
    unknown = in_child(MAIN, "banch", env=plugin)
    assert unknown.returncode == 2
    assert "No such command" in unknown.stderr


def test_version(call):
    assert call("--version") == (0, f"slmkit {slmkit.__version__}\n", "")


def test_a_reader_that_goes_away_is_no_traceback(environment):
    program = """
import typer
from slmkit.tasks import cli
@cli.app.command("talk")
def talk() -> None:
    for _ in range(100_000):
        typer.echo("many words")
cli.main(["talk"])
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1
    process.stderr.close()


SLOW = """
import sys
from slmkit.tasks import base, cli
from toy_tasks import Measure
class Slow(Measure):
    def __init__(self):
        super().__init__(0.02)
import toy_tasks
toy_tasks.Slow = Slow
base.TASKS["sentiment"] = "toy_tasks:Slow"
cli.main(["run", "sentiment", sys.argv[1], "--out", sys.argv[2], "--chunk-rows", "2"])
"""
WORDS = "id,text\n" + "".join(f"{i},word\n" for i in range(1000))


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_ctrl_c_says_how_to_go_on(table, tmp_path, environment):
    table.write_text(WORDS)
    out = tmp_path / "out.csv"
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, str(table), str(out)], env=environment, stderr=subprocess.PIPE, text=True
    )
    while not list(tmp_path.glob("out.csv.slmkit-parts/part-0*")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert err.rstrip().splitlines()[-1].endswith(f"rows are kept in {out}.slmkit-parts; --resume goes on from there")
    assert "Traceback" not in err


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("during", ["out.csv.slmkit-parts/part-0*", ".slmkit-stdin-*/stdin.csv"], ids=["run", "wait"])
def test_ctrl_c_leaves_nothing_of_what_came_in_on_stdin(tmp_path, environment, during):
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, "-", str(tmp_path / "out.csv")],
        env=environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdin.write(WORDS)
    process.stdin.flush()
    if during.startswith("out.csv"):  # else it waits for more
        process.stdin.close()
    while not list(tmp_path.glob(during)):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    err = process.stderr.read()
    assert process.wait() == 130
    process.stdin.close()
    process.stderr.close()
    assert err.rstrip().splitlines()[-1] == "interrupted; nothing is kept of what came in on stdin"
    assert "Traceback" not in err
    assert os.listdir(tmp_path) == []


def test_a_table_on_stdin_that_fails_can_be_given_again(toy, call, tmp_path, monkeypatch):
    def piped(*options):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"text\na\nb\n\nc\n")))
        return call("run", "sentiment", "-", "--out", tmp_path / "out.csv", "--chunk-rows", 1, *options)

    code, _, err = piped("--errors", "raise")
    assert (code, "row 3: empty" in err) == (2, True)
    assert os.listdir(tmp_path) == []
    assert piped()[0] == 0
    assert os.listdir(tmp_path) == ["out.csv"]


def test_the_format_of_stdin_is_checked_before_it_is_read(toy, call, tmp_path, monkeypatch):
    given = io.BytesIO(b"text\na\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(given))
    code, _, err = call("run", "sentiment", "-", "--out", tmp_path / "out.csv", "--format", "xls")
    assert (code, given.tell()) == (2, 0)
    assert err == "error: --format xls: it can be csv, tsv, jsonl, ndjson (each also with .gz), parquet or pq\n"


@pytest.mark.weights
def test_info_describes_the_shipped_model(call):
    code, out, _ = call("info", "--json")
    facts = json.loads(out)
    assert code == 0
    assert facts["slmkit"] == slmkit.__version__
    assert "sentiment" in facts["tasks"]
    assert call("info")[0] == 0


@pytest.mark.weights
def test_shipped_sentiment_over_a_file(call, tmp_path):
    (tmp_path / "in.csv").write_text("text\nWhat a wonderful evening!\n房间又脏又吵，太失望了。\n", "utf-8")
    assert call("run", "sentiment", tmp_path / "in.csv", "--out", tmp_path / "out.jsonl")[0] == 0
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [row["label"] for row in rows] == ["positive", "negative"]
