"""How deep a branch must be: quick heads at several depths on the frozen trunk, on a class, a tag and a span set."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit.benchmarks.datasets import registry
from slmkit.benchmarks.datasets.base import Rows
from slmkit.benchmarks.datasets.loading import load
from slmkit.benchmarks.metrics.base import evaluate
from slmkit.benchmarks.results import write_text
from slmkit.core import SLM
from slmkit.errors import DataError
from slmkit.model.branch import Branch
from slmkit.model.heads import SpanHead
from slmkit.tasks.classification import Classifier
from slmkit.tasks.knowledge import EntityRecognizer
from slmkit.tasks.question_answering.reading import lay_question_windows, passage_tokens, span_scores, trimmed
from slmkit.text.alignment import span_tokens
from slmkit.text.windows import Windows
from slmkit.training.loop import Descent, Schedule
from slmkit.training.states import TrunkStates, text_batches

QUESTION, PASSAGE, STRIDE, ANSWER = 48, 256, 96, 40  # tokens


@dataclass(frozen=True)
class Settings:
    """Of one quick fit.

    Attributes:
        depth: layers of the branch. epochs: over the training rows. learning_rate: peak. tokens: of a step.
        limit: training rows that are used at most; None for all. seed: of everything.
    """

    depth: int
    epochs: int = 4
    learning_rate: float = 3e-4
    tokens: int = 2048
    limit: int | None = None
    seed: int = 0


def measure(name: str, slm: SLM, root: Path, settings: Settings) -> dict[str, Any]:
    """Fit a quick head on a dataset's training rows and score its dev rows.

    Args:
        name: of a dataset whose task is classification, sentiment, entities or reading. slm: the core.
        root: data directory. settings: of the fit.
    """
    dataset = registry.get(name)
    train, dev = load(name, "train", root), load(name, "dev", root)
    if settings.limit is not None:
        order = np.random.default_rng(settings.seed).permutation(len(train))
        train = train.take(order[: settings.limit].tolist())
    begin = time.monotonic()
    predicted = _FITS.get(dataset.task, _classes)(slm, train, dev, settings)
    scores = evaluate(_METRICS.get(dataset.task, dataset.metric), dev.labels, predicted)
    return {
        "dataset": name,
        "depth": settings.depth,
        "n_train": len(train),
        "n_dev": len(dev),
        "epochs": settings.epochs,
        "seed": settings.seed,
        "fingerprint": slm.fingerprint,
        "seconds": round(time.monotonic() - begin, 1),
        **{key: round(100 * value, 2) for key, value in scores.items()},
    }


def compare(slm: SLM, root: Path, sets: Sequence[str], runs: Sequence[Settings], out: Path) -> None:
    """Measure every set at every setting; one JSON line each is appended to ``out``, which is never measured twice.

    Raises:
        DataError: ``out`` cannot be written, or has a line that is no measurement; the message names it.
    """
    done = _done(out)
    for name in sets:
        for settings in runs:
            rows = min(len(load(name, "train", root)), settings.limit or sys.maxsize)
            if (name, settings.depth, settings.epochs, rows, settings.seed, slm.fingerprint) in done:
                continue
            result = measure(name, slm, root, settings)
            with out.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(result) + "\n")
            sys.stderr.write(json.dumps(result) + "\n")


def _done(out: Path) -> set[tuple[Any, ...]]:
    """What ``out`` holds already; it can be appended to from here on, so that no measurement is made for nothing."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("a+b") as file:
            file.seek(0)
            content = file.read()
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error}") from error
    lines = content.splitlines(keepends=True)
    if lines and not _parses(lines[-1]):  # a run was stopped while it wrote
        lines = lines[:-1]
    done = {_key(line, f"{out}, line {number}") for number, line in enumerate(lines, start=1)}
    if lines and not lines[-1].endswith(b"\n"):
        lines.append(b"\n")
    if b"".join(lines) != content:
        write_text(out, b"".join(lines).decode("utf-8"))
    return done


def _parses(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _key(line: bytes, place: str) -> tuple[Any, ...]:
    try:
        found = json.loads(line)
        key = tuple(found[name] for name in ("dataset", "depth", "epochs", "n_train", "seed", "fingerprint"))
        hash(key)  # a list could not be looked up
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"{place}: not a measurement of 'slmkit bench depths': {error!r}") from error
    return key


def _classes(slm: SLM, train: Rows, dev: Rows, settings: Settings) -> list[Any]:
    """Classes by the task's own estimator, its epochs fixed, without n-grams: the branch is what is compared."""
    model = Classifier(
        depth=settings.depth, start="encoder", epochs=settings.epochs, ngrams=False, random_state=settings.seed, slm=slm
    )
    return list(model.fit(list(train.inputs), list(train.labels)).predict(list(dev.inputs)))


def _descend(
    slm: SLM,
    windows: Windows,
    branch: Branch,
    head: nn.Module,
    loss: Callable[[Tensor, Tensor, np.ndarray], Tensor],
    settings: Settings,
) -> None:
    """Tune branch and head on windows; ``loss`` takes branch states, mask and window numbers."""
    states = TrunkStates(slm, windows, upto=slm.config.encoder.layers - settings.depth)
    lengths, rng = states.text_lengths(), np.random.default_rng(settings.seed)
    batches = [b for _ in range(settings.epochs) for b in text_batches(lengths, settings.tokens, rng)]
    model, schedule = nn.ModuleList([branch, head]), Schedule(len(batches), settings.learning_rate)
    descent = Descent(model, schedule, {"1.": 5.0})
    model.train()
    for rows in batches:
        inputs, mask, _, numbers = states.batch(rows)
        descent.step(loss(branch(inputs, mask), mask, numbers))
    model.eval()


def _spans_of_types(slm: SLM, train: Rows, dev: Rows, settings: Settings) -> list[Any]:
    """Typed spans by the task's own estimator, all of its rows read and every epoch, as the other heads do."""
    model = EntityRecognizer(
        depth=settings.depth,
        epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        batch_tokens=settings.tokens,
        validation_fraction=0.0,
        random_state=settings.seed,
        slm=slm,
    ).fit(list(train.inputs), list(train.labels))
    return [[(each.start, each.end, each.type) for each in found] for found in model.predict(list(dev.inputs))]


def _question_windows(slm: SLM, rows: Rows) -> Windows:
    """The windows of each passage with its question."""
    passages = slm.tokenizer.encode_batch([passage for passage, _ in rows.inputs])
    questions = slm.tokenizer.encode_batch([question for _, question in rows.inputs])
    return lay_question_windows(questions, passages, size=PASSAGE, most=QUESTION, overlap=STRIDE, spans=_strided)


def _strided(length: int, room: int, overlap: int) -> list[tuple[int, int]]:
    """Parts as the depths were measured with: the last few tokens of some passages are in none of them."""
    return [(start, start + room) for start in range(0, max(1, length - room + overlap), room - overlap)]


def _spans(slm: SLM, train: Rows, dev: Rows, settings: Settings) -> list[Any]:
    """Start and end of the answer; windows without the answer are left out of training."""
    torch.manual_seed(settings.seed)
    windows = _question_windows(slm, train)
    kept, places = [], []
    for number, text in enumerate(windows.text_index):
        passage, answer = train.inputs[text][0], train.labels[text][0]
        start = passage.find(answer)
        end = start + len(answer)
        offsets = np.where(windows.fresh[number][:, None], windows.offsets[number], -1)
        if start >= 0 and offsets[windows.fresh[number], 0].min() <= start and offsets[:, 1].max() >= end:
            kept.append(number)
            places.append(span_tokens(offsets, (start, end)))
    chosen = Windows(
        [windows.ids[i] for i in kept],
        [windows.offsets[i] for i in kept],
        np.arange(len(kept)),
        [windows.fresh[i] for i in kept],
        len(kept),
    )
    branch, head = Branch.on(slm, settings.depth), SpanHead(slm.config.encoder.width)

    def loss(states: Tensor, mask: Tensor, numbers: np.ndarray) -> Tensor:
        start, end = head(states, passage_tokens(chosen, numbers, mask))
        truth = torch.tensor([places[i] for i in numbers])
        return (F.cross_entropy(start, truth[:, 0]) + F.cross_entropy(end, truth[:, 1])) / 2

    _descend(slm, chosen, branch, head, loss, settings)
    return _answers(slm, dev, branch, head, settings)


@torch.inference_mode()
def _answers(slm: SLM, dev: Rows, branch: Branch, head: SpanHead, settings: Settings) -> list[str]:
    windows = _question_windows(slm, dev)
    best: list[tuple[float, str]] = [(-np.inf, "")] * len(dev)
    for numbers, states, mask in slm.run(windows, upto=slm.config.encoder.layers - settings.depth):
        start, end = head(branch(states, mask), passage_tokens(windows, numbers, mask))
        T = start.shape[1]
        scores, flat = span_scores(start, end, ANSWER).flatten(1).max(1)
        for row, number in enumerate(numbers):
            first, last = divmod(int(flat[row]), T)
            text, offsets = int(windows.text_index[number]), windows.offsets[number]
            if float(scores[row]) > best[text][0] and last < len(offsets):
                passage = dev.inputs[text][0]
                a, b = trimmed(passage, int(offsets[first, 0]), int(offsets[last, 1]))
                best[text] = (float(scores[row]), passage[a:b])
    return [answer for _, answer in best]


# The sets' own scores of answers are those of their scripts; depths go on being compared by the one they began with.
_METRICS = {"reading": "answer_f1"}
_FITS: dict[str, Callable[[SLM, Rows, Rows, Settings], list[Any]]] = {"entities": _spans_of_types, "reading": _spans}
