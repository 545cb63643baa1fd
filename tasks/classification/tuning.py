"""Method "tune": branch and head by cross-entropy, with early stopping on the held-back part."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from slmkit.core import SLM
from slmkit.model.branch import Branch
from slmkit.tasks.classification.calibration import SMALLEST, fit_temperature, log_loss
from slmkit.tasks.classification.recipe import Recipe
from slmkit.tasks.classification.training_set import TrainingSet
from slmkit.tasks.classification.tuned import Tuned, descent, seeded
from slmkit.tasks.classification.wording import add_wording
from slmkit.tasks.fit_report import Report
from slmkit.training.states import TrunkStates, text_batches

STEPS_BETWEEN_LOOKS = 150  # an epoch of a large set is looked at several times


@dataclass
class Fitted:
    """What a method hands back.

    Attributes:
        tensors: of the ``BranchModel``. depth, normalise, temperature, upto: as there.
        history: one entry a look at the held-back part. interrupted: whether the caller stopped it.
    """

    tensors: dict[str, Tensor]
    depth: int
    normalise: bool
    temperature: float = 1.0
    upto: int | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    interrupted: bool = False


def tune(slm: SLM, data: TrainingSet, classes: int, recipe: Recipe, report: Report) -> Fitted:
    """Fit branch and head.

    Args:
        slm: the core. data: what to learn from. classes: how many. recipe: settings. report: progress.
    """
    report.stage("reading the texts")
    as_vectors = recipe.start == "vectors"
    upto = len(slm.stack(vectors=as_vectors)) - recipe.depth
    states = TrunkStates(
        slm,
        data.texts,
        upto=upto,
        max_length=recipe.max_length,
        overlap=min(32, recipe.max_length // 4),
    )
    with seeded(recipe.seed):
        branch = Branch.on(slm, recipe.depth, dropout=recipe.dropout, vectors=as_vectors)
        model = Tuned(
            branch,
            slm.config.encoder.width,
            classes,
            dropout=recipe.dropout,
            word_dropout=recipe.word_dropout or 0.0,
        )
        watch = Watch(model, states, data, report)
        interrupted = _descend(model, states, data, recipe, watch, report)
    if watch.best is not None:
        model.load_state_dict(watch.best)
    tensors, temperature = model.pack(), 1.0
    if len(data.held):
        logits, truth, weights = model.over(states, data.held), data.classes[data.held], data.weights[data.held]
        temperature = fit_temperature(logits, truth, weights)
        if recipe.ngrams and not interrupted and len(data.held) >= SMALLEST:
            report.stage("fitting the n-grams")
            mix = add_wording(slm.tokenizer, data, logits, classes, recipe.seed, tensors)
            temperature = temperature if mix is None else mix.temperature
    return Fitted(tensors, recipe.depth, False, temperature, upto=upto, history=watch.history, interrupted=interrupted)


def _descend(
    model: Tuned, states: TrunkStates, data: TrainingSet, recipe: Recipe, watch: Watch, report: Report
) -> bool:
    epochs = [list(_batches(states, data, recipe, epoch)) for epoch in range(recipe.epochs)]
    total = sum(map(len, epochs))
    report.budget(recipe.budget(len(data.train), len(data.held), total), total)
    optimiser = descent(model, recipe, total)
    model.train()
    try:
        for number, batches in enumerate(epochs):
            looks = _looks(len(batches))
            for at, rows in enumerate(batches, 1):
                loss = batch_loss(model, states, data, rows, recipe.label_smoothing)
                optimiser.step(loss)
                report.step(optimiser.done, loss)
                if at in looks:
                    watch.look(number + at / len(batches))
            if watch.epochs_without_gain(number + 1) >= recipe.patience:
                break
    except KeyboardInterrupt:
        warnings.warn(
            f"fit was interrupted after step {optimiser.done} of {total}; the best weights so far are kept",
            stacklevel=5,
        )
        return True
    return False


def _batches(states: TrunkStates, data: TrainingSet, recipe: Recipe, epoch: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng([recipe.seed, epoch])
    lengths = states.text_lengths()[data.train]
    for rows in text_batches(lengths, recipe.step_tokens, rng):
        yield data.train[rows]


def _looks(steps: int) -> set[int]:
    """Steps of an epoch after which the held-back part is scored; the last is one of them."""
    times = max(1, min(4, steps // STEPS_BETWEEN_LOOKS))
    return {round(steps * (i + 1) / times) for i in range(times)}


def batch_loss(model: Tuned, states: TrunkStates, data: TrainingSet, rows: np.ndarray, smoothing: float) -> Tensor:
    """Weighted cross-entropy of some rows."""
    batch, mask, owner, _ = states.batch(rows)
    logits = model(batch, mask, owner, len(rows))
    truth = torch.from_numpy(data.classes[rows])
    if data.multi:
        positive = None if data.positive is None else torch.from_numpy(data.positive)
        soft = truth * (1 - smoothing) + smoothing / 2
        losses = F.binary_cross_entropy_with_logits(logits, soft, pos_weight=positive, reduction="none").sum(1)
    else:
        losses = F.cross_entropy(logits, truth, label_smoothing=smoothing, reduction="none")
    return (losses * torch.from_numpy(data.weights[rows])).mean()


class Watch:
    """Scores the held-back part and keeps the best weights.

    Args:
        model: what learns. states: of all texts. data: rows. report: progress.
    """

    def __init__(self, model: Tuned, states: TrunkStates, data: TrainingSet, report: Report) -> None:
        self.model, self.states, self.data, self.report = model, states, data, report
        self.best: dict[str, Tensor] | None = None
        self.history: list[dict[str, Any]] = []
        self._key: tuple[float, float] | None = None
        self._epoch = 0.0

    def look(self, epoch: float) -> None:
        """Score the weights of this moment; without a held-back part nothing is done."""
        held = self.data.held
        if not len(held):
            return
        logits, truth, weights = self.model.over(self.states, held), self.data.classes[held], self.data.weights[held]
        entry = {"epoch": round(epoch, 2), "score": score(logits, truth, weights)}
        entry["loss"] = round(log_loss(logits.astype(np.float64), truth, weights), 5)
        self.history.append(entry)
        key = (entry["score"], -entry["loss"])  # of equal scores the surer one
        if self._key is None or key > self._key:
            self._key, self._epoch, self.best = key, epoch, self.model.snapshot()
        self.report.look(entry)

    def epochs_without_gain(self, epoch: int) -> float:
        """Epochs since the best score."""
        return epoch - self._epoch if self._key is not None else 0.0


def score(logits: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> float:
    """Weighted accuracy; micro F1 where labels are independent."""
    if truth.ndim == 1:
        return round(float(np.average(logits.argmax(1) == truth, weights=weights)), 5)
    chosen, truth, each = logits >= 0, truth > 0, weights[:, None]
    right = float((each * (chosen & truth)).sum())
    return round(2 * right / max(float((each * chosen).sum() + (each * truth).sum()), 1e-9), 5)
