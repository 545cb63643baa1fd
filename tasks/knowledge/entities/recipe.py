"""How a recognizer is fitted: the choices that follow from the data's size unless the caller makes them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.tasks.classification.recipe import default_held_back, default_step_tokens
from slmkit.tasks.knowledge.entities.laying import check_length
from slmkit.tasks.knowledge.entities.network import HEADS

HEAD_RATE = 5.0  # factor on the learning rate of pointer and tagger


@dataclass(frozen=True)
class RecognizerRecipe:
    """The settings of one fit.

    Attributes:
        head: one of ``HEADS``. depth: layers of the branch. epochs: passes over the texts.
        learning_rate: peak, of the branch; the heads learn five times as fast.
        batch_tokens: of an optimiser step. max_length: tokens of a window.
        held_back: share of the texts by which the best weights, calibration and threshold are chosen.
        patience: epochs without a better score before training ends. dropout: while training.
        minutes: shorten the training to what fits. seed: of everything random.
    """

    head: str = "both"
    depth: int = 6
    epochs: int | None = None
    learning_rate: float = 3e-4
    batch_tokens: int | None = None
    max_length: int | None = None
    held_back: float | None = None
    patience: int | None = None
    dropout: float = 0.1
    minutes: float | None = None
    seed: int = 0

    def settled(self, n: int, tokens: float, slm: SLM) -> RecognizerRecipe:
        """The same with nothing left open: about 60,000 texts read, in 3 to 30 epochs; a tenth held back of many.

        Args:
            n: texts. tokens: mean of a text. slm: the core.

        Raises:
            InputError: a setting is out of range.
        """
        made = replace(
            self,
            epochs=self.epochs if self.epochs is not None else int(np.clip(round(60_000 / max(n, 1)), 3, 30)),
            batch_tokens=self.batch_tokens if self.batch_tokens is not None else default_step_tokens(n, tokens),
            max_length=check_length(slm, self.max_length),
            held_back=self.held_back if self.held_back is not None else default_held_back("tune", n),
            patience=self.patience if self.patience is not None else 3,
        )
        made._check(slm)
        return made

    def to_dict(self) -> dict[str, Any]:
        """Plain data, kept with the model."""
        return asdict(self)

    def _check(self, slm: SLM) -> None:
        layers = slm.config.encoder.layers
        rules = [
            (self.head in HEADS, f"head {self.head!r} is not known; give one of {', '.join(HEADS)}"),
            (0 <= self.depth <= layers, f"depth {self.depth}: the core has {layers} layers, give 0 to {layers}"),
            ((self.epochs or 0) >= 1, f"epochs {self.epochs}: give at least 1"),
            (self.learning_rate > 0, f"learning_rate {self.learning_rate}: give a positive number"),
            ((self.batch_tokens or 0) >= 1, f"batch_tokens {self.batch_tokens}: give at least 1"),
            (0 <= (self.held_back or 0) < 1, f"validation_fraction {self.held_back}: give 0 to 1, below 1"),
            ((self.patience or 0) >= 1, f"patience {self.patience}: give at least 1"),
            (0 <= self.dropout < 1, f"dropout {self.dropout}: give 0 to 1, below 1"),
            (self.minutes is None or self.minutes > 0, f"minutes {self.minutes}: give a positive number"),
        ]
        for holds, message in rules:
            if not holds:
                raise InputError(message)
