"""kill -9 at random moments: what was finished is there, nothing is half there, and the end is that of no kill."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from slmkit.benchmarks.child import child_environment
from slmkit.benchmarks.reliability.texts import nasty
from slmkit.benchmarks.reliability.worker import BATCH

ROWS = 4000
_WORKER = "slmkit.benchmarks.reliability.worker"
_LONGEST = 1.5  # seconds between a worker's first word and its end


def of_a_run(kills: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Kill a run over a table until it was killed so often; it goes on each time.

    Returns:
        How often it was killed, and what was wrong.
    """
    from slmkit.tasks.base import load_task
    from slmkit.tasks.stream import run_file

    rng, done = np.random.default_rng(seed), 0
    problems: list[str] = []
    whole = place / "whole"
    whole.mkdir()
    _table(whole / "in.csv", seed)
    run_file(load_task("sentiment"), whole / "in.csv", whole / "out.csv", chunk_rows=64)
    expected, turn = (whole / "out.csv").read_bytes(), 0
    while done < kills:
        own = place / f"run{turn}"
        own.mkdir()
        (own / "in.csv").write_bytes((whole / "in.csv").read_bytes())
        turn += 1
        while not (own / "out.csv").exists():
            lines, killed = _killed("run", own, seed, float(rng.uniform(0, _LONGEST)) if done < kills else None)
            done += killed
            if not killed and "done" not in lines:
                return done, [*problems, f"a run ended by itself after {done} kills: {' '.join(lines)[-200:]}"]
        if (own / "out.csv").read_bytes() != expected:
            problems.append(f"table {turn} differs from that of an undisturbed run")
        if sorted(path.name for path in own.iterdir()) != ["in.csv", "out.csv"]:
            problems.append(f"table {turn} left something behind")
    return done, problems


def of_an_index(kills: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Kill a process that adds documents to an index; see ``of_a_run``."""
    from slmkit.tasks.question_answering import DocumentIndex

    def check(said: int) -> str | None:
        index = DocumentIndex.open(place / "index")
        try:
            report, held = index.verify(), len(index)
            if report.problems:
                return "; ".join(report.problems)
            if held < said or held > said + BATCH or held % BATCH:
                return f"{held} documents where {said} were committed"
            last = index.search(f"Document {held - 1}", 1, mode="lexical") if held else []
            return None if not held or last[0].id == f"d{held - 1}" else "the last document is not found"
        finally:
            index.close()

    return _grown("index", kills, seed, place, check)


def of_a_graph(kills: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Kill a process that grows a graph; see ``of_a_run``."""
    from slmkit.tasks.knowledge import KnowledgeGraph

    def check(said: int) -> str | None:
        graph = KnowledgeGraph.open(place / "graph")
        try:
            held = sorted(graph.documents())
            if held != list(range(len(held))) or not said <= len(held) <= said + 1:
                return f"{len(held)} documents where {said} were committed"
            found = len(graph.query("MATCH ()-[r]->() RETURN r"))
            return None if found >= 2 * len(held) else f"{found} edges of {len(held)} documents"
        finally:
            graph.close()

    return _grown("graph", kills, seed, place, check)


def _grown(kind: str, kills: int, seed: int, place: Path, check: Callable[[int], str | None]) -> tuple[int, list[str]]:
    rng, said, done = np.random.default_rng(seed), 0, 0
    problems: list[str] = []
    for _ in range(kills):
        lines, killed = _killed(kind, place, seed, float(rng.uniform(0, _LONGEST)))
        if not killed:
            return done, [*problems, f"it ended by itself after {done} kills: {' '.join(lines)[-200:]}"]
        done += 1
        said = max([said, *(int(line) for line in lines if line.isdigit())])
        problem = check(said)
        if problem is not None:
            problems.append(f"after kill {done}: {problem}")
    return done, problems


def _killed(kind: str, place: Path, seed: int, after: float | None) -> tuple[list[str], bool]:
    """Start a worker, kill it so many seconds after its first word (never, for None).

    Returns:
        The whole lines that it wrote, and whether it was killed.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", _WORKER, kind, str(place), str(seed)],
        env={**child_environment(), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    first = process.stdout.readline().decode()
    if first and after is not None:
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
    rest, errors = process.communicate()
    lines = [line.strip() for line in (first + rest.decode()).splitlines(keepends=True) if line.endswith("\n")]
    if process.returncode not in (0, -signal.SIGKILL):
        lines += errors.decode(errors="replace").splitlines()[-1:]
    return lines, process.returncode == -signal.SIGKILL


def _table(path: Path, seed: int) -> None:
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text"])
        rows.writerows([i, text[:400].replace("\x00", "")] for i, text in enumerate(nasty(ROWS, seed)))
