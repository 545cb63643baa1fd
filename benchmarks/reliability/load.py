"""Nonsense, many calls, many threads, damaged files: no exception, no growth, the same answers, a clear refusal."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from slmkit.benchmarks.child import child_environment
from slmkit.benchmarks.reliability.texts import FAMILIAR, nasty
from slmkit.errors import CheckpointError

OPTIONS: dict[str, dict[str, Any]] = {
    "translate": {"source": None, "settings": {"num_beams": 1}},
    "generate": {"max_new_tokens": 4},
    "summarize": {"sentences": 1},
}
"""What a task is asked beside its defaults, so that it ends in time."""
WRITERS = ("translate", "generate")
_GROWTH = 30e6  # bytes that a process may grow by and still be called flat
_SHORT = 120  # characters of a text for what writes


def shipped_tasks() -> dict[str, Any]:
    """The tasks that ship and need nothing but a text."""
    from slmkit.tasks.base import NEEDS, TASKS, load_task, ships

    names = [name for name in TASKS if name not in NEEDS and ships(name)]
    return {name: load_task(name, **OPTIONS.get(name, {})) for name in names}


def cells(count: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Nasty cells through every task: as many rows out as in, an empty result with a reason or a result.

    What writes gets a hundredth of the cells.
    """
    import pandas as pd

    from slmkit.tasks import tables

    tried, problems = 0, []
    for name, task in shipped_tasks().items():
        own = max(1, count // 100) if name in WRITERS else count
        texts = nasty(own, seed)
        texts = [text[:_SHORT] for text in texts] if name in WRITERS else texts
        try:
            made = tables.apply(task, pd.DataFrame({"text": pd.Series(texts, dtype=object)}))
        except Exception as error:  # whatever it is, it is what is looked for
            problems.append(f"{name}: {type(error).__name__}: {error}"[:200])
            continue
        tried += own
        empty = made[list(task.columns)].isna().all(axis=1)
        if len(made) != own or (empty & made["slm_error"].isna()).any():
            problems.append(
                f"{name}: {len(made)} rows of {own}, {int((empty & made['slm_error'].isna()).sum())} silent"
            )
    return tried, problems


def calls(count: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Single calls of each task that reads: the memory of the process stays flat."""
    import psutil

    process, problems, tried = psutil.Process(), [], 0
    for name, task in shipped_tasks().items():
        own = max(1, count // 200) if name in WRITERS else count
        texts = [text for text in nasty(400, seed) if text.strip()][:200]
        texts = [text[:_SHORT] for text in texts]
        for text in texts:
            task.annotate([text])
        before = process.memory_info().rss
        for number in range(own):
            task.annotate([texts[number % len(texts)]])
        tried += own
        grown = process.memory_info().rss - before
        if grown > _GROWTH:
            problems.append(f"{name}: {grown / 1e6:.0f} MB more after {own:,} calls")
    return tried, problems


def threads(count: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Sixteen threads ask every task at once: each gets the answers of one alone."""
    tasks, problems, tried = shipped_tasks(), [], 0
    texts = [text for text in FAMILIAR if text.strip()]
    for name, task in tasks.items():
        expected = task.annotate(texts)
        wrong: list[str] = []

        def ask(task: Any = task, expected: Any = expected, name: str = name, wrong: list[str] = wrong) -> None:
            try:
                for _ in range(count):
                    if not alike(task.annotate(texts), expected):
                        wrong.append(f"{name}: another answer")
            except Exception as error:
                wrong.append(f"{name}: {type(error).__name__}: {error}"[:200])

        running = [threading.Thread(target=ask) for _ in range(16)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        tried += 16 * count
        problems += sorted(set(wrong))
    return tried, problems


def processes(count: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """Processes that read one checkpoint at once get the same answers."""
    program = f"from slmkit.tasks.base import load_task\nprint(load_task('sentiment').annotate({list(FAMILIAR)!r}))"
    running = [
        subprocess.Popen([sys.executable, "-c", program], env=child_environment(), stdout=subprocess.PIPE)
        for _ in range(count)
    ]
    said = {process.communicate()[0] for process in running}
    failed = sum(process.returncode != 0 for process in running)
    problems = [f"{failed} of {count} failed"] if failed else []
    return count, problems + ([f"{len(said)} different answers"] if len(said) > 1 else [])


def flips(count: int, seed: int, place: Path) -> tuple[int, list[str]]:
    """One byte of a weights file is another: it is refused, and the message names the file."""
    rng, problems, tried = np.random.default_rng(seed), [], 0
    for folder, load in _saved(place):
        for path in sorted(p for p in folder.iterdir() if p.suffix in (".safetensors", ".json")):
            whole = path.read_bytes()
            for _ in range(count):
                at, other = int(rng.integers(len(whole))), int(rng.integers(1, 256))
                path.write_bytes(whole[:at] + bytes([whole[at] ^ other]) + whole[at + 1 :])
                problem = _refused(load, folder, path)
                tried += 1
                if problem is not None:
                    problems.append(f"{folder.name}/{path.name}, byte {at}: {problem}")
            path.write_bytes(whole)
    return tried, problems


def alike(made: Any, expected: Any) -> bool:
    """The same answers, with scores that differ by no more than batches do."""
    if isinstance(expected, float):
        return isinstance(made, float) and abs(made - expected) < 1e-4
    if isinstance(expected, dict):
        return made.keys() == expected.keys() and all(alike(made[key], expected[key]) for key in expected)
    if isinstance(expected, (list, tuple)):
        return len(made) == len(expected) and all(map(alike, made, expected))
    return made == expected


def _saved(place: Path) -> Iterator[tuple[Path, Any]]:
    from slmkit.checkpoint import shipped_weights
    from slmkit.core import SLM
    from slmkit.tasks.base import load_model, weights_folder

    for source, load in ((shipped_weights(), SLM.load), (weights_folder("sentiment"), load_model)):
        folder = place / source.name
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("static", "*.md"))
        yield folder, load


def _refused(load: Any, folder: Path, path: Path) -> str | None:
    try:
        load(str(folder))
    except CheckpointError as error:
        return None if folder.name in str(error) else f"the message does not name it: {error}"[:200]
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    return "it was taken"
