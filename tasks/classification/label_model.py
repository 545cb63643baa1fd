"""What every fitted classifier is, whatever its scores come from: labels, probabilities, rows for tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from slmkit.errors import InputError
from slmkit.tasks.classification.labels import Label, Labels
from slmkit.tasks.saved_part import SavedPart

if TYPE_CHECKING:
    from slmkit.from_states import FromStates
    from slmkit.tasks.classification.explanation import Explanation

HEAD, BIAS = "head.weight", "head.bias"


class LabelModel(SavedPart):
    """Scores of texts under a set of labels.

    Attributes:
        labels: the classes. temperature: divides the logits.
    """

    name = "classification"
    columns = ("label", "score")
    labels: Labels
    temperature: float

    def logits(self, texts: Any) -> np.ndarray:
        """Scores before the temperature: float32 ``(n, labels)`` for a list, array or Series of strings."""
        raise NotImplementedError

    def explain(self, text: str, label: Label | None = None, *, tolerance: float = 0.01) -> Explanation:
        """Why the model gives this text a label: see ``Explanation``.

        Args:
            text: one string. label: None explains the most probable one.
            tolerance: how far the attributions may miss the score difference, relative to it.
        """
        raise NotImplementedError

    @property
    def column_types(self) -> dict[str, type]:
        """Types of the result columns, for tables in which every result is empty."""
        return {"label": str if self.labels.multi else self.labels.kind, "score": float}

    def probabilities(self, texts: Any) -> np.ndarray:
        """Probability of each label: float32 ``(n, labels)``; rows sum to 1 unless a text may have several labels."""
        return self.scaled(self.logits(texts))

    def scaled(self, logits: np.ndarray) -> np.ndarray:
        """Logits as probabilities; shapes as there."""
        scaled = torch.from_numpy(logits) / self.temperature
        return (scaled.sigmoid() if self.labels.multi else scaled.softmax(-1)).numpy()

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """One ``{"label", "score"}`` a text.

        Where a text may have several labels, ``label`` joins those at or above 0.5 with ``"; "`` and ``score`` is the
        lowest of their probabilities; without any, ``label`` is empty and ``score`` is that of "none of them".
        """
        return self.judged(self.probabilities(texts))

    def from_states(self, texts: Sequence[str]) -> FromStates[list[dict[str, Any]]]:
        """As ``annotate``; see ``AnswersFromStates``.

        Raises:
            InputError: the scores are not made of the core's states.
        """
        raise InputError(f"a {self.kind} reads no states of the core")

    def judged(self, probabilities: np.ndarray) -> list[dict[str, Any]]:
        """The rows of ``annotate`` for these probabilities."""
        if self.labels.multi:
            return [self._several(row) for row in probabilities]
        best = probabilities.argmax(1)
        return [
            {"label": self.labels.values[number], "score": float(row[number])}
            for number, row in zip(best, probabilities, strict=True)
        ]

    def _several(self, row: np.ndarray) -> dict[str, Any]:
        chosen = np.flatnonzero(row >= 0.5)
        if not len(chosen):
            return {"label": "", "score": float(1 - row.max())}
        return {"label": "; ".join(str(self.labels.values[i]) for i in chosen), "score": float(row[chosen].min())}
