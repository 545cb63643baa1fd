"""Method "contrastive": for a handful of examples a class, the branch learns from pairs and a logistic head follows.

As in SetFit (Tunstall et al. 2022), texts of one class are drawn together and the others apart. The pairs are those
inside small batches (supervised contrastive loss, Khosla et al. 2020), drawn as they are needed: memory does not grow
with the number of pairs.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from slmkit.core import SLM
from slmkit.model.branch import Branch
from slmkit.tasks.classification.logistic import logistic_head
from slmkit.tasks.classification.recipe import PAIR_BATCH, Recipe
from slmkit.tasks.classification.training_set import TrainingSet
from slmkit.tasks.classification.tuned import Tuned, descent, seeded
from slmkit.tasks.classification.tuning import Fitted
from slmkit.tasks.fit_report import Report
from slmkit.training.states import TrunkStates

TEMPERATURE = 0.07
BATCH_TOKENS = 8192  # bounds the memory of a step where texts are long


def contrast(slm: SLM, data: TrainingSet, classes: int, recipe: Recipe, report: Report) -> Fitted:
    """Fit the branch on pairs, then a logistic head on its vectors.

    Args:
        slm: the core. data: what to learn from. classes: how many. recipe: settings. report: progress.
    """
    report.stage("reading the texts")
    as_vectors = recipe.start == "vectors"
    upto, overlap = len(slm.stack(vectors=as_vectors)) - recipe.depth, min(32, recipe.max_length // 4)
    states = TrunkStates(slm, data.texts, upto=upto, max_length=recipe.max_length, overlap=overlap)
    with seeded(recipe.seed):
        branch = Branch.on(slm, recipe.depth, dropout=recipe.dropout, vectors=as_vectors)
        model = Tuned(branch, slm.config.encoder.width, classes, dropout=0.0, normalise=True)
        interrupted = _descend(model, states, data, recipe, report)
    report.stage("fitting the head")
    vectors, truth = model.over(states, data.train, vectors=True), data.classes[data.train]
    weight, bias = logistic_head(vectors, truth, data.weights[data.train], classes, seed=recipe.seed)
    tensors = {**model.pack(), "head.weight": torch.from_numpy(weight), "head.bias": torch.from_numpy(bias)}
    return Fitted(tensors, recipe.depth, True, upto=upto, interrupted=interrupted)


def _descend(model: Tuned, states: TrunkStates, data: TrainingSet, recipe: Recipe, report: Report) -> bool:
    model.head.requires_grad_(requires_grad=False)
    lengths = states.text_lengths()[data.train]
    size = int(np.clip(BATCH_TOKENS / max(float(lengths.mean()), 1.0), 16, PAIR_BATCH))
    steps = recipe.epochs * max(1, round(len(data.train) / size))
    report.budget(recipe.budget(len(data.train), 0, steps), steps)
    optimiser, truth = descent(model, recipe, steps), data.classes[data.train]
    batches = group_batches(truth, size, np.random.default_rng(recipe.seed))
    model.train()
    try:
        for _, rows in zip(range(steps), batches, strict=False):
            batch, mask, owner, _ = states.batch(data.train[rows])
            vectors = model.vectors(batch, mask, owner, len(rows))
            loss = pair_loss(vectors, torch.from_numpy(truth[rows]))
            optimiser.step(loss)
            report.step(optimiser.done, loss)
    except KeyboardInterrupt:
        warnings.warn(
            f"fit was interrupted after step {optimiser.done} of {steps}; the weights so far are kept", stacklevel=5
        )
        return True
    return False


def group_batches(classes: np.ndarray, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Endless batches of several rows each of several classes, so that every batch holds equal and unequal pairs.

    Args:
        classes: class numbers ``(n,)``. size: rows a batch, about. rng: the order.
    """
    members = {c: np.flatnonzero(classes == c) for c in np.unique(classes)}
    names = np.array(list(members))
    groups = min(len(names), max(2, size // 4))
    each = max(2, size // groups)
    turn = rng.permutation(names)
    while True:
        now, turn = turn[:groups], turn[groups:]
        if len(now) < groups:  # every class has its turn before any has its second
            turn = rng.permutation(names)
            fill = [c for c in turn if c not in now][: groups - len(now)]
            now, turn = np.concatenate([now, fill]), np.array([c for c in turn if c not in fill], dtype=names.dtype)
        yield np.concatenate([rng.choice(members[c], min(each, len(members[c])), replace=False) for c in now])


def pair_loss(vectors: Tensor, classes: Tensor) -> Tensor:
    """Supervised contrastive loss: each text's equals are to be nearer than all others of the batch.

    Shape: vectors ``(B, W)`` of length 1; classes ``(B,)``.
    """
    itself = torch.eye(len(classes), dtype=torch.bool)
    near = (vectors @ vectors.T / TEMPERATURE).masked_fill(itself, -torch.inf)
    equal = (classes[:, None] == classes) & ~itself
    log_share = near - near.logsumexp(1, keepdim=True)
    counts = equal.sum(1)
    each = -log_share.masked_fill(~equal, 0).sum(1) / counts.clamp_min(1)
    return each.sum() / (counts > 0).sum().clamp_min(1)
