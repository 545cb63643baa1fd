"""A branch: a task's own copy of the encoder's top layers, on the frozen trunk below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from slmkit.errors import InputError
from slmkit.model.layers import key_mask, set_dropout
from slmkit.runtime import float_copy, mixed_precision

if TYPE_CHECKING:
    from slmkit.core import SLM


class Branch(nn.Module):
    """Layers that read trunk states.

    Args:
        layers: float32 layers, from the trunk up.
    """

    def __init__(self, layers: nn.ModuleList) -> None:
        super().__init__()
        self.layers = layers

    @classmethod
    def on(cls, slm: SLM, depth: int, *, dropout: float = 0.1, vectors: bool = False) -> Branch:
        """Copy the top ``depth`` layers of the core; the trunk is what lies below (``upto=len(slm.stack()) - depth``).

        Args:
            slm: the core. depth: layers. dropout: while the branch is trained.
            vectors: start from the layers that make sentence vectors, which know better what texts are about.

        Raises:
            InputError: the core has fewer layers, or sentence vectors have more layers of their own than the branch.
        """
        stack = slm.stack(vectors=vectors)
        total, least = len(stack), len(slm.vectors) if vectors else 0
        if not least <= depth <= total:
            raise InputError(f"depth {depth}: give {least} to {total}, the core's layers that a branch can start from")
        layers = nn.ModuleList(float_copy(layer) for layer in stack[total - depth :])
        set_dropout(layers, dropout)
        return cls(layers)

    def read(self, slm: SLM, states: Tensor, mask: Tensor) -> Tensor:
        """Of a branch in the core's precision, float32 states over those that ``slm.run`` yields; shapes as there."""
        states = states.to(torch.bfloat16) if slm.precision == "bf16" else states
        return self(states, mask).float()

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """Shape: trunk states ``(B, T, W)`` and mask ``(B, T)`` bool -> ``(B, T, W)``."""
        keys = key_mask(mask)
        with mixed_precision(self.training):
            for layer in self.layers:
                states = layer(states, keys)
        return states
