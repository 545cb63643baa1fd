"""Light output layers over token states, one for each shape of answer."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit.model.layers import mean_pool


class ClassHead(nn.Module):
    """Mean of the states, then a linear layer: ``(B, T, W)`` -> ``(B, classes)``."""

    def __init__(self, width: int, classes: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(width, classes)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Shape: states ``(B, T, W)``, mask ``(B, T)`` -> ``(B, classes)``."""
        return self.linear(self.dropout(mean_pool(states, mask)))


class PairHead(nn.Module):
    """Class of two texts from their vectors ``u, v, |u - v|, u v`` (Conneau et al. 2017)."""

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(4 * width, classes)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Shape: both ``(B, W)`` -> ``(B, classes)``."""
        return self.linear(torch.cat([first, second, (first - second).abs(), first * second], dim=-1))


class SpanHead(nn.Module):
    """Start and end scores of an answer, ``(B, T, W)`` -> two of ``(B, T)`` (Devlin et al. 2019)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 2)

    def forward(self, states: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
        """Shape: states ``(B, T, W)``; allowed ``(B, T)`` bool, where an answer may stand; out ``(B, T)`` twice."""
        start, end = self.linear(states).masked_fill(~allowed[..., None], -1e4).unbind(-1)
        return start, end


def bio_path(scores: Tensor) -> Tensor:
    """The best sequence of BIO labels in which every inside label goes on with a span of its own type (Viterbi 1967).

    Shape: scores ``(B, T, L)``, log-probabilities of the labels of ``text.alignment.tag_labels`` -> int64 ``(B, T)``.
    """
    labels = torch.arange(scores.shape[-1], device=scores.device)
    inside = (labels > 0) & (labels % 2 == 0)
    before, after = labels[:, None], labels[None, :]
    forbidden = inside[None, :] & (before != after) & (before != after - 1)  # (L, L), from row to column
    steps = scores.new_zeros(forbidden.shape).masked_fill(forbidden, -1e4)
    best = scores[:, 0].masked_fill(inside, -1e4)  # (B, L)
    came_from = []
    for at in range(1, scores.shape[1]):
        best, chosen = (best[:, :, None] + steps).max(1)
        best = best + scores[:, at]
        came_from.append(chosen)
    path = [best.argmax(-1)]
    for chosen in reversed(came_from):
        path.append(chosen.gather(1, path[-1][:, None]).squeeze(1))
    return torch.stack(path[::-1], dim=1)


def cosent(scores: Tensor, wanted: Tensor, scale: float = 20.0) -> Tensor:
    """Ranking loss on cosines: a pair that is more alike must score higher (CoSENT, Su 2022).

    Shape: scores, wanted ``(B,)`` -> scalar.
    """
    gaps = scale * (scores[:, None] - scores[None, :])  # [i, j] = s_i - s_j
    worse = wanted[:, None] < wanted[None, :]
    flat = gaps[worse]
    return torch.logsumexp(torch.cat([flat.new_zeros(1), flat]), dim=0) / 4 if len(flat) else scores.sum() * 0


def unit_mean(states: Tensor, mask: Tensor) -> Tensor:
    """Sentence vectors of length 1: ``(B, T, W)``, ``(B, T)`` -> ``(B, W)``."""
    return F.normalize(mean_pool(states, mask), dim=-1)
