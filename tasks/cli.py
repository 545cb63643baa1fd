"""The command line. ``slmkit --help`` imports no torch, no pandas and no benchmark."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

import slmkit
from slmkit.errors import InputError, SLMKitError
from slmkit.tasks.base import TASKS, load_model, load_task, ships
from slmkit.tasks.knowledge.cli import graph_app
from slmkit.tasks.lazy_commands import LazyGroup
from slmkit.tasks.name_values import read_pairs
from slmkit.tasks.question_answering.cli import Asked, AskedReader, ask, given, index_app, search
from slmkit.tasks.spelling.cli import correct

if TYPE_CHECKING:
    from slmkit.tasks.base import TableTask
    from slmkit.tasks.stream import Report

EPILOG = "Quick start:  slmkit demo   ·   slmkit run sentiment reviews.csv --column text --out annotated.csv"

app = typer.Typer(
    cls=LazyGroup,
    name="slmkit",
    help="A small English + Chinese language model for everyday jobs over tables, offline, on a laptop CPU.",
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


app.add_typer(index_app)
app.add_typer(graph_app)
app.command("search")(search)
app.command("ask")(ask)
app.command("correct")(correct)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"slmkit {slmkit.__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    del version, debug  # --version has acted; main() looks for --debug


@app.command("run", epilog="--id COLUMN writes only that column and the results; without it all columns are kept.")
def _run(
    operands: Annotated[
        list[str],
        typer.Argument(
            metavar="[TASK] INPUT …",
            help=f"The task ({', '.join(TASKS)}), or a pipeline of several (.toml), left out with --model; and the "
            "table: .csv, .tsv, .jsonl (each also .gz) or .parquet; several, a folder or a pattern; or - for stdin.",
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="The annotated table; its suffix tells the format. Several, or a pipeline: a folder.")
    ],
    column: Annotated[str | None, typer.Option(help="The column that holds the texts (text).")] = None,
    model: Annotated[
        Path | None, typer.Option(help="A saved classifier, writer, recognizer or extractor, instead of a task.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="An option of the task; repeatable.")
    ] = None,
    index: Asked = None,
    reader: AskedReader = None,
    id_column: Annotated[str | None, typer.Option("--id", help="Write only this column and the results.")] = None,
    prefix: Annotated[str | None, typer.Option(help="Put before the names of the result columns.")] = None,
    chunk_rows: Annotated[
        int | None, typer.Option(min=1, help="Rows that are read, annotated and kept at a time (2048).")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was cut off.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that is there.")] = False,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a text file (UTF-8).")] = None,
    errors: Annotated[str, typer.Option(help="quarantine or raise: what a row does that cannot be processed.")] = (
        "quarantine"
    ),
    stdin_format: Annotated[
        str, typer.Option("--format", help="Of a table on stdin: csv, tsv, jsonl or parquet.")
    ] = "csv",
    one_row: Annotated[
        bool, typer.Option("--one-row", help="A row a text, where each thing that is found would get a row.")
    ] = False,
) -> None:
    """Annotate a table file with a task, a saved classifier, or a pipeline of tasks over one pass.

    Rows that cannot be processed are kept, with an empty result and a reason in slm_error. Where a task finds several
    things in a text, such as entities or relations, each of them gets a row.
    """
    if errors not in ("quarantine", "raise"):
        raise InputError(f"--errors can be quarantine or raise, not {errors!r}")
    options = read_pairs(option or [], "--option") | given(index=index, reader=reader)
    keywords: dict[str, Any] = {
        "prefix": prefix,
        "chunk_rows": chunk_rows,
        "encoding": encoding,
        "errors": errors,
        "resume": resume,
        "overwrite": overwrite,
        "progress": True,
        "explode": False if one_row else None,
    }
    report: Report | int
    try:
        if operands[0].endswith(".toml"):
            if model is not None or options or len(operands) != 2:
                raise InputError("a pipeline has its models and options in its file: slmkit run PIPELINE.toml INPUT")
            report = _run_pipeline(operands[0], operands[1], out, column=column, id_column=id_column, **keywords)
        else:
            task, sources = _read_operands(operands, model, options)
            keywords |= {"column": column or "text", "id_column": id_column}
            report = _run_sources(task, sources, out, stdin_format, keywords)
    except KeyboardInterrupt as error:  # further out, its message would be lost
        typer.echo(str(error) or "interrupted", err=True)
        raise typer.Exit(130) from None
    if isinstance(report, int):
        raise typer.Exit(report)
    typer.echo(_summary(report), err=True)


def _run_sources(
    task: Callable[[], TableTask], sources: list[str], out: Path, stdin_format: str, keywords: dict[str, Any]
) -> Report | int:
    """Run a task over one table, what comes in on stdin, or many tables; of many, the exit code."""
    from slmkit.tasks.many_files import is_many, run_files
    from slmkit.tasks.stream import run_file

    if sources == ["-"]:
        if keywords["resume"]:
            raise InputError("what comes in on stdin cannot be gone on with; write it to a file first")
        _check_format(stdin_format)
        try:
            with _spooled(stdin_format, out) as path:
                return run_file(task, path, out, resumable=False, **keywords)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("interrupted; nothing is kept of what came in on stdin") from None
    if not is_many(sources):
        return run_file(task, sources[0], out, **keywords)
    found = run_files(task, sources, out, **keywords)
    before = f"; {found.finished_before:,} were finished before" if found.finished_before else ""
    typer.echo(
        f"{found.files:,} files, {found.rows:,} rows{before}; {found.quarantined:,} quarantined (see slm_error); "
        f"written to {found.out}",
        err=True,
    )
    for name, reason in found.failed.items():
        typer.echo(f"not annotated: {name}: {reason}", err=True)
    return 1 if found.failed else 0


def _check_format(form: str) -> None:
    """Refuse what no table on stdin can be, before it is waited for.

    Raises:
        InputError: there is no such format.
    """
    from slmkit.tasks.table_io import format_of

    try:
        format_of(Path(f"stdin.{form}"))
    except InputError:
        told = "it can be csv, tsv, jsonl, ndjson (each also with .gz), parquet or pq"
        raise InputError(f"--format {form}: {told}") from None


@contextmanager
def _spooled(form: str, out: Path) -> Iterator[Path]:
    """A file with what comes in on stdin: a table is looked through once before it is read."""
    with tempfile.TemporaryDirectory(
        prefix=".slmkit-stdin-", dir=out.parent if out.parent.is_dir() else None
    ) as folder:
        path = Path(folder) / f"stdin.{form}"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield path


def _run_pipeline(
    declared: str, source: str, out: Path, *, column: str | None, id_column: str | None, **keywords: Any
) -> Report:
    """Run a declared pipeline; what was given on the command line goes before what the file says."""
    from slmkit.tasks.pipeline.declared import read_declared
    from slmkit.tasks.pipeline.files import run_folder
    from slmkit.tasks.stream import Asked

    said = read_declared(declared)
    asked = Asked(column=column or said.column, id_column=id_column or said.id_column, **keywords)
    return run_folder(said.pipeline, source, out, asked)


def _read_operands(
    operands: list[str], model: Path | None, options: dict[str, Any]
) -> tuple[Callable[[], TableTask], list[str]]:
    """Take ``TASK INPUT …``, or ``INPUT …`` alone with a model."""
    tasks = ", ".join(TASKS)
    if model is not None:
        if operands[0] in TASKS and len(operands) > 1:
            raise InputError(f"with --model only the table is named, not {' '.join(operands)!r}")
        if not model.exists():
            raise InputError(f"there is no model {model}")
        if options:
            raise InputError("a saved model keeps its own options; --option is for the shipped tasks")
        return lambda: load_model(str(model)), operands
    if len(operands) == 1:
        raise InputError(f"name a task ({tasks}) before the table, or a saved classifier with --model")
    name, *sources = operands
    if name not in TASKS:
        load_task(name)  # raises, with the names that are near
    return lambda: load_task(name, **options), sources


def _summary(report: Report) -> str:
    if report.finished_before:
        return f"{report.out} is there and no run of it is unfinished: nothing to do (--overwrite makes it anew)"
    gone_on = f", {report.resumed:,} of them by an earlier run" if report.resumed else ""
    return f"{report.rows:,} rows{gone_on}; {report.quarantined:,} quarantined (see slm_error); written to {report.out}"


@app.command("generate")
def _generate(
    text: Annotated[str, typer.Argument(help="What to go on from; - reads it from stdin.")],
    start: Annotated[
        str | None, typer.Option(help="What to write: continue (the default), summarize, title, translate-en-zh …")
    ] = None,
    max_new_tokens: Annotated[int | None, typer.Option(min=0, help="Most tokens that are written (128).")] = None,
    temperature: Annotated[
        float | None,
        typer.Option(help="Draw at random; higher is wilder (with --top-p or --seed: 1). Default: greedy."),
    ] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw at random, from the likeliest tokens that hold this much (0.9).")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Draw at random, the same again by the same seed (0).")] = None,
    model: Annotated[Path | None, typer.Option(help="A saved writer, instead of the shipped one.")] = None,
) -> None:
    """Write a text, streamed to the terminal as it comes; Ctrl-C ends it."""
    from slmkit.tasks.generation.generator import CONTINUE, Generator

    if model is not None and start is not None:
        raise InputError("a saved writer writes what it was fitted for; --start is for the shipped one")
    task = Generator(start=CONTINUE if start is None else start) if model is None else Generator.load(model)
    asked = {"temperature": temperature, "top_p": top_p, "seed": seed}
    drawn = {name: value for name, value in asked.items() if value is not None}
    if drawn:
        usual = {"temperature": 1.0, "top_p": 0.9, "seed": 0, **(task.settings or {})}
        task.set_params(settings={**usual, **drawn, "do_sample": True})
    if max_new_tokens is not None:
        task.set_params(max_new_tokens=max_new_tokens)
    pieces = task.stream(sys.stdin.read() if text == "-" else text)
    try:
        for piece in pieces:
            typer.echo(piece, nl=False)
            sys.stdout.flush()
    finally:
        typer.echo()


@app.command("info")
def _info(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Show the shipped model: size, vocabulary, licence, lineage; and the tasks."""
    facts = {"slmkit": slmkit.__version__, "tasks": list(TASKS), **slmkit.load().info()}
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, default=str))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        shown = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
        typer.echo(f"{name:<{width}}  {shown:,}" if type(shown) is int else f"{name:<{width}}  {shown}")


@app.command("demo")
def _demo(
    out: Annotated[Path, typer.Option(help="The folder for the annotated table.")] = Path("slmkit-demo"),
) -> None:
    """Run every task over a small table of English and Chinese reviews and news, and ask about the news."""
    from slmkit.tasks.demo import run_demo

    result = run_demo(out)
    typer.echo(result.preview)
    typer.echo(f"{result.rows} rows, {result.quarantined} results quarantined (see slm_error)")
    if ships("ask"):
        from slmkit.tasks.demo_questions import ask_about_news, shown

        typer.echo(f"\nquestions about its news:\n{shown(ask_about_news())}\n")
    typer.echo(f"the annotated table: {result.path}")


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; errors are one line on stderr and an exit code that is not 0."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    command: Any = typer.main.get_command(app)
    try:
        try:
            command(arguments, prog_name="slmkit")
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt as error:
        _fail(str(error) or "interrupted", 130)
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except SLMKitError as error:
        if debug:
            raise
        _fail(f"error: {error}", 2)
    except Exception as error:
        if debug:
            raise
        _fail(f"error: {type(error).__name__}: {error} (slmkit --debug … shows where)", 1)
    sys.exit(0)


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(" ".join(message.split()), err=True)
    sys.exit(code)
