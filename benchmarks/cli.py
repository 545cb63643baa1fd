"""``slmkit bench`` and ``slmkit data``. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slmkit.benchmarks.console import keeping_left_out, one_line_errors, show_table, tell_tried, tell_turn
from slmkit.benchmarks.data_commands import DataDir, data_fetch, data_list, data_verify
from slmkit.benchmarks.reliability.cli import bench_reliability
from slmkit.errors import InputError

if TYPE_CHECKING:
    from slmkit.benchmarks.runner import Outcome

bench_app = typer.Typer(no_args_is_help=True, help="Measure systems on registered datasets, side by side.")
# Here and not beside its commands: ``slmkit --help`` reads this line without importing the module.
data_app = typer.Typer(no_args_is_help=True, help="The benchmark datasets: list, verify, fetch.")

Out = Annotated[Path, typer.Option("--out", help="Folder of the result files; what is there is not recomputed.")]
Tasks = Annotated[list[str] | None, typer.Option("--task", help="Task; repeatable.")]
Systems = Annotated[list[str] | None, typer.Option("--system", help="System; repeatable.")]
Splits = Annotated[list[str] | None, typer.Option("--split", help="dev (default) or test; repeatable.")]
Limit = Annotated[int | None, typer.Option("--limit", help="Evaluate at most so many rows.")]
TrainLimit = Annotated[int | None, typer.Option("--train-limit", help="Fit on at most so many rows.")]
JsonRows = Annotated[bool, typer.Option("--json", help="Print the rows as JSON on the last line.")]


@bench_app.command("run")
def bench_run(
    out: Out,
    task: Tasks = None,
    dataset: Annotated[list[str] | None, typer.Option("--dataset", help="Dataset; repeatable.")] = None,
    system: Systems = None,
    protocol: Annotated[
        list[str] | None, typer.Option("--protocol", help="shipped, fitted or few-shot; repeatable.")
    ] = None,
    split: Splits = None,
    limit: Limit = None,
    train_limit: TrainLimit = None,
    seed: Annotated[list[int] | None, typer.Option("--seed", help="Default 0; few-shot 0 to 4. Repeatable.")] = None,
    data_dir: DataDir = None,
    json_rows: JsonRows = False,
    in_process: Annotated[
        bool, typer.Option("--in-process", help="Measure in this process; peak memory is then not the system's own.")
    ] = False,
) -> None:
    """Measure and keep one JSON file per dataset, split, protocol, system and seed."""
    with one_line_errors():
        from slmkit.benchmarks import datasets, runner

        chosen = runner.Selection(
            tasks=tuple(task or ()),
            datasets=tuple(dataset or ()),
            systems=tuple(system or ()),
            protocols=tuple(protocol or ()),
            splits=tuple(split or ("dev",)),
            seeds=tuple(seed or ()),
            limit=limit,
            train_limit=train_limit,
        )
        how = runner.Run(datasets.locate(data_dir), out, in_process=in_process, on_outcome=keeping_left_out(out))
        outcomes = runner.run(runner.plan(chosen), how)
    _show_outcomes(outcomes, json_rows=json_rows)


@bench_app.command("all")
def bench_all(
    out: Out,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", help="Time for all of it; what does not fit is named. Default: no end."),
    ] = None,
    task: Tasks = None,
    system: Systems = None,
    split: Splits = None,
    limit: Limit = None,
    train_limit: TrainLimit = None,
    data_dir: DataDir = None,
    json_rows: JsonRows = False,
) -> None:
    """Measure every task, dataset, protocol and system that the data at hand allows, the cheap cells first.

    What is in the folder already is not measured again, so a run that was stopped goes on. Why a cell has no result is
    kept beside the results, for the report.
    """
    with one_line_errors():
        from slmkit.benchmarks import budget, datasets, runner

        if minutes is not None and minutes <= 0:
            raise InputError(f"--minutes must be more than 0, got {minutes:g}")
        chosen = runner.Selection(
            tasks=tuple(task or ()),
            systems=tuple(system or ()),
            splits=tuple(split or ("dev",)),
            limit=limit,
            train_limit=train_limit,
        )
        root = datasets.locate(data_dir)
        time_left = budget.Budget(root, None if minutes is None else 60 * minutes)
        how = runner.Run(root, out, on_outcome=keeping_left_out(out), budget=time_left)
        outcomes = runner.run(runner.plan(chosen), how)
    _show_outcomes(outcomes, json_rows=json_rows)


def _show_outcomes(outcomes: list[Outcome], *, json_rows: bool) -> None:
    """Print what was measured and what was left out; exit code 1 where a cell failed or nothing was measured."""
    from slmkit.benchmarks import results
    from slmkit.benchmarks.report.tables import console_rows

    found = [o.result for o in outcomes if o.result is not None]
    if found:
        columns, rows, right = console_rows(found)
        show_table("", columns, rows, right=right)
    left_out = [o for o in outcomes if o.result is None]
    if left_out:
        show_table("Left out", ["cell", "status", "reason"], [[str(o.cell), o.status, o.reason] for o in left_out])
    if json_rows:
        typer.echo(results.json_line(found))
    if not found or any(o.status == "failed" for o in outcomes):
        raise typer.Exit(1)


@bench_app.command("list")
def bench_list() -> None:
    """Systems, and what each can be asked to do."""
    from slmkit.benchmarks import systems

    rows = [
        [s.name, ", ".join(s.languages), ", ".join(f"{t} ({p})" for t, p in s.serves), s.about]
        for s in systems.SYSTEMS.values()
    ]
    show_table("", ["system", "languages", "serves", "about"], rows)


@bench_app.command("report")
def bench_report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of result files.")],
    out: Annotated[Path, typer.Option("--out", help="report.html for a page, report.md for Markdown tables.")],
) -> None:
    """Write the results of a folder as a self-contained page, or as Markdown.

    In a Markdown file with the lines "<!-- results -->" and "<!-- /results -->" only what is between them is replaced.
    """
    with one_line_errors():
        from slmkit.benchmarks import report

        for problem in report.write(folder, out):
            typer.echo(f"left out: {problem}", err=True)
    typer.echo(f"wrote {out}")


@bench_app.command("compare")
def bench_compare(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="Folder of result files.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Folder of result files to judge.")],
    confidence: Annotated[
        float,
        typer.Option(
            "--confidence", help="Of the intervals. At 0.95 one unchanged row in forty seems worse by chance."
        ),
    ] = 0.95,
    every: Annotated[
        bool, typer.Option("--all", help="Show also those beside a main metric that are the same.")
    ] = False,
    json_rows: Annotated[bool, typer.Option("--json", help="Print all rows as JSON on the last line.")] = False,
) -> None:
    """Compare two folders of results: what got better or worse beyond noise.

    Exit code 0 when nothing got worse beyond noise, 1 when something did, 2 when the folders cannot be compared.
    """
    import json
    from collections import Counter
    from dataclasses import asdict

    with one_line_errors():
        from slmkit.benchmarks import compare

        changes = compare.compare(old, new, confidence=confidence)
        show_table("", compare.COLUMNS, compare.table(changes, every=every), right=compare.NUMBERS)
    counts = Counter(change.verdict for change in changes)
    typer.echo(", ".join(f"{counts[verdict]} {verdict}" for verdict in compare.VERDICTS if counts[verdict]))
    if json_rows:
        typer.echo(json.dumps([asdict(change) for change in changes], ensure_ascii=False, allow_nan=False))
    if counts["worse"]:
        raise typer.Exit(1)


@bench_app.command("card")
def bench_card(
    csv: Annotated[Path, typer.Option("--csv", help="The table: .csv, .tsv, .jsonl (each also .gz) or .parquet.")],
    text: Annotated[str, typer.Option("--text", help="Column of the texts.")] = "text",
    label: Annotated[str, typer.Option("--label", help="Column of their labels.")] = "label",
    out: Annotated[Path | None, typer.Option("--out", help="card.html for a page, card.md for Markdown.")] = None,
    system: Annotated[list[str] | None, typer.Option("--system", help="System; repeatable. Default: all.")] = None,
    minutes: Annotated[float, typer.Option("--minutes", help="Time for all of it; what does not fit is named.")] = 15,
    seed: Annotated[int, typer.Option("--seed", help="Of the split and of what is fitted.")] = 0,
    encoding: Annotated[str | None, typer.Option("--encoding", help="Of a text file; default UTF-8.")] = None,
    json_rows: Annotated[bool, typer.Option("--json", help="Print verdict and rows as JSON on the last line.")] = False,
) -> None:
    """Measure the systems on your own table of texts and labels, and say which to use."""
    import json

    with one_line_errors():
        from slmkit.benchmarks import card, costs

        card.check_out(out)
        if minutes <= 0:
            raise InputError(f"--minutes must be more than 0, got {minutes:g}")
        room = costs.bytes_within("slmkit", 0.6 * 60 * minutes)  # the rest of the time is for the others
        table = card.read(csv, text, label, seed=seed, train_bytes=room, encoding=encoding)
        for line in card.show.about(table):
            typer.echo(line, err=True)
        tried = card.measure(
            table, tuple(system or ()), seconds=60 * minutes, seed=seed, on_turn=tell_turn, on_done=tell_tried
        )
        verdict = card.judge(tried, table)
        show_table("", card.show.COLUMNS, card.show.rows(tried), right=card.show.NUMBERS)
        for line in (card.show.note(tried), *(f"Left out: {name}: {why}" for name, why in card.show.left_out(tried))):
            typer.echo(line)
        typer.echo(f"\n{verdict.sentence}" + (f"\n{verdict.how}" if verdict.how else ""))
        if out is not None:
            card.write(out, tried, table, verdict)
            typer.echo(f"wrote {out}", err=True)
    if json_rows:
        rows = [t.result.row() for t in tried if t.result is not None]
        chosen = None if verdict.chosen is None else str(verdict.chosen)
        typer.echo(json.dumps({"use": chosen, "why": verdict.sentence, "rows": rows}, ensure_ascii=False))


bench_app.command("reliability")(bench_reliability)


@bench_app.command("speed")
def bench_speed(
    system: Annotated[list[str] | None, typer.Option("--system", help="Embedder; repeatable.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="Texts of each dataset.")] = 2000,
    repeats: Annotated[int, typer.Option("--repeats", help="Timed passes; the median counts.")] = 3,
    data_dir: DataDir = None,
    out: Annotated[Path | None, typer.Option("--out", help="JSON file; report shows speed*.json.")] = None,
    json_rows: Annotated[bool, typer.Option("--json", help="Print the measurement as JSON on the last line.")] = False,
    writing: Annotated[bool, typer.Option("--writing", help="Measure what writes: our decoder and its peers.")] = False,
    pipeline: Annotated[
        bool, typer.Option("--pipeline", help="Measure four tasks over one pass, beside one after the other.")
    ] = False,
    long: Annotated[bool, typer.Option("--long", help="Measure summaries by the length of the text.")] = False,
    index: Annotated[
        bool, typer.Option("--index", help="Measure an index: building, bytes, memory, searches, recall.")
    ] = False,
    passages: Annotated[
        int | None, typer.Option("--passages", help="With --index: how many. Default: 1000000.")
    ] = None,
    declared: Annotated[
        Path | None, typer.Option("--declared", help="With --pipeline, a TOML file whose tasks are measured.")
    ] = None,
) -> None:
    """Texts a second, share of the machine's matrix-product rate, cold start and memory of the embedders."""
    import json

    from slmkit.benchmarks import datasets, speed
    from slmkit.benchmarks.results import write_text

    with one_line_errors():
        if limit < 1 or repeats < 1:
            raise InputError(f"--limit and --repeats must be 1 or more, got {limit} and {repeats}")
        asked = {"writing": writing, "pipeline": pipeline, "long": long, "index": index}
        kinds = [name for name, given in asked.items() if given]
        found = speed.measure_one_of(
            kinds,
            tuple(system or ()),
            lambda: datasets.locate(data_dir),
            limit,
            repeats,
            declared=declared,
            passages=passages,
        )
        for title, columns, rows, right in speed.tables(found):
            show_table(title, columns, rows, right=right)
        if out is not None:
            write_text(out, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    if json_rows:
        typer.echo(json.dumps(found, ensure_ascii=False))


@bench_app.command("depths")
def bench_depths(
    out: Annotated[Path, typer.Option("--out", help="JSON-lines file; what is there is not measured again.")],
    dataset: Annotated[list[str] | None, typer.Option("--dataset", help="Dataset; repeatable.")] = None,
    depth: Annotated[list[int] | None, typer.Option("--depth", help="Layers of the branch; repeatable.")] = None,
    epochs: Annotated[int, typer.Option("--epochs", help="Passes over the training rows.")] = 4,
    train_limit: Annotated[int | None, typer.Option("--train-limit", help="Fit on at most so many rows.")] = None,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    core: Annotated[Path | None, typer.Option("--core", help="Folder of a core; default: the shipped one.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Compare branch depths on the frozen trunk by quick heads: classes, tags and spans."""
    with one_line_errors():
        import slmkit
        from slmkit.benchmarks import datasets, depths

        runs = [
            depths.Settings(depth=d, epochs=epochs, limit=train_limit, seed=seed) for d in depth or (2, 3, 4, 6, 12)
        ]
        sets = dataset or ["sst2", "cluener2020", "cmrc2018"]
        depths.compare(slmkit.load(core), datasets.locate(data_dir), sets, runs, out)


data_app.command("list")(data_list)
data_app.command("verify")(data_verify)
data_app.command("fetch")(data_fetch)
