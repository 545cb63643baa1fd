"""How an extractor is fitted: the choices that follow from the data's size unless the caller makes them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.tasks.classification.recipe import default_step_tokens
from slmkit.tasks.knowledge.relations.relation_model import check_length

WINDOW = 256  # tokens
READ = 50_000  # rows that are read in all, within the epochs below
EPOCHS = (4, 30)


@dataclass(frozen=True)
class RelationRecipe:
    """The settings of one fit.

    Attributes:
        depth: layers of the branch. epochs: passes over the rows, which are texts or pairs of given mentions.
        learning_rate: peak, of the branch; the head learns five times as fast. batch_tokens: of an optimiser step.
        max_length: tokens of a window. held_back: share of the texts. dropout: while training.
        minutes: shorten the training to what fits. seed: of everything random.
    """

    depth: int = 6
    epochs: int | None = None
    learning_rate: float = 3e-4
    batch_tokens: int | None = None
    max_length: int | None = None
    held_back: float | None = None
    dropout: float = 0.1
    minutes: float | None = None
    seed: int = 0

    @property
    def window(self) -> int:
        """Tokens of a window."""
        return WINDOW if self.max_length is None else self.max_length

    def fitting(self, slm: SLM) -> RelationRecipe:
        """The same with windows that the core can read.

        Raises:
            InputError: a setting is out of range.
        """
        made = replace(self, max_length=min(WINDOW, slm.config.encoder.positions)) if self.max_length is None else self
        made._check(slm)
        return made

    def settled(self, rows: int, tokens: float) -> RelationRecipe:
        """The same with nothing left open.

        Args:
            rows: that are learned from. tokens: of a row, on average.
        """
        epochs = self.epochs if self.epochs is not None else int(np.clip(round(READ / max(rows, 1)), *EPOCHS))
        step = self.batch_tokens if self.batch_tokens is not None else default_step_tokens(rows, tokens)
        return replace(self, epochs=epochs, batch_tokens=step)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, kept with the model."""
        return asdict(self)

    def _check(self, slm: SLM) -> None:
        layers, share = slm.config.encoder.layers, self.held_back
        rules = [
            (0 <= self.depth <= layers, f"depth {self.depth}: the core has {layers} layers, give 0 to {layers}"),
            (self.epochs is None or self.epochs >= 1, f"epochs {self.epochs}: give at least 1"),
            (self.learning_rate > 0, f"learning_rate {self.learning_rate}: give a positive number"),
            (self.batch_tokens is None or self.batch_tokens >= 1, f"batch_tokens {self.batch_tokens}: give at least 1"),
            (share is None or 0 <= share < 1, f"validation_fraction {share}: give 0 to 1, below 1"),
            (0 <= self.dropout < 1, f"dropout {self.dropout}: give 0 to 1, below 1"),
            (self.minutes is None or self.minutes > 0, f"minutes {self.minutes}: give a positive number"),
        ]
        for holds, message in rules:
            if not holds:
                raise InputError(message)
        check_length(self.window, slm)
