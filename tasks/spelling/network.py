"""The network: a branch reads the text as typed, and each candidate is scored against the state of its place.

A candidate's score is ``<P(h), E(c)> + features . w(h)``: ``h`` is the mean state of the place's tokens, ``E(c)`` a
projection of the mean of the candidate's word embeddings, and ``w`` a linear function of the state, by which the
context says how much what stands there is to be trusted. A softmax over the candidates of a place follows. So detection
and correction are one decision, for both languages (compare Soft-Masked BERT, Zhang et al. 2020, which makes two).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit import checkpoint
from slmkit.model.branch import Branch
from slmkit.model.layers import pad_rows
from slmkit.tasks.spelling.features import AT, FEATURES, START
from slmkit.tasks.spelling.slate import Slate
from slmkit.training.objectives import segment_mean

SCORER, LAYERS = "scorer.", "layers."
NEVER = -1e4  # score of the padding


class Scorer(nn.Module):
    """States of places to scores of their candidates.

    Args:
        width: of states and word embeddings. rank: of the projections.
    """

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.read = nn.Linear(width, rank)
        self.name = nn.Linear(width, rank, bias=False)
        self.weigh = nn.Linear(width, len(FEATURES))

    def begin(self) -> Scorer:
        """Draw the start values."""
        width = self.read.in_features
        nn.init.normal_(self.read.weight, std=width**-0.5)
        nn.init.zeros_(self.read.bias)
        with torch.no_grad():
            self.name.weight.copy_(self.read.weight)  # at first a candidate is good where it is like what stands there
            nn.init.zeros_(self.weigh.weight)
            nn.init.zeros_(self.weigh.bias)
            for feature, weight in START.items():
                self.weigh.bias[AT[feature]] = weight
        return self

    def forward(self, states: Tensor, slate: Slate, words: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of the candidates of each slot.

        Args:
            states: of the slots ``(N, W)``. slate: their candidates. words: word embeddings of the core ``(V, W)``.

        Returns:
            ``(N, K)``, the padding ``NEVER``, and a bool mask of the candidates ``(N, K)``.
        """
        states = F.layer_norm(states, states.shape[-1:])
        means, _ = segment_mean(words[slate.pieces].float(), slate.piece_text, slate.texts)
        names = self.name(F.layer_norm(means, means.shape[-1:]))  # (U, rank)
        likeness = self.read(states) @ names.T * names.shape[-1] ** -0.5  # (N, U)
        scores = likeness[slate.owner, slate.text] + (self.weigh(states)[slate.owner] * slate.features).sum(1)  # (C,)
        padded, mask = pad_rows(scores, slate.sizes)
        return padded.masked_fill(~mask, NEVER), mask


class SpellingNetwork(nn.Module):
    """Branch and scorer, as they are fitted.

    Args:
        branch: float32. width: of the states. rank: of the scorer's projections.
    """

    def __init__(self, branch: Branch, width: int, rank: int) -> None:
        super().__init__()
        self.branch, self.scorer = branch, Scorer(width, rank).begin()

    def forward(
        self, states: Tensor, mask: Tensor, where: tuple[Tensor, Tensor, Tensor], slate: Slate, words: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Trunk states ``(B, T, W)`` and mask ``(B, T)`` to what ``Scorer`` gives; ``where`` is from ``locate``."""
        rows, columns, owners = where
        read = self.branch(states, mask).float()
        means, _ = segment_mean(read[rows, columns], owners, len(slate.sizes))
        return self.scorer(means, slate, words)

    def pack(self) -> dict[str, Tensor]:
        """The tensors of a ``SpellingModel``: the branch as int8 rows, the scorer in float32."""
        scorer = {f"{SCORER}{name}": value.detach().clone() for name, value in self.scorer.state_dict().items()}
        return {**checkpoint.pack(self.branch.state_dict()), **scorer}


def surprise(scores: Tensor, gold: Tensor) -> Tensor:
    """Mean negative log likelihood of the right candidates; slots whose right one is none of them (-1) do not count.

    Shape: scores ``(N, K)``, gold ``(N,)`` int64 -> scalar.
    """
    if not (gold >= 0).any():
        return scores.sum() * 0
    return F.cross_entropy(scores, gold, ignore_index=-1)
