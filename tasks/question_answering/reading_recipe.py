"""How a reader is fitted: the choices that follow from the data's size unless the caller makes them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.tasks.question_answering.reading import Sizes
from slmkit.tasks.question_answering.reading_model import check_sizes


@dataclass(frozen=True)
class ReadingRecipe:
    """The settings of one fit.

    Attributes:
        depth: layers of the branch. epochs: passes over the questions. learning_rate: peak, of the branch; the head
            learns five times as fast. batch_tokens: of an optimiser step. max_length: tokens of a window.
        max_answer: tokens of the longest answer. abstain: share of the draws of a question that show it without its
            answer. mine: look for passages that seem to answer a question and do not among those of the others.
        held_back: share of the questions. dropout: while training. minutes: shorten the training to what fits.
        seed: of everything random.
    """

    depth: int = 6
    epochs: int | None = None
    learning_rate: float = 3e-4
    batch_tokens: int = 4096
    max_length: int | None = None
    max_answer: int | None = None
    abstain: float = 0.2
    mine: bool = True
    held_back: float | None = None
    dropout: float = 0.1
    minutes: float | None = None
    seed: int = 0

    def settled(self, n: int, slm: SLM) -> ReadingRecipe:
        """The same with nothing left open: about 30,000 questions read, in 2 to 12 epochs.

        Args:
            n: questions. slm: the core.

        Raises:
            InputError: a setting is out of range.
        """
        window = self.max_length if self.max_length is not None else min(Sizes.window, slm.config.encoder.positions)
        epochs = self.epochs if self.epochs is not None else int(np.clip(round(30_000 / max(n, 1)), 2, 12))
        made = replace(self, max_length=window, epochs=epochs)
        made = replace(made, max_answer=made.sizes.answer)
        made._check(slm)
        return made

    @property
    def sizes(self) -> Sizes:
        """Of windows and answers."""
        window = Sizes.window if self.max_length is None else self.max_length
        return Sizes(window, Sizes(window).overlap if self.max_answer is None else self.max_answer)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, kept with the model."""
        return asdict(self)

    def _check(self, slm: SLM) -> None:
        layers = slm.config.encoder.layers
        rules = [
            (0 <= self.depth <= layers, f"depth {self.depth}: the core has {layers} layers, give 0 to {layers}"),
            (self.epochs is not None and self.epochs >= 1, f"epochs {self.epochs}: give at least 1"),
            (self.learning_rate > 0, f"learning_rate {self.learning_rate}: give a positive number"),
            (self.batch_tokens >= 1, f"batch_tokens {self.batch_tokens}: give at least 1"),
            (0 <= self.abstain < 1, f"abstain {self.abstain}: give 0 to 1, below 1"),
            (
                self.held_back is None or 0 <= self.held_back < 1,
                f"validation_fraction {self.held_back}: give 0 to 1, below 1",
            ),
            (0 <= self.dropout < 1, f"dropout {self.dropout}: give 0 to 1, below 1"),
            (self.minutes is None or self.minutes > 0, f"minutes {self.minutes}: give a positive number"),
        ]
        for holds, message in rules:
            if not holds:
                raise InputError(message)
        check_sizes(self.sizes, slm)
