"""The run of a fit: batches and steps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from slmkit.tasks.kept_fit import Looks, descend, steps_of
from slmkit.tasks.knowledge.relations.jobs import Job
from slmkit.tasks.knowledge.relations.recipe import RelationRecipe
from slmkit.training.drawing import order_of
from slmkit.training.states import text_batches


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


def run(job: Job, weights: np.ndarray, recipe: RelationRecipe, looks: Looks) -> bool:
    """Train; returns whether the caller stopped it.

    Args:
        job: what is learned from. weights: how often each of its rows is read ``(rows,)``, mean 1. recipe: settled.
        looks: has the network.
    """

    def batches() -> Iterator[np.ndarray]:
        return _batches(job, weights, recipe)

    steps = steps_of(
        looks.kept,
        looks.network.train(),
        sum(1 for _ in batches()),
        lambda: (job.loss(rows) for rows in batches()),
        recipe.minutes,
    )
    looks.report.budget(
        f"{sum(map(len, job.rows)):,} rows, {len(job.held):,} held back; {steps:,} steps of about "
        f"{recipe.batch_tokens:,} tokens in at most {recipe.epochs} epochs, branch of {recipe.depth} layers, rate "
        f"{recipe.learning_rate:g}",
        steps,
    )
    return descend(looks, batches(), job.loss, steps=steps, learning_rate=recipe.learning_rate, seed=recipe.seed)
