"""Scores of BIO labels for each token."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit.tasks.knowledge.pointing import Rows


class Tagger(nn.Module):
    """Log-probabilities of the labels of ``text.alignment.tag_labels``: outside, then begin and inside of each kind.

    Args:
        width: of the states. kinds: types of spans; None where their rows come with each call.
        dropout: on the states.
    """

    def __init__(self, width: int, kinds: int | None, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.outside = nn.Linear(width, 1)
        self.kind = None if kinds is None else nn.Linear(width, 2 * kinds)

    def forward(self, states: Tensor, rows: Rows | None = None) -> Tensor:
        """Shape: states ``(B, T, W)`` -> ``(B, T, 2 * kinds + 1)``.

        Args:
            states: of the tokens. rows: weights and biases of begin and inside of each kind, in turn; None takes its
                own.
        """
        states = self.dropout(states)
        if rows is None and self.kind is None:
            raise ValueError("this tagger has no kinds of its own; give their rows")
        kinds = F.linear(states, *rows) if rows is not None else self.kind(states)  # type: ignore[misc]
        return torch.cat([self.outside(states), kinds], dim=-1).log_softmax(-1)
