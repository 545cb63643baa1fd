"""Scores of pairs of tokens: first and last of a span of a type, or the two places that a relation joins."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_OUT = -1e4  # finite, so that a row without any allowed pair has gradients of zero and not of NaN

Rows = tuple[Tensor, Tensor]
"""Weights ``(2 * kinds, width)`` and biases ``(2 * kinds,)`` of kinds: those of all firsts, then those of all lasts."""


class Pointer(nn.Module):
    """Scores ``(kinds, T, T)`` of token pairs (the efficient GlobalPointer of Su et al. 2022, arXiv:2208.03054).

    One dot product of two small vectors says whether a pair belongs together at all; what kind it is, is said by a
    score of its first and a score of its last token. So one more kind costs two rows of weights.

    Args:
        width: of the states. kinds: types of spans, or relations; None where their rows come with each call.
        size: of the small vectors, even.
        spans: pairs are first and last token of a span: the first is not behind the last, and their distance counts
            (rotary positions, Su et al. 2021). Otherwise any token may be joined with any.
        dropout: on the states.
    """

    def __init__(
        self, width: int, kinds: int | None, *, size: int = 64, spans: bool = True, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.spans = spans
        self.dropout = nn.Dropout(dropout)
        self.pair = nn.Linear(width, 2 * size)
        self.kind = None if kinds is None else nn.Linear(width, 2 * kinds)

    def forward(self, states: Tensor, mask: Tensor, rows: Rows | None = None) -> Tensor:
        """Shape: states ``(B, T, W)``, mask ``(B, T)`` bool -> ``(B, kinds, T, T)``; ``[b, k, first, last]``.

        Args:
            states: of the tokens. mask: those that may be part of a pair. rows: of the kinds; None takes its own.
        """
        states = self.dropout(states)
        first, last = self.pair(states).chunk(2, dim=-1)  # (B, T, size)
        if self.spans:
            first, last = _turned(first), _turned(last)
        together = first @ last.transpose(1, 2) / first.shape[-1] ** 0.5  # (B, T, T)
        begins, ends = self._kinds(states, rows).transpose(1, 2).chunk(2, dim=1)  # (B, kinds, T)
        scores = together[:, None] + begins[..., None] + ends[..., None, :]
        allowed = mask[:, :, None] & mask[:, None, :]
        return scores.masked_fill(~(allowed.triu() if self.spans else allowed)[:, None], _OUT)

    def _kinds(self, states: Tensor, rows: Rows | None) -> Tensor:
        if rows is not None:
            return F.linear(states, *rows)
        if self.kind is None:
            raise ValueError("this pointer has no kinds of its own; give their rows")
        return self.kind(states)


def _turned(vectors: Tensor) -> Tensor:
    """Rotary positions: ``(B, T, size)`` with each pair of numbers turned by an angle that grows with ``T``."""
    size = vectors.shape[-1]
    rates = 10000 ** (-torch.arange(0, size, 2, device=vectors.device) / size)
    angles = torch.arange(vectors.shape[1], device=vectors.device)[:, None] * rates  # (T, size / 2)
    even, odd = vectors[..., ::2], vectors[..., 1::2]
    return torch.cat([even * angles.cos() - odd * angles.sin(), odd * angles.cos() + even * angles.sin()], dim=-1)


def pair_loss(scores: Tensor, right: Tensor) -> Tensor:
    """Multi-label cross-entropy that asks right pairs above 0 and all others below (Su et al. 2022).

    Unlike a sigmoid for each pair it does not drown the few right ones in the many wrong ones.

    Shape: scores ``(B, kinds, T, T)``, right the same, bool -> scalar, the mean over the batch of the sum over kinds.
    """
    scores, right = scores.flatten(2), right.flatten(2)
    zero = scores.new_zeros(*scores.shape[:2], 1)
    wrong = torch.cat([scores.masked_fill(right, -torch.inf), zero], dim=-1).logsumexp(-1)
    missed = torch.cat([(-scores).masked_fill(~right, -torch.inf), zero], dim=-1).logsumexp(-1)
    return (wrong + missed).sum(1).mean()
