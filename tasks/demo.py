"""The demo: every task over a small table of English and Chinese reviews and news that ships in the package."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.base import ERROR_COLUMN, NEEDS, TASKS, TableTask, load_task, ships
from slmkit.tasks.stream import run_file

TABLE = "reviews_and_news.csv"
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "translate": {"source": None, "target": "zh"},  # the table is in both languages
    "generate": {"max_new_tokens": 24},
}
"""What the demo asks of a task beside its defaults."""
_PREVIEW_ROWS = 8
_WIDTH = 44


@dataclass(frozen=True)
class DemoResult:
    """What the demo wrote."""

    path: Path
    rows: int
    quarantined: int
    preview: str


def run_demo(folder: Path, *, tasks: Iterable[TableTask] | None = None) -> DemoResult:
    """Run tasks one after the other over the demo table and write it, annotated.

    Args:
        folder: Where the annotated table goes; made when it is not there.
        tasks: The tasks; None is all that ship and need nothing but a text.
    """
    own = (name for name in TASKS if name not in NEEDS and ships(name))
    chosen = [load_task(name, **OPTIONS.get(name, {})) for name in own] if tasks is None else list(tasks)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder}: {error.strerror or error}") from None
    path = folder / "reviews_and_news.annotated.csv"
    rows = quarantined = 0
    with ExitStack() as stack:
        source = stack.enter_context(as_file(files("slmkit.tasks") / "demo_data" / TABLE))
        between = Path(stack.enter_context(TemporaryDirectory()))
        for i, task in enumerate(chosen):
            # Each task reads what the one before it wrote, and puts its own name before its columns.
            target = path if i == len(chosen) - 1 else between / f"{i}.csv"
            report = run_file(task, source, target, prefix=f"{task.name}_", overwrite=True)
            rows, quarantined = report.rows, quarantined + report.quarantined
            source = target
    return DemoResult(path, rows, quarantined, _preview(path, chosen))


def _preview(path: Path, tasks: list[TableTask]) -> str:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    added = [f"{task.name}_{column}" for task in tasks for column in task.columns]
    errors = [f"{task.name}_{ERROR_COLUMN}" for task in tasks]
    names = ["id", "text", *added]
    shown = [rows[i] for i in range(0, len(rows), max(1, len(rows) // _PREVIEW_ROWS))]
    failed = next((row for row in rows if any(row[name] for name in errors)), None)
    if failed is not None and failed not in shown:
        shown.append(failed)
    cells = [names] + [[_clip(row[name]) for name in names] for row in shown]
    for line, row in zip(cells[1:], shown, strict=True):
        line.append("; ".join(row[name] for name in errors if row[name]))
    cells[0].append(ERROR_COLUMN)
    widths = [max(map(_columns, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(_pad(cell, width) for cell, width in zip(line, widths, strict=True)) for line in cells]
    return "\n".join(line.rstrip() for line in lines)


def _clip(text: str) -> str:
    flat = " ".join(text.split())[: 2 * _WIDTH]
    if _columns(flat) <= _WIDTH:
        return flat
    while _columns(flat) >= _WIDTH:
        flat = flat[:-1]
    return flat + "…"


def _columns(text: str) -> int:
    """How wide a terminal shows a text: Chinese and emoji take two columns."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _columns(text))
