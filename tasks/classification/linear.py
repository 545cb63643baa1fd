"""Method "linear": a logistic head on the core's own sentence vectors; nothing of the encoder is tuned."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from slmkit.core import SLM
from slmkit.tasks.classification.calibration import fit_temperature, log_loss
from slmkit.tasks.classification.logistic import DEFAULT_STRENGTH, STRENGTHS, logistic_head
from slmkit.tasks.classification.pooling import text_vectors
from slmkit.tasks.classification.recipe import Recipe
from slmkit.tasks.classification.training_set import TrainingSet
from slmkit.tasks.classification.tuning import Fitted, score
from slmkit.tasks.fit_report import Report


def fit_linear(slm: SLM, data: TrainingSet, classes: int, recipe: Recipe, report: Report) -> Fitted:
    """Fit a head on frozen vectors.

    The penalty and the temperature are chosen on the held-back part; the head is then fitted on all rows
    (those that the caller gave for validation stay out).

    Args:
        slm: the core. data: what to learn from. classes: how many. recipe: settings. report: progress.
    """
    report.stage("reading the texts")
    layers = slm.config.encoder.layers
    made = text_vectors(slm, None, data.texts, upto=layers, max_length=recipe.max_length, normalise=True)
    vectors, train, held = made.numpy(), data.train, data.held
    fit = partial(logistic_head, classes=classes, positive=data.positive, seed=recipe.seed)
    strength, temperature, history = DEFAULT_STRENGTH, 1.0, []
    report.stage("fitting the head")
    if len(held):
        truth, weights, best = data.classes[held], data.weights[held], np.inf
        for tried in STRENGTHS:
            weight, bias = fit(vectors[train], data.classes[train], data.weights[train], strength=tried)
            logits = (vectors[held] @ weight.T + bias).astype(np.float64)
            heat = fit_temperature(logits, truth, weights)
            loss = log_loss(logits / heat, truth, weights)
            history.append({"strength": tried, "score": score(logits, truth, weights), "loss": round(loss, 5)})
            if loss < best:
                best, strength, temperature = loss, tried, heat
    rows = train if data.given else np.sort(np.concatenate([train, held]))
    weight, bias = fit(vectors[rows], data.classes[rows], data.weights[rows], strength=strength)
    tensors = {"head.weight": torch.from_numpy(weight), "head.bias": torch.from_numpy(bias)}
    return Fitted(tensors, 0, True, temperature, history=history)
