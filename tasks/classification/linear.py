"""Method "linear": a logistic head on the core's own sentence vectors; nothing of the encoder is tuned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from slmkit.core import SLM
from slmkit.tasks.classification.calibration import fit_temperature, log_loss
from slmkit.tasks.classification.label_model import BIAS, HEAD
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
    report.stage("fitting the head")
    head = fit_head(made.numpy(), data, classes, recipe.seed)
    return Fitted(head.tensors, 0, True, head.temperature, history=head.history)


@dataclass(frozen=True)
class Head:
    """A logistic head and how it was chosen.

    Attributes:
        tensors: weight and bias, fitted on all rows. temperature: divides the logits. history: what was tried.
        held: logits of the held-back rows by a head that did not see them, float64 ``(rows, classes)``.
    """

    tensors: dict[str, Tensor]
    temperature: float
    history: list[dict[str, Any]]
    held: np.ndarray


def fit_head(vectors: np.ndarray, data: TrainingSet, classes: int, seed: int) -> Head:
    """Choose the penalty and the temperature on the held-back part, then fit on all rows.

    Args:
        vectors: of all texts of ``data``, float32 ``(n, W)``. data: rows. classes: how many. seed: of the solver.
    """
    train, held = data.train, data.held
    fit = partial(logistic_head, classes=classes, positive=data.positive, seed=seed)
    strength, temperature, history, least = DEFAULT_STRENGTH, 1.0, [], np.inf
    kept = np.empty((0, classes))
    for tried in STRENGTHS if len(held) else ():
        truth, weights = data.classes[held], data.weights[held]
        weight, bias = fit(vectors[train], data.classes[train], data.weights[train], strength=tried)
        logits = (vectors[held] @ weight.T + bias).astype(np.float64)
        heat = fit_temperature(logits, truth, weights)
        loss = log_loss(logits / heat, truth, weights)
        history.append({"strength": tried, "score": score(logits, truth, weights), "loss": round(loss, 5)})
        if loss < least:
            least, strength, temperature, kept = loss, tried, heat, logits
    rows = data.own
    weight, bias = fit(vectors[rows], data.classes[rows], data.weights[rows], strength=strength)
    return Head({HEAD: torch.from_numpy(weight), BIAS: torch.from_numpy(bias)}, temperature, history, kept)
