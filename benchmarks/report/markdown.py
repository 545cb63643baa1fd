"""The same tables as Markdown; README's are made by this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from slmkit.benchmarks.report import numbers, tables
from slmkit.benchmarks.report.facts import machine_text, outdated, speed_tables, version_text
from slmkit.benchmarks.report.tables import Group, Line
from slmkit.benchmarks.results import Result

_BEFORE = ("dataset", "system", "n", "metric")
_AFTER = ("95 %", "rows/s", "fit", "peak RSS", "parameters", "on disk")
_AFTER_SEARCH = ("95 %", "rows/s", "index", *_AFTER[3:])  # searching is measured as shipped: there is no fitting


def render(results: Sequence[Result], speeds: Sequence[dict[str, Any]]) -> str:
    """The file's text."""
    parts = [_group(group) for group in tables.groups(results)]
    parts += [
        f"### {cell(title)}\n\n" + table(columns, rows, right) for title, columns, rows, right in speed_tables(speeds)
    ]
    machines = "; ".join(machine_text(results, speeds))
    footer = [f"Measured on {cell(machines)}."] if machines else []
    if old := outdated(results):
        footer.append(f"Measured on an earlier version of the set: {cell(', '.join(old))}.")
    if results:
        footer.append(f"Versions: {cell(', '.join(version_text(results)))}.")
        footer.append("Intervals are 95 % bootstrap intervals over rows; ± is the standard deviation over seeds.")
    return "\n\n".join([*parts, *footer]) + "\n"


def _group(group: Group) -> str:
    rows = [_row(line, group.columns) for line in group.lines]
    after = _AFTER_SEARCH if group.searches else _AFTER
    columns = (*_BEFORE, *group.columns, *after)
    return f"### {cell(group.title)}\n\n" + table(columns, rows, {"n", *group.columns, *after})


def _row(line: Line, columns: Sequence[str]) -> list[str]:
    return [
        line.dataset,
        line.system,
        f"{line.n:,}",
        tables.metric_title(line.metric),
        *(_score(line, column) for column in columns),
        tables.interval_text(line),
        numbers.rate_text(line.rows_per_second),
        numbers.seconds_text(line.seconds_to_fit if line.seconds_to_index is None else line.seconds_to_index),
        f"{line.peak_rss_mb:,.0f} MB",
        numbers.count_text(line.parameters),
        numbers.bytes_text(line.bytes),
    ]


def _score(line: Line, column: str) -> str:
    score = tables.score_in(line, column) or "–"
    return f"**{score}**" if line.best and tables.is_main(line, column) else score


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] | set[str]) -> str:
    """A table, its columns in ``right`` set to the right; cells are taken literally."""
    rule = ["---:" if name in right else "---" for name in columns]
    lines = [columns, rule, *([cell(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(text: str) -> str:
    """Text that cannot break a table, nor become markup."""
    for old, new in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "\\|"), ("\n", " ")):
        text = text.replace(old, new)
    return text
