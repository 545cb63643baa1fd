"""Texts a second of several tasks: over one pass, one after the other, and as full models of their own."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import slmkit
from slmkit.benchmarks import machine
from slmkit.benchmarks.child import ask
from slmkit.benchmarks.speed.compare import TEXTS, draw_texts
from slmkit.errors import DataError

if TYPE_CHECKING:
    from slmkit.core import SLM
    from slmkit.tasks.base import TableTask

TASKS, DEPTH, LABELS = 4, 4, 10
"""How many tasks, layers of the branches that stand in for those that do not ship, and their labels."""
_HERE = "slmkit.benchmarks.speed.pipelines"
Rows = list[dict[str, Any]]


def measure_pipeline(
    root: Path, *, declared: Path | None = None, limit: int = 2000, repeats: int = 3
) -> dict[str, Any]:
    """The measurement as plain data: all ways in one process, in turn, on the same texts and weights.

    Args:
        root: The data directory.
        declared: A pipeline file whose tasks are measured. None takes the shipped sentiment, and classifiers with
            untrained heads on copies of the core's top layers: what they say is worth nothing, and takes as long.
        limit: Texts of each dataset.
        repeats: Timed passes; the median counts.

    Raises:
        DataError: The measured process gave no answer.
    """
    texts = {name: draw_texts(name, root, limit) for name in TEXTS}
    job = {"declared": str(declared) if declared else None, "texts": texts, "repeats": repeats}
    answer = ask(_HERE, job)
    if "reason" in answer:
        raise DataError(f"nothing was measured: {answer['reason']}")
    return {
        "kind": "speed of a pipeline",
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "versions": machine.versions(()),
        "texts": {name: len(drawn) for name, drawn in texts.items()},
        "repeats": repeats,
        **answer,
    }


def main() -> None:
    """``python -m slmkit.benchmarks.speed.pipelines JOB_JSON OUT``."""
    job, out = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2])
    out.write_text(json.dumps(measured(job)), encoding="utf-8")


def measured(job: Mapping[str, Any]) -> dict[str, Any]:
    """What the process finds out: see ``measure_pipeline``."""
    from slmkit.tasks.pipeline import Pipeline

    tasks = _tasks(job["declared"])
    slm = slmkit.load()
    full = {name: stand_in(slm, slm.config.encoder.layers, n) for n, name in enumerate(tasks)}
    pipeline = Pipeline(tasks)
    ways: dict[str, Callable[[Sequence[str]], Any]] = {
        "together": pipeline.annotate,
        "apart": lambda texts: [task.annotate(texts) for task in tasks.values()],
        "full models": lambda texts: [task.annotate(texts) for task in full.values()],
    }
    found: dict[str, Any] = {"tasks": list(tasks), "precision": slm.precision, "datasets": {}}
    for name, texts in job["texts"].items():
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for run in ways.values():
            run(texts[:64])
        for _ in range(job["repeats"]):
            for way, run in ways.items():  # in turn, so that whatever else the machine does meets all of them
                start = time.perf_counter()
                run(texts)
                seconds[way].append(time.perf_counter() - start)
        middle = {way: statistics.median(each) for way, each in seconds.items()}
        found["datasets"][name] = {
            "passes_s": seconds,
            "texts_per_second": {way: len(texts) / each for way, each in middle.items()},
            "times_faster_than": {way: middle[way] / middle["together"] for way in ("apart", "full models")},
            "answers_that_differ": differing(tasks, texts[:256], pipeline.annotate(texts[:256])),
        }
    return found


def _tasks(declared: str | None) -> dict[str, TableTask]:
    if declared is not None:
        from slmkit.tasks.pipeline.declared import read_declared

        return read_declared(declared).pipeline().tasks
    from slmkit.tasks.classification import Sentiment

    slm = slmkit.load()
    return {"sentiment": Sentiment(), **{f"stand-in-{n}": stand_in(slm, DEPTH, n) for n in range(1, TASKS)}}


def stand_in(slm: SLM, depth: int, seed: int) -> TableTask:
    """A classifier with an untrained head on a branch of so many layers."""
    import torch

    from slmkit import checkpoint
    from slmkit.model.branch import Branch
    from slmkit.tasks.classification.branch_model import BIAS, HEAD, BranchModel
    from slmkit.tasks.classification.labels import Labels

    weight = torch.randn(LABELS, slm.config.encoder.width, generator=torch.Generator().manual_seed(seed))
    tensors = {**checkpoint.pack(Branch.on(slm, depth).state_dict()), HEAD: weight, BIAS: torch.zeros(LABELS)}
    labels = Labels(tuple(f"label {n}" for n in range(LABELS)))
    return BranchModel(slm, labels, tensors, depth=depth, max_length=min(256, slm.config.encoder.positions))


def differing(tasks: Mapping[str, TableTask], texts: Sequence[str], together: Rows) -> dict[str, int]:
    """Of each task, how many texts get another answer over the shared pass; numbers are compared to two decimals."""
    found = {}
    for name, task in tasks.items():
        alone = task.annotate(texts)
        found[name] = sum(
            any(_rounded(one[f"{name}_{column}"]) != _rounded(own[column]) for column in task.columns)
            for one, own in zip(together, alone, strict=True)
        )
    return found


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, (list, tuple)) else value


if __name__ == "__main__":
    main()
