"""Which layers a branch begins as: the encoder's top, or those that make sentence vectors."""

from __future__ import annotations

import numpy as np
from torch import nn

from slmkit.core import SLM
from slmkit.model.branch import Branch
from slmkit.tasks.classification.calibration import fit_temperature, log_loss
from slmkit.tasks.classification.logistic import logistic_head
from slmkit.tasks.classification.pooling import text_vectors
from slmkit.tasks.classification.recipe import Recipe, Start
from slmkit.tasks.classification.split import hold_back
from slmkit.tasks.classification.training_set import TrainingSet
from slmkit.text.windows import beginnings

SAMPLE, BEGINNING = 1600, 64  # texts, and tokens of each: seconds, where the fit takes minutes
SMALLEST = 100  # fewer texts than this say too little


def choose_start(slm: SLM, data: TrainingSet, classes: int, recipe: Recipe) -> Start:
    """The start whose states a linear probe (Alain and Bengio 2017) reads the classes from better.

    Topics are told better by the layers that were made for meaning, leanings by those that saw labelled sentences.

    Args:
        slm: the core. data: what to learn from; its held-back part is not looked at. classes: how many.
        recipe: settings, with an open start.
    """
    own = len(slm.vectors)
    if not own or recipe.depth < own:  # a shorter branch would leave some of the vectors' layers out
        return "encoder"
    if recipe.method == "contrastive":
        # Pairs are what those layers were made from: banking77 with 10 examples a class 78.2 against 74.2.
        return "vectors"
    rows = np.random.default_rng(recipe.seed).permutation(data.train)[:SAMPLE]
    if len(rows) < SMALLEST:
        return "encoder"
    texts, _ = beginnings(slm.tokenizer, [data.texts[i] for i in rows], BEGINNING)
    train, held = hold_back(data.classes[rows], 0.25, recipe.seed)
    trunk = slm.config.trunk
    upper = Branch(nn.ModuleList(slm.stack()[trunk:]))
    losses = {}
    for start, branch, upto in (("encoder", upper, trunk), ("vectors", None, slm.config.encoder.layers)):
        read = text_vectors(slm, branch, texts, upto=upto, max_length=recipe.max_length, normalise=True).numpy()
        losses[start] = _probe(read, data, rows, train, held, classes, recipe.seed)
    return "vectors" if losses["vectors"] < losses["encoder"] else "encoder"


def _probe(
    vectors: np.ndarray, data: TrainingSet, rows: np.ndarray, train: np.ndarray, held: np.ndarray, k: int, seed: int
) -> float:
    """Log loss on ``held``, at its best temperature, of a logistic head fitted on ``train`` (places in ``rows``)."""
    truth, weights = data.classes[rows], data.weights[rows]
    fitted = logistic_head(vectors[train], truth[train], weights[train], k, positive=data.positive, seed=seed)
    logits = (vectors[held] @ fitted[0].T + fitted[1]).astype(np.float64)
    return log_loss(logits / fit_temperature(logits, truth[held], weights[held]), truth[held], weights[held])
