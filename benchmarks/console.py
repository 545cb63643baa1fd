"""Tables on stdout, progress on stderr, and errors as one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from slmkit.errors import InputError, SLMKitError

if TYPE_CHECKING:
    from slmkit.benchmarks.card import Tried
    from slmkit.benchmarks.runner import Outcome

_NARROWEST = 118


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn this package's errors into one line on stderr: exit code 2 for a wrong argument, 1 for the rest."""
    try:
        yield
    except SLMKitError as error:
        typer.echo(f"Error: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(2 if isinstance(error, InputError) else 1) from error


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Print a table on stdout; cells are taken literally."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        # A pipe has no width, and 80 columns would cut names in two.
        console = Console(file=sys.stdout, highlight=False, width=_NARROWEST)
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def tell(number: int, total: int, outcome: Outcome) -> None:
    """One line of progress on stderr."""
    said = f": {outcome.reason}" if outcome.reason else ""
    if outcome.result is not None:
        said = f": {outcome.result.metric} {outcome.result.score:.4f}"
    typer.echo(f"[{number}/{total}] {outcome.cell} {outcome.status}{said}", err=True)


def keeping_left_out(folder: Path) -> Callable[[int, int, Outcome], None]:
    """What ``tell`` does, and a note in the folder of results of each cell that has none."""
    from slmkit.benchmarks import left_out

    def told(number: int, total: int, outcome: Outcome) -> None:
        tell(number, total, outcome)
        left_out.note(folder, outcome)

    return told


def tell_turn(number: int, total: int, name: str) -> None:
    """Say on stderr what is being measured."""
    typer.echo(f"[{number}/{total}] {name} …", err=True)


def tell_tried(tried: Tried) -> None:
    """Say on stderr how it went."""
    if tried.result is None:
        typer.echo(f"  {tried}: left out: {tried.reason}", err=True)
    else:
        typer.echo(f"  {tried}: {tried.result.metric} {tried.result.score:.4f}", err=True)
