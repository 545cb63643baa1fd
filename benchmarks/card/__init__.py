"""A user's own table, measured with the same systems as the registered sets, and which of them to use."""

from __future__ import annotations

from pathlib import Path

from slmkit.benchmarks.card import show
from slmkit.benchmarks.card.measuring import Tried, measure
from slmkit.benchmarks.card.table import Table, read
from slmkit.benchmarks.card.verdict import Verdict, judge
from slmkit.benchmarks.results import write_text
from slmkit.errors import InputError

__all__ = ["Table", "Tried", "Verdict", "check_out", "judge", "measure", "read", "show", "write"]


def check_out(out: Path | None) -> None:
    """Raise InputError unless a card can be written under this name."""
    if out is not None and out.suffix not in (".html", ".md"):
        raise InputError(f"--out must end in .html or .md, got {out.name!r}")


def write(out: Path, tried: list[Tried], table: Table, verdict: Verdict) -> None:
    """Write the card to a file that ends in .html or .md."""
    check_out(out)
    render = show.render_markdown if out.suffix == ".md" else show.render_page
    write_text(out, render(tried, table, verdict))
