"""The network that is fitted: branch, pooling, head, and the optimiser over them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit import checkpoint
from slmkit.model.branch import Branch
from slmkit.runtime import length_batches
from slmkit.tasks.classification.pooling import pool
from slmkit.tasks.classification.recipe import Recipe
from slmkit.training.loop import Descent, Schedule
from slmkit.training.states import TrunkStates


class Tuned(nn.Module):
    """Trunk states to logits.

    Args:
        branch: float32. classes: outputs of the head. dropout: on the pooled vectors.
        word_dropout: share of the tokens that are hidden while training.
        normalise: whether the head reads vectors of length 1.
    """

    def __init__(
        self,
        branch: Branch,
        width: int,
        classes: int,
        *,
        dropout: float,
        word_dropout: float = 0.0,
        normalise: bool = False,
    ) -> None:
        super().__init__()
        self.branch, self.normalise, self.word_dropout = branch, normalise, word_dropout
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def vectors(self, states: Tensor, mask: Tensor, owner: Tensor, texts: int) -> Tensor:
        """Shape: as ``pooling.pool``, out ``(texts, W)``."""
        if self.training and self.word_dropout:
            mask = thinned(mask, self.word_dropout)
        pooled = pool(self.branch(states, mask), mask, owner, texts)
        return F.normalize(pooled, dim=-1) if self.normalise else pooled

    def forward(self, states: Tensor, mask: Tensor, owner: Tensor, texts: int) -> Tensor:
        """Shape: as ``pooling.pool``, out ``(texts, classes)``."""
        return self.head(self.dropout(self.vectors(states, mask, owner, texts)))

    @torch.no_grad()
    def over(self, states: TrunkStates, rows: np.ndarray, *, vectors: bool = False) -> np.ndarray:
        """Logits, or the vectors below the head, of many texts without dropout: float32 ``(rows, …)``."""
        was = self.training
        out: dict[int, np.ndarray] = {}
        self.eval()
        for part in length_batches(states.text_lengths()[rows]):
            batch, mask, owner, _ = states.batch(rows[part])
            made = (self.vectors if vectors else self)(batch, mask, owner, len(part))
            out.update(zip(part.tolist(), made.numpy(), strict=True))
        self.train(was)
        return np.stack([out[i] for i in range(len(rows))])

    def pack(self) -> dict[str, Tensor]:
        """The tensors of a ``BranchModel``: the branch as int8 rows, the head in float32."""
        packed = checkpoint.pack(self.branch.state_dict())
        head = {f"head.{name}": value.detach().clone() for name, value in self.head.state_dict().items()}
        return {**packed, **head}

    def snapshot(self) -> dict[str, Tensor]:
        """A copy of all weights, for ``load_state_dict``."""
        return {name: value.detach().clone() for name, value in self.state_dict().items()}


def thinned(mask: Tensor, share: float) -> Tensor:
    """Hide tokens at random (Iyyer et al. 2015), so that no single word decides; a window's first token always stays.

    Shape: mask ``(B, T)`` bool -> ``(B, T)`` bool.
    """
    kept = mask & (torch.rand(mask.shape) >= share)
    kept[:, 0] = mask[:, 0]
    return kept


def descent(model: Tuned, recipe: Recipe, steps: int) -> Descent:
    """The optimiser of a fit: lower layers slower and the new head faster than the branch's top.

    Args:
        model: what learns. recipe: rates. steps: in all.
    """
    scales = {
        f"branch.layers.{i}.": recipe.layer_decay ** (recipe.depth - 1 - i) for i in reversed(range(recipe.depth))
    }
    scales["head."] = recipe.head_learning_rate / recipe.learning_rate
    return Descent(model, Schedule(max(1, steps), recipe.learning_rate), scales)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch's randomness from a seed; the caller's own state is put back afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
