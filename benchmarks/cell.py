"""One cell of the table: a dataset, a split, a protocol, a system and a seed, measured from start to end.

Run as a module it measures the cells given as JSON, which share one fit, in a process of its own, so that peak memory
and speed belong to that system alone.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from slmkit.benchmarks import datasets, machine, metrics, outcomes, systems
from slmkit.benchmarks.datasets import Rows, references
from slmkit.benchmarks.datasets.splits import draw, draw_per_class, stable_order
from slmkit.benchmarks.results import Example, Result, write_text
from slmkit.errors import DataError, MissingExtraError, SLMKitError

FEW_SHOT = 8
EXAMPLES = 20
EXAMPLE_CHARACTERS = 600  # of an example's input
_WARM_UP = 8


@dataclass(frozen=True)
class Cell:
    """What is measured. ``limit`` bounds the rows that are evaluated, ``train_limit`` those that are fitted on."""

    dataset: str
    split: str
    protocol: str
    system: str
    seed: int = 0
    limit: int | None = None
    train_limit: int | None = None

    @property
    def file_name(self) -> str:
        """The result's file name; a limited run does not replace a full one."""
        parts = [self.dataset, self.split, self.protocol, self.system]
        if self.protocol != "shipped":
            parts.append(f"seed{self.seed}")
        parts.extend(f"{k}{v}" for k, v in (("n", self.limit), ("train", self.train_limit)) if v is not None)
        return ".".join(parts) + ".json"

    def __str__(self) -> str:
        return f"{self.dataset} {self.split} {self.protocol} {self.system}" + (
            f" seed {self.seed}" if self.protocol != "shipped" else ""
        )


@dataclass(frozen=True)
class Material:
    """The rows of a cell: ``held`` is evaluated, ``train`` fitted on, ``tune`` sets a threshold; and their hash."""

    held: Rows
    train: Rows | None
    tune: Rows | None
    digest: str


def material(cell: Cell, load: Callable[[str, str], Rows]) -> Material:
    """Draw the rows of a cell by its protocol and seed; ``load(dataset, split)`` reads a split."""
    dataset = datasets.get(cell.dataset)
    held = load(cell.dataset, cell.split)
    if cell.limit is not None and cell.limit < len(held):
        held = held.take(sorted(stable_order(held.inputs, 0)[: cell.limit]))
    train = None
    if cell.protocol != "shipped":
        train = _training_rows(cell, load(dataset.fit_on or cell.dataset, "train"))
    tune = None
    if dataset.metric == "threshold_accuracy":
        tune = held if cell.split == "dev" else load(cell.dataset, "dev")
    parts = [dataset.version, *(rows.digest() if rows else "" for rows in (held, train, tune))]
    return Material(held, train, tune, hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16])


def _training_rows(cell: Cell, train: Rows) -> Rows:
    dataset = datasets.get(cell.dataset)
    per_class = FEW_SHOT if cell.protocol == "few-shot" else dataset.train_per_class
    if per_class:
        train = train.take(draw_per_class(train, per_class, seed=cell.seed))
    if cell.train_limit is not None and cell.train_limit < len(train):
        classes = dataset.serves("classification")
        train = train.take(draw(train, cell.train_limit, seed=cell.seed, stratify=classes))
    return train


def one_fit(cell: Cell) -> tuple[object, ...] | None:
    """What cells have in common that one fitted system can answer; None where each has its own.

    They are the splits of a dataset, and a dataset that lends the training rows of another which asks for the same.
    """
    if cell.protocol == "shipped":
        return None
    entry = datasets.get(cell.dataset)
    asked = (entry.task, entry.language, entry.metric, entry.writing) if entry.writing else entry.name
    source = entry.fit_on or entry.name
    return cell.system, cell.protocol, cell.seed, cell.train_limit, source, asked


@dataclass(frozen=True)
class Prepared:
    """A system that can answer, and the seconds that its fit took; None where nothing was fitted."""

    system: systems.System
    seconds_to_fit: float | None


def prepare(cell: Cell, dataset: datasets.Dataset, train: Rows | None) -> Prepared:
    """Build the system of a cell and fit it where the protocol says so."""
    system = systems.build(cell.system, dataset, cell.protocol)
    if train is None:
        return Prepared(system, None)
    start = time.perf_counter()
    system.fit(train.inputs, train.labels, seed=cell.seed)
    return Prepared(system, time.perf_counter() - start)


def measure_all(cells: Sequence[Cell], root: Path) -> Iterator[dict[str, Any]]:
    """Measure cells that share ``one_fit``, or a single one: fit once, then predict and score each.

    Returns:
        See ``answer``, one a cell.
    """
    prepared: list[Prepared] = []

    def measure(cell: Cell) -> Result:
        rows = material(cell, lambda name, split: datasets.load(name, split, root))
        dataset = datasets.get(cell.dataset)
        if not prepared:
            prepared.append(prepare(cell, dataset, rows.train))
        return measured(cell, dataset, rows, prepared[0])

    for cell in cells:
        yield answer(partial(measure, cell))


def measured(cell: Cell, dataset: datasets.Dataset, rows: Material, prepared: Prepared) -> Result:
    """Predict and score with rows that are at hand, of a dataset that need not be registered."""
    system = prepared.system
    fingerprint = systems.build(cell.system, dataset, cell.protocol).fingerprint()
    seconds_to_index = _index(system, rows.held) if rows.held.documents else None
    answers = _asked(system, dataset)
    answers(rows.held.take(range(min(_WARM_UP, len(rows.held)))))  # what is loaded at first use is not part of the rate
    start = time.perf_counter()
    predicted = answers(rows.held)
    seconds = max(time.perf_counter() - start, 1e-9)
    peak = machine.peak_rss_mb()
    of_changes = metrics.METRICS[dataset.metric].of_changes
    gold, predicted = _comparable(system, rows, predicted, of_changes=of_changes)
    scores = metrics.evaluate(dataset.metric, gold, predicted)
    size = system.size()
    return Result(
        task=dataset.task,
        dataset=dataset.name,
        dataset_version=dataset.version,
        dataset_hash=rows.digest,
        licence=dataset.licence,
        split=cell.split,
        protocol=cell.protocol,
        system=cell.system,
        system_version=system.version,
        fingerprint=fingerprint,
        n=len(gold),
        n_train=len(rows.train) if rows.train is not None else None,
        seed=cell.seed,
        limit=cell.limit,
        train_limit=cell.train_limit,
        metric=dataset.metric,
        metric_script=metrics.METRICS[dataset.metric].script,
        score=scores[dataset.metric],
        ci95=metrics.interval(dataset.metric, gold, predicted, seed=cell.seed),
        scores=scores,
        rows_per_second=len(gold) / seconds,
        seconds_to_fit=prepared.seconds_to_fit,
        seconds_to_predict=seconds,
        peak_rss_mb=peak,
        parameters=size.parameters,
        bytes=size.bytes,
        machine=machine.describe(),
        versions=machine.versions((*systems.get(cell.system).packages, *metrics.METRICS[dataset.metric].packages)),
        notes=dataset.notes,
        date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        seconds_to_index=seconds_to_index,
        examples=tuple(_examples(rows.held, predicted, cell.seed)) if dataset.writing else (),
        outcomes=outcomes.pack(tuple(scores), gold, predicted),
    )


def _index(system: systems.System, held: Rows) -> float:
    """Have the system take in the documents; the seconds that it needed."""
    if not isinstance(system, systems.Searching):
        raise SLMKitError(f"{system.name} searches no documents, which is what the dataset asks for")
    start = time.perf_counter()
    system.index(held.documents)
    return time.perf_counter() - start


def _asked(system: systems.System, dataset: datasets.Dataset) -> Callable[[Rows], list[Any]]:
    if not metrics.METRICS[dataset.metric].in_bits:
        return lambda rows: system.predict(rows.inputs)
    if not isinstance(system, systems.Foretelling):
        raise SLMKitError(f"{system.name} tells no log-probabilities, which {dataset.metric} is made of")
    return lambda rows: system.log_probabilities(rows.inputs, rows.labels)


def _examples(held: Rows, outputs: list[str], seed: int) -> Iterator[Example]:
    """Rows drawn by the seed, the same for every system."""
    for i in stable_order(held.inputs, seed)[:EXAMPLES]:
        shown = held.inputs[i]
        if len(shown) > EXAMPLE_CHARACTERS:
            shown = shown[:EXAMPLE_CHARACTERS] + " …"
        yield Example(shown, tuple(references(held.labels[i])), outputs[i])


def _comparable(
    system: systems.System, rows: Material, predicted: list[Any], *, of_changes: bool
) -> tuple[list[Any], list[Any]]:
    if len(predicted) != len(rows.held):
        raise SLMKitError(f"{system.name} gave {len(predicted)} answers for {len(rows.held)} rows")
    gold = list(rows.held.labels)
    if of_changes:
        gold = list(zip(rows.held.inputs, gold, strict=True))
    if rows.tune is None:
        return gold, list(predicted)
    # The threshold comes from dev; where dev itself is measured its answers are there already.
    on_tune = predicted if rows.tune is rows.held else system.predict(rows.tune.inputs)
    threshold = metrics.best_threshold(rows.tune.labels, on_tune)
    return gold, metrics.decide(predicted, threshold)


def answer(measure: Callable[[], Result]) -> dict[str, Any]:
    """Measure and say how it went: ``{"status": "done"|"skipped"|"failed", "reason", "result"}``."""
    try:
        return {"status": "done", "reason": "", "result": asdict(measure())}
    except (MissingExtraError, DataError) as error:
        return {"status": "skipped", "reason": str(error), "result": None}
    except Exception as error:  # a peer may raise anything; the run goes on and the reason is kept
        return {"status": "failed", "reason": f"{type(error).__name__}: {error}", "result": None}


def main() -> None:
    """``python -m slmkit.benchmarks.cell JOB_JSON OUT``: ``{"cells", "root"}`` -> ``{"status", "answers"}``.

    The answers are written anew after each cell: those that are there outlive a process that is stopped.
    """
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answers = []
    for found in measure_all([Cell(**cell) for cell in job["cells"]], Path(job["root"])):
        answers.append(found)
        write_text(Path(sys.argv[2]), json.dumps({"status": "done", "answers": answers}))


if __name__ == "__main__":
    main()
