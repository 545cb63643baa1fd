"""Cells that a run has no result for, and why: one file beside the results, which the report shows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from slmkit.benchmarks.results import LEFT_OUT, write_text
from slmkit.benchmarks.runner import Outcome
from slmkit.errors import DataError

try:
    import fcntl
except ImportError:  # not on Windows; there two runs into one folder may lose notes of each other
    fcntl = None  # type: ignore[assignment]

_KIND = "left out"


@dataclass(frozen=True)
class LeftOut:
    """A cell without a result: its file name would have been ``name``."""

    name: str
    dataset: str
    split: str
    protocol: str
    system: str
    seed: int
    status: str
    reason: str
    date: str


def note(folder: Path, outcome: Outcome) -> None:
    """Keep why a cell has no result, or drop what was kept once it has one; another run may do so at the same time.

    Raises:
        DataError: It cannot be written.
    """
    with _held(folder):
        _note(folder, outcome)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Wait until nobody else notes in the folder, and keep others waiting."""
    if fcntl is None or not folder.is_dir():
        yield
        return
    handle = os.open(folder, os.O_RDONLY)  # the folder itself: a lock file would be left among the results
    try:
        with suppress(OSError):  # a file system without locks; a note is not worth more than the run
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        with suppress(OSError):  # closing alone would leave it with processes that were forked meanwhile
            fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def _note(folder: Path, outcome: Outcome) -> None:
    path, cell = folder / LEFT_OUT, outcome.cell
    kept = {entry.name: entry for entry in read(folder, [])}
    before = dict(kept)
    if outcome.result is not None:
        kept.pop(cell.file_name, None)
    else:
        date = datetime.now(timezone.utc).isoformat(timespec="seconds")
        place = (cell.file_name, cell.dataset, cell.split, cell.protocol, cell.system, cell.seed)
        kept[cell.file_name] = LeftOut(*place, outcome.status, outcome.reason, date)
    if kept == before:
        return
    if not kept:
        path.unlink(missing_ok=True)
        return
    data = {"kind": _KIND, "cells": [asdict(kept[name]) for name in sorted(kept)]}
    write_text(path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")


def read(folder: Path, problems: list[str]) -> list[LeftOut]:
    """What was kept in a folder, in name order; what is wrong with the file is added to ``problems``."""
    path = folder / LEFT_OUT
    if not path.is_file():
        return []
    try:
        return _entries(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, DataError) as error:
        problems.append(f"{path}: {error}")
        return []


def _entries(data: Any) -> list[LeftOut]:
    names = {f.name for f in fields(LeftOut)}
    cells = data.get("cells") if isinstance(data, dict) and data.get("kind") == _KIND else None
    if not isinstance(cells, list) or not all(isinstance(c, dict) and set(c) == names for c in cells):
        raise DataError("not a list of what a run left out")
    for cell in cells:
        wrong = [name for name, value in cell.items() if type(value) is not (int if name == "seed" else str)]
        if wrong:
            raise DataError(
                f"what a run left out needs a text in each field and a whole number as seed; wrong: {wrong}"
            )
    return [LeftOut(**cell) for cell in cells]
