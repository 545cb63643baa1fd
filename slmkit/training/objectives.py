"""Losses that several recipes share."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def pooled_distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """Pull unit vectors onto the teacher's, one by one and as a whole (similarity matrices).

    ``10 (1 - cos) + 10 MSE`` of the batch's similarity matrices.

    Shape: both ``(B, W)``, rows of unit length.
    """
    one_by_one = 1 - (student * teacher).sum(-1).mean()
    return 10 * one_by_one + 10 * F.mse_loss(student @ student.T, teacher @ teacher.T)


def segment_mean(states: Tensor, segments: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Mean of the states of each segment.

    Shape: states ``(N, W)``; segments ``(N,)`` in ``[0, count)``; out ``(count, W)`` and how many states each got.
    """
    sums = states.new_zeros(count, states.shape[-1]).index_add(0, segments, states)
    counts = torch.bincount(segments, minlength=count)
    return sums / counts.clamp_min(1).unsqueeze(-1).to(states.dtype), counts


def hidden_distillation(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared error of states in units of the teacher's own variance.

    Shape: both ``(N, W)``.
    """
    return F.mse_loss(student, teacher) / teacher.var().clamp_min(1e-6)
