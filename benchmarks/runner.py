"""Plan the cells that were asked for, run those that are not there yet, and keep each as one JSON file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from slmkit.benchmarks import datasets, systems
from slmkit.benchmarks.budget import Budget
from slmkit.benchmarks.cell import Cell, material, measure_all, one_fit
from slmkit.benchmarks.child import ask
from slmkit.benchmarks.datasets import PROTOCOLS, SPLITS, Rows
from slmkit.benchmarks.results import Result, read, write_text
from slmkit.errors import DataError, InputError, MissingExtraError, SLMKitError

FEW_SHOT_SEEDS = (0, 1, 2, 3, 4)


@dataclass(frozen=True)
class Selection:
    """What a run is asked for; an empty tuple stands for all."""

    tasks: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    splits: tuple[str, ...] = ("dev",)
    seeds: tuple[int, ...] = ()
    limit: int | None = None
    train_limit: int | None = None


@dataclass(frozen=True)
class Outcome:
    """How a cell went: ``done``, ``cached`` (with a result), ``skipped``, ``failed`` or ``no time`` (with a reason)."""

    cell: Cell
    status: str
    result: Result | None = None
    reason: str = ""


@dataclass
class Run:
    """Where a run reads and writes, and how.

    Attributes:
        root: The data directory.
        out: Folder of the result files.
        in_process: Measure in this process: for tests, and for systems whose memory does not matter.
        on_outcome: Called after each cell with its number, the number of cells, and the outcome.
        budget: Orders the cells by what they cost, and leaves out those that it has no time for; without one all are
            measured, in the order of the plan.
    """

    root: Path
    out: Path
    in_process: bool = False
    on_outcome: Callable[[int, int, Outcome], None] = field(default=lambda i, n, outcome: None)
    budget: Budget | None = None


def task_names() -> list[str]:
    """Tasks of the registered datasets."""
    return sorted({entry.task for entry in datasets.REGISTRY.values()})


def _check(kind: str, given: Iterable[str], allowed: Sequence[str]) -> None:
    for name in given:
        if name not in allowed:
            raise InputError(f"unknown {kind} {name!r}; allowed: {', '.join(allowed)}")


def plan(selection: Selection) -> list[Cell]:
    """The cells of a selection, by dataset.

    Raises:
        InputError: A name is unknown, or nothing fits the selection; the message says what is allowed.
    """
    s = selection
    _check("task", s.tasks, task_names())
    _check("dataset", s.datasets, datasets.names())
    _check("system", s.systems, systems.names())
    _check("protocol", s.protocols, PROTOCOLS)
    _check("split", s.splits, SPLITS)
    for option, value in (("--limit", s.limit), ("--train-limit", s.train_limit)):
        if value is not None and value < 1:
            raise InputError(f"{option} must be 1 or more, got {value}")
    cells = []
    for entry in datasets.REGISTRY.values():
        if (s.datasets and entry.name not in s.datasets) or (s.tasks and not any(map(entry.serves, s.tasks))):
            continue
        for protocol in (p for p in entry.protocols if not s.protocols or p in s.protocols):
            chosen = [x for x in systems.SYSTEMS.values() if (x.name in s.systems if s.systems else x.default)]
            capable = [x.name for x in chosen if x.can(entry, protocol)]
            cells += [
                Cell(entry.name, split, protocol, name, seed, s.limit, None if protocol == "shipped" else s.train_limit)
                for split in s.splits
                if split in entry.splits or s.datasets  # a set that was named and lacks the split says so
                for name in capable
                for seed in _seeds(protocol, s.seeds)
            ]
    if not cells:
        raise InputError("no system can be measured on these datasets under these protocols; see 'slmkit bench list'")
    return cells


def _seeds(protocol: str, given: tuple[int, ...]) -> tuple[int, ...]:
    if protocol == "shipped":
        return (0,)
    return given or (FEW_SHOT_SEEDS if protocol == "few-shot" else (0,))


def run(cells: Sequence[Cell], how: Run) -> list[Outcome]:
    """Measure the cells; one that is skipped or fails does not stop the others."""
    how.out.mkdir(parents=True, exist_ok=True)

    @lru_cache(maxsize=4)
    def load(name: str, split: str) -> Rows:
        return datasets.load(name, split, how.root)

    outcomes: list[Outcome] = []

    def told(outcome: Outcome) -> None:
        outcomes.append(outcome)
        how.on_outcome(len(outcomes), len(cells), outcome)

    waiting = list(cells)
    while waiting:
        cell = waiting[0] if how.budget is None else how.budget.pick(waiting)
        waiting.remove(cell)
        known = _without_measuring(cell, how, load)
        if known is not None:
            told(known)
            continue
        # What answers one cell may answer others: a fit takes longer than all that is asked of it.
        group, shared = [cell], one_fit(cell)
        for other in [each for each in waiting if shared is not None and one_fit(each) == shared]:
            waiting.remove(other)
            known = _without_measuring(other, how, load, group)
            if known is None:
                group.append(other)
            else:
                told(known)
        for outcome in _measured(group, how):
            told(outcome)
    return outcomes


def _without_measuring(
    cell: Cell, how: Run, load: Callable[[str, str], Rows], before: Sequence[Cell] = ()
) -> Outcome | None:
    """How a cell goes that is there already, cannot be measured, or has no time left; None where it must be.

    ``before`` are those of its group that will be measured before it.
    """
    path = how.out / cell.file_name
    if how.budget is not None and how.budget.is_over() and not path.is_file():
        return Outcome(cell, "no time", reason=how.budget.refusal(cell))
    try:
        rows = material(cell, load)
        fingerprint = systems.build(cell.system, datasets.get(cell.dataset), cell.protocol).fingerprint()
    except (MissingExtraError, DataError) as error:
        return Outcome(cell, "skipped", reason=str(error))
    except (SLMKitError, ImportError, OSError) as error:
        return Outcome(cell, "failed", reason=f"{type(error).__name__}: {error}")
    if how.budget is not None:
        how.budget.know(cell, rows)
    kept = _kept(path, fingerprint, rows.digest)
    if kept is not None:
        if how.budget is not None:
            how.budget.learn_from(cell, kept)
        return Outcome(cell, "cached", kept)
    refusal = "" if how.budget is None else how.budget.refusal(cell, before)
    return Outcome(cell, "no time", reason=refusal) if refusal else None


def _measured(group: Sequence[Cell], how: Run) -> Iterator[Outcome]:
    """Measure cells that share a fit, in a process of their own, and keep what was found before it ended."""
    start = time.monotonic()
    if how.in_process:
        answers: Iterable[dict[str, Any]] = measure_all(group, how.root)
    else:
        job = {"cells": [asdict(cell) for cell in group], "root": str(how.root.resolve())}
        found = ask("slmkit.benchmarks.cell", job, timeout=None if how.budget is None else how.budget.left())
        measured = found.get("answers", [])
        answers = [*measured, *[found] * (len(group) - len(measured))]
    for cell, found in zip(group, answers, strict=True):
        if found["status"] != "done":
            yield Outcome(cell, found["status"], reason=found["reason"])
            continue
        if how.budget is not None and len(group) == 1:
            how.budget.learn(cell, time.monotonic() - start)
        try:
            result = Result.from_dict(found["result"])
        except DataError as error:
            yield Outcome(cell, "failed", reason=str(error))
            continue
        write_text(how.out / cell.file_name, result.to_json())
        yield Outcome(cell, "done", result)


def _kept(path: Path, fingerprint: str, digest: str) -> Result | None:
    # A file that cannot be read is measured anew: it can only be a leftover or damaged.
    try:
        result = read(path)
    except DataError:
        return None
    return result if (result.fingerprint, result.dataset_hash) == (fingerprint, digest) else None
