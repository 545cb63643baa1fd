"""All checks of the campaign, one after the other, and what came of each."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from slmkit.benchmarks import machine
from slmkit.benchmarks.reliability import kills, load
from slmkit.errors import InputError

Check = Callable[[int, int, Path], tuple[int, list[str]]]
CHECKS: dict[str, tuple[int, str, Check]] = {
    "run-kills": (40, "kills of a run over a table, each gone on with", kills.of_a_run),
    "index-kills": (30, "kills while an index grows", kills.of_an_index),
    "graph-kills": (30, "kills while a graph grows", kills.of_a_graph),
    "cells": (100_000, "nasty cells through every shipped task", load.cells),
    "calls": (50_000, "single calls of every shipped task, memory flat", load.calls),
    "threads": (10, "calls from sixteen threads of every shipped task", load.threads),
    "processes": (4, "processes that read one checkpoint at once", load.processes),
    "flips": (20, "weights files with one byte changed, each refused", load.flips),
}
"""How much of each is tried at full scale, what it is, and what does it."""
KIND = "reliability"
_TOLD = 5  # problems of a check that are kept


def measure_reliability(
    names: Sequence[str] = (), *, scale: float = 1.0, seed: int = 0, tell: Callable[[str], None] = lambda line: None
) -> dict[str, Any]:
    """Run checks of the campaign.

    Args:
        names: Of ``CHECKS``; all when empty. scale: Factor on how much of each is tried, at least one.
        seed: Of all that is drawn. tell: Called with a line a check.

    Raises:
        InputError: An unknown check.
    """
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        raise InputError(f"unknown check {unknown[0]!r}; allowed: {', '.join(CHECKS)}")
    found = []
    for name in names or CHECKS:
        count, told, check = CHECKS[name]
        start = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="slmkit-reliability-") as place:
            tried, problems = check(max(1, round(count * scale)), seed, Path(place))
        seconds = time.perf_counter() - start
        found.append(
            {
                "check": name,
                "what": told,
                "tried": tried,
                "failed": len(problems),
                "problems": problems[:_TOLD],
                "seconds": round(seconds, 1),
            }
        )
        tell(f"{name}: {tried:,} tried, {len(problems)} failed, {seconds:.0f} s")
    return {
        "kind": KIND,
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "versions": machine.versions(()),
        "seed": seed,
        "checks": found,
    }


def tables(found: Mapping[str, Any]) -> list[tuple[str, list[str], list[list[str]], list[str]]]:
    """The measurement as a table: title, columns, rows and right-aligned columns."""
    columns = ["check", "tried", "failed", "time", "first problem"]
    rows = [
        [
            each["what"],
            f"{each['tried']:,}",
            f"{each['failed']:,}",
            f"{each['seconds']:,.0f} s",
            each["problems"][0] if each["problems"] else "",
        ]
        for each in found["checks"]
    ]
    return [(f"Reliability, seed {found['seed']}", columns, rows, columns[1:4])]
