"""How a speller is fitted: the choices that follow from the data's size unless the caller makes them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from slmkit.core import SLM
from slmkit.errors import InputError


@dataclass(frozen=True)
class SpellingRecipe:
    """The settings of one fit.

    Attributes:
        depth: layers of the branch. rank: of the projections that candidates are scored in.
        epochs: passes over the lessons. learning_rate: peak, of the branch; the scorer learns five times as fast.
        batch_tokens: of an optimiser step. held_back: share of the lessons by which thresholds are chosen.
        dropout: while training. minutes: shorten the training to what fits. seed: of everything random.
    """

    depth: int = 4
    rank: int = 128
    epochs: int | None = None
    learning_rate: float = 3e-4
    batch_tokens: int = 4096
    held_back: float | None = None
    dropout: float = 0.1
    minutes: float | None = None
    seed: int = 0

    def settled(self, n: int, slm: SLM) -> SpellingRecipe:
        """The same with nothing left open: about 20,000 lessons read, in 2 to 12 epochs; a tenth held back of many.

        Args:
            n: lessons. slm: the core.

        Raises:
            InputError: a setting is out of range.
        """
        epochs = self.epochs if self.epochs is not None else int(np.clip(round(20_000 / max(n, 1)), 2, 12))
        held = self.held_back if self.held_back is not None else 0.1 * (n >= 400)
        made = replace(self, epochs=epochs, held_back=held, rank=min(self.rank, slm.config.encoder.width))
        made._check(slm)
        return made

    def to_dict(self) -> dict[str, Any]:
        """Plain data, kept with the model."""
        return asdict(self)

    def _check(self, slm: SLM) -> None:
        layers = slm.config.encoder.layers
        rules = [
            (0 <= self.depth <= layers, f"depth {self.depth}: the core has {layers} layers, give 0 to {layers}"),
            (self.rank >= 1, f"rank {self.rank}: give at least 1"),
            (self.epochs is not None and self.epochs >= 1, f"epochs {self.epochs}: give at least 1"),
            (self.learning_rate > 0, f"learning_rate {self.learning_rate}: give a positive number"),
            (self.batch_tokens >= 1, f"batch_tokens {self.batch_tokens}: give at least 1"),
            (self.held_back is None or 0 <= self.held_back < 1, f"held_back {self.held_back}: give 0 to 1, below 1"),
            (0 <= self.dropout < 1, f"dropout {self.dropout}: give 0 to 1, below 1"),
            (self.minutes is None or self.minutes > 0, f"minutes {self.minutes}: give a positive number"),
        ]
        for holds, message in rules:
            if not holds:
                raise InputError(message)
