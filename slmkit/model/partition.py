"""The sum over the vocabulary in an output layer's loss: in little memory, or from a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


class LogPartition(torch.autograd.Function):
    """Logarithm of the summed exponentials of a frozen output layer's logits, without keeping the logits.

    The gradient of a row's value is the mean of the output vectors under its softmax; where it is wanted it is taken in
    the forward pass, while the logits of a few rows lie in the cache, so that no ``(N, V)`` matrix is ever written to
    memory.
    """

    ROWS = 256

    @staticmethod
    def forward(ctx: Any, states: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Shape: states ``(N, W)``, weight ``(V, W)`` in the products' dtype, bias ``(V,)`` -> float32 ``(N,)``."""
        values, means = [], []
        for rows in states.detach().to(weight.dtype).split(LogPartition.ROWS):
            logits = torch.addmm(bias.to(weight.dtype), rows, weight.T).float()
            largest = logits.amax(1, keepdim=True)
            chances = logits.sub_(largest).exp_()
            sums = chances.sum(1, keepdim=True)
            values.append((sums.log() + largest).squeeze(1))
            if ctx.needs_input_grad[0]:
                means.append((chances.to(weight.dtype) @ weight).float() / sums)
        if means:
            ctx.save_for_backward(torch.cat(means))
        ctx.dtype = states.dtype
        return torch.cat(values)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """Shape: ``(N,)`` -> ``(N, W)``."""
        (means,) = ctx.saved_tensors
        return (gradients[0][:, None] * means).to(ctx.dtype), None, None


@dataclass(frozen=True)
class VocabularySample:
    """A part of the vocabulary that stands for all of it.

    Attributes:
        ids: tokens, int64 ``(n,)``. log_weights: logarithm of how many tokens each stands for, float32 ``(n,)``.
    """

    ids: Tensor
    log_weights: Tensor
