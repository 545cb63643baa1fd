"""``slmkit bench reliability``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from slmkit.benchmarks.console import one_line_errors, show_table
from slmkit.errors import InputError


def bench_reliability(
    check: Annotated[list[str] | None, typer.Option("--check", help="Of the campaign; repeatable. Default: all.")] = (
        None
    ),
    scale: Annotated[float, typer.Option("--scale", help="Share of the full campaign, which takes hours.")] = 1.0,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    out: Annotated[Path | None, typer.Option("--out", help="JSON file; report shows reliability*.json.")] = None,
) -> None:
    """Kill, flood and damage what ships, and count what fails; exits with 1 where anything does."""
    from slmkit.benchmarks.reliability import campaign
    from slmkit.benchmarks.results import write_text

    with one_line_errors():
        if scale <= 0:
            raise InputError(f"--scale must be above 0, got {scale:g}")
        found = campaign.measure_reliability(
            tuple(check or ()), scale=scale, seed=seed, tell=lambda line: typer.echo(line, err=True)
        )
        for title, columns, rows, right in campaign.tables(found):
            show_table(title, columns, rows, right=right)
        if out is not None:
            write_text(out, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    if any(each["failed"] for each in found["checks"]):
        raise typer.Exit(1)
