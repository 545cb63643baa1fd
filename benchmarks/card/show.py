"""The card as a table for the terminal, as Markdown, and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from slmkit.benchmarks.card.measuring import ZERO, Tried
from slmkit.benchmarks.card.table import Table
from slmkit.benchmarks.card.verdict import Verdict
from slmkit.benchmarks.noise import difference
from slmkit.benchmarks.report import markdown, templates
from slmkit.benchmarks.report.facts import machine_text, version_text
from slmkit.benchmarks.report.numbers import bytes_text, points_text, rate_text, seconds_text
from slmkit.benchmarks.results import Result

COLUMNS = ("system", "accuracy", "95 %", "macro-F1", "to the best", "rows/s", "fit", "peak RSS", "on disk")
NUMBERS = COLUMNS[1:]


def rows(tried: Sequence[Tried]) -> list[list[str]]:
    """Cells for ``COLUMNS``, the best first."""
    found = sorted(((t, t.result) for t in tried if t.result is not None), key=lambda pair: -pair[1].score)
    top = found[0][1] if found else None
    return [_row(t, r, top) for t, r in found if top is not None]


def _row(tried: Tried, r: Result, top: Result) -> list[str]:
    name = f"{tried} (the most frequent label)" if tried.system == ZERO else str(tried)
    interval = "–" if r.ci95 is None else "–".join(points_text(r.metric, end) for end in r.ci95)
    return [
        name,
        points_text(r.metric, r.score),
        interval,
        points_text("macro_f1", r.scores["macro_f1"]),
        _to_the_best(r, top),
        rate_text(r.rows_per_second),
        seconds_text(r.seconds_to_fit),
        f"{r.peak_rss_mb:,.0f} MB",
        bytes_text(r.bytes),
    ]


def _to_the_best(r: Result, top: Result) -> str:
    if r is top:
        return "–"
    found = difference([top], [r], top.metric)
    return points_text(r.metric, found.value, sign=True) + (" *" if found.verdict == "worse" else "")


def left_out(tried: Sequence[Tried]) -> list[tuple[str, str]]:
    """Systems without a result, and why."""
    return [(str(t), t.reason) for t in tried if t.result is None]


def about(table: Table) -> list[str]:
    """Sentences on the rows: how many, which labels, what was left out."""
    text, label = table.dataset.columns
    names = ", ".join(f"{name} ({n:,})" for name, n in list(table.counts.items())[:20])
    more = len(table.counts) - 20
    said = [
        f"{table.total:,} rows; texts from {text!r}, labels from {label!r}; {len(table.held):,} held out to judge on, "
        f"{len(table.train):,} to fit on.",
        f"{len(table.counts)} labels: {names}{f' and {more} more' if more > 0 else ''}.",
    ]
    if table.cut:
        said.append(
            f"{table.cut:,} more rows were left out of fitting to keep to the time; more --minutes take them in."
        )
    if table.skipped:
        said.append("Rows not used: " + ", ".join(f"{n:,} ({why})" for why, n in table.skipped.items()) + ".")
    if table.rare:
        names = ", ".join(f"{name} ({n})" for name, n in list(table.rare.items())[:20])
        more = len(table.rare) - 20
        said.append(f"Labels with too few rows to be judged, left out: {names}{f' and {more} more' * (more > 0)}.")
    return said


def note(tried: Sequence[Tried]) -> str:
    """What the marks of the table mean."""
    n = next((t.result.n for t in tried if t.result is not None), 0)
    return f"95 % intervals by bootstrap over {n:,} rows; * is below the best by more than chance (paired bootstrap)."


def render_markdown(tried: Sequence[Tried], table: Table, verdict: Verdict) -> str:
    """The card as Markdown."""
    parts = [f"# {markdown.cell(table.dataset.name)}", markdown.cell(verdict.sentence)]
    if verdict.how:
        parts.append(f"```python\n{verdict.how}\n```")
    parts += [markdown.table(COLUMNS, rows(tried), NUMBERS), note(tried)]
    if left_out(tried):
        parts.append(markdown.table(("left out", "why"), left_out(tried), ()))
    parts += [markdown.cell(line) for line in about(table)]
    parts += [f"Measured on {markdown.cell('; '.join(_machines(tried)))}.", f"Versions: {', '.join(_versions(tried))}."]
    return "\n\n".join(parts) + "\n"


def render_page(tried: Sequence[Tried], table: Table, verdict: Verdict) -> str:
    """The card as one HTML file that asks for nothing."""
    values = {
        "title": table.dataset.name,
        "verdict": replace(verdict, sentence=verdict.sentence.replace(" %", "\u00a0%")),
        "columns": COLUMNS,
        "numbers": NUMBERS,
        "rows": rows(tried),
        "chosen": "" if verdict.chosen is None else str(verdict.chosen),
        "note": note(tried),
        "left_out": left_out(tried),
        "about": about(table),
        "machines": _machines(tried),
        "versions": _versions(tried),
    }
    return templates.fill("card.html", {}, values)


def _machines(tried: Sequence[Tried]) -> list[str]:
    return machine_text([t.result for t in tried if t.result is not None], [])


def _versions(tried: Sequence[Tried]) -> list[str]:
    return version_text([t.result for t in tried if t.result is not None])
