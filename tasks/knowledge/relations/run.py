"""The run of a fit: batches, steps, looks at the held-back part, the best weights."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from slmkit.tasks.fit_report import Report
from slmkit.tasks.knowledge.relations.held_back import Held
from slmkit.tasks.knowledge.relations.jobs import Job
from slmkit.tasks.knowledge.relations.network import RelationNetwork
from slmkit.tasks.knowledge.relations.recipe import RelationRecipe
from slmkit.training.drawing import order_of
from slmkit.training.kept import SAVE_EVERY, Kept
from slmkit.training.loop import Schedule, steps_in
from slmkit.training.states import text_batches

_STEPS_BETWEEN_LOOKS, _MOST_LOOKS = 200, 10


class Watch:
    """Reads the held-back part now and then, and keeps the best weights.

    Args:
        network: what learns. held: the part. report: progress. kept: where looks are kept.
    """

    def __init__(self, network: RelationNetwork, held: Held, report: Report, kept: Kept) -> None:
        self.network, self.held, self.report, self.kept = network, held, report, kept
        self.history: list[dict[str, Any]] = []
        self._best: tuple[float, dict[str, Tensor]] | None = None

    def go_on(self, step: int) -> None:
        """Take up the looks of a run that was cut off after so many steps."""
        self.history, self._best = self.kept.looks(step)

    def look(self, step: int) -> None:
        """Score the weights of this moment; without a held-back part nothing is done."""
        if not len(self.held):
            return
        value = self.held.f1(self.network)
        self.history.append({"step": step, "f1": round(value, 5)})
        better = self._best is None or value > self._best[0]
        if self._best is None or better:
            self._best = value, self.network.snapshot()
        self.kept.keep_looks(self.history, self._best[0], self._best[1] if better else None)
        self.report.look(self.history[-1])

    def put_back(self) -> None:
        """Take up the best weights."""
        if self._best is not None:
            self.network.load_state_dict(self._best[1])
        self.network.eval()


def _batches(job: Job, weights: np.ndarray, recipe: RelationRecipe) -> Iterator[np.ndarray]:
    """Batches of the epochs, one after the other."""
    nothing = np.zeros(0, dtype=np.int64)
    for epoch in range(recipe.epochs or 1):
        order = order_of(weights, epoch, recipe.seed)
        rows = np.concatenate([*(job.rows[i] for i in order), nothing])
        if len(rows):
            rng = np.random.default_rng([recipe.seed, epoch])
            for part in text_batches(job.lengths[rows], recipe.batch_tokens or 1, rng):
                yield rows[part]


def descend(job: Job, weights: np.ndarray, recipe: RelationRecipe, watch: Watch, report: Report) -> bool:
    """Train; returns whether the caller stopped it.

    Args:
        job: what is learned from. weights: how often each of its rows is read ``(rows,)``, mean 1. recipe: settled.
        watch: has the network. report: progress.
    """
    network, kept = watch.network.train(), watch.kept
    steps = kept.steps() or sum(1 for _ in _batches(job, weights, recipe))
    if recipe.minutes is not None and kept.steps() is None:
        losses = (job.loss(rows) for rows in _batches(job, weights, recipe))
        steps = min(steps, steps_in(recipe.minutes, network, losses))
    report.budget(
        f"{sum(map(len, job.rows)):,} rows, {len(watch.held):,} held back; {steps:,} steps of about "
        f"{recipe.batch_tokens:,} tokens in at most {recipe.epochs} epochs, branch of {recipe.depth} layers, rate "
        f"{recipe.learning_rate:g}",
        steps,
    )
    descent = kept.descent(network, Schedule(steps, recipe.learning_rate))
    watch.go_on(descent.done)
    every = max(1, math.ceil(steps / np.clip(steps // _STEPS_BETWEEN_LOOKS, 2, _MOST_LOOKS)))
    try:
        for rows in islice(_batches(job, weights, recipe), descent.done, steps):
            torch.manual_seed(recipe.seed * 1_000_003 + descent.done)  # what a resumed run draws is what it would have
            loss = job.loss(rows)
            descent.step(loss)
            report.step(descent.done, loss)
            if descent.done % every == 0 or descent.done == steps:
                watch.look(descent.done)
            if descent.done % SAVE_EVERY == 0 or descent.done == steps:
                kept.save()
    except KeyboardInterrupt:
        kept.save()
        warnings.warn(
            f"fit was interrupted after step {descent.done} of {steps}; the best weights so far are kept", stacklevel=5
        )
        return True
    return False
