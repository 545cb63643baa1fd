"""Every system that can, on the rows of one table, each in a process of its own, within a time."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from slmkit.benchmarks import systems
from slmkit.benchmarks.card.table import Table
from slmkit.benchmarks.cell import Cell, Material, answer, measured, prepare
from slmkit.benchmarks.child import ask
from slmkit.benchmarks.costs import Amount, Costs
from slmkit.benchmarks.datasets import Dataset, Rows
from slmkit.benchmarks.report.numbers import seconds_text
from slmkit.benchmarks.results import Result
from slmkit.errors import InputError

SPLIT = "held-out"
ZERO = "dummy"
_ENTRY = ("name", "version", "task", "language", "licence", "columns", "metric", "protocols", "labels")


@dataclass(frozen=True)
class Tried:
    """A system on the table: its result, or why there is none."""

    system: str
    protocol: str
    result: Result | None
    reason: str

    def __str__(self) -> str:
        return self.system if self.protocol == "fitted" else f"{self.system}, as shipped"


def capable(table: Table, chosen: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Systems and protocols that can be measured on the table, those chosen or all; the zero line is always there.

    Raises:
        InputError: a chosen one is unknown, or none can.
    """
    for name in chosen:
        systems.get(name)
    dataset = table.dataset
    found = [
        (entry.name, protocol)
        for protocol in dataset.protocols
        for entry in systems.SYSTEMS.values()
        if (not chosen or entry.name in (*chosen, ZERO)) and _fits(entry, dataset, protocol)
    ]
    if chosen and not any(name in chosen for name, _ in found):
        raise InputError(f"none of {', '.join(chosen)} can be measured on a table of labels")
    return found


def _fits(entry: systems.SystemEntry, dataset: Dataset, protocol: str) -> bool:
    if protocol == "shipped":
        if entry.name == ZERO:
            return False  # told nothing, it answers a constant that is no label
        if "neutral" in dataset.labels and not entry.ours:
            return False  # lexicons have no neutral side
    return entry.can(dataset, protocol)


def measure(
    table: Table,
    chosen: Sequence[str] = (),
    *,
    seconds: float,
    seed: int = 0,
    on_turn: Callable[[int, int, str], None] = lambda i, n, name: None,
    on_done: Callable[[Tried], None] = lambda tried: None,
) -> list[Tried]:
    """Measure the systems, the quick ones first; what would not fit into the time is left out.

    Args:
        table: the rows. chosen: names of systems; none stands for all. seconds: in all. seed: of what is fitted.
        on_turn: called before each with its number, the number of all, and its name. on_done: called after each.
    """
    deadline, costs = time.monotonic() + seconds, Costs()
    found: list[Tried] = []
    waiting = capable(table, chosen)
    total = len(waiting)
    while waiting:
        expected = {pair: costs.expected(pair[0], _amount(table, pair[1])) for pair in waiting}
        name, protocol = pair = min(waiting, key=expected.__getitem__)
        waiting.remove(pair)
        left = deadline - time.monotonic()
        if expected[pair] > left:
            needs, has = seconds_text(expected[pair]), seconds_text(max(left, 0.0))
            tried = Tried(name, protocol, None, f"needs about {needs}, {has} were left; more --minutes give it a turn")
        else:
            on_turn(len(found) + 1, total, str(Tried(name, protocol, None, "")))
            start = time.monotonic()
            told = ask("slmkit.benchmarks.card.measuring", _job(table, name, protocol, seed), timeout=left)
            result = Result.from_dict(told["result"]) if told["result"] is not None else None
            tried = Tried(name, protocol, result, told["reason"])
            if result is not None:
                costs.learn(name, _amount(table, protocol), time.monotonic() - start)
        on_done(tried)
        found.append(tried)
    return found


def _train(table: Table, protocol: str) -> Rows | None:
    return table.train if protocol == "fitted" else None


def _amount(table: Table, protocol: str) -> Amount:
    return Amount.of(table.held, _train(table, protocol))


def _job(table: Table, name: str, protocol: str, seed: int) -> dict[str, Any]:
    train = _train(table, protocol)
    return {
        "cell": asdict(Cell(table.dataset.name, SPLIT, protocol, name, seed)),
        "entry": {key: getattr(table.dataset, key) for key in _ENTRY},
        "held": asdict(table.held),
        "train": None if train is None else asdict(train),
        # One digest for both protocols: all systems answer the same rows.
        "digest": hashlib.sha256((table.held.digest() + table.train.digest()).encode()).hexdigest()[:16],
    }


def _measured(job: dict[str, Any]) -> Result:
    entry: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in job["entry"].items()
    }
    held, train = Rows(**job["held"]), None if job["train"] is None else Rows(**job["train"])
    dataset = Dataset(**entry, files=(), reader=lambda file, content: held)
    cell = Cell(**job["cell"])
    return measured(cell, dataset, Material(held, train, None, job["digest"]), prepare(cell, dataset, train))


def main() -> None:
    """``python -m slmkit.benchmarks.card.measuring JOB_JSON OUT``."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(json.dumps(answer(lambda: _measured(job)), ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
