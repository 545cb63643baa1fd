"""From texts to one vector each: trunk and branch in one streaming pass, mean over all tokens of all windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from slmkit.core import SLM
from slmkit.from_states import FromStates
from slmkit.model.branch import Branch
from slmkit.runtime import text_chunks
from slmkit.text.kinds import Kind


def pool(states: Tensor, mask: Tensor, owner: Tensor, texts: int) -> Tensor:
    """Mean of the token states of each text over all its windows.

    Shape: states ``(B, T, W)``; mask ``(B, T)``; owner ``(B,)``, the text of each window; out ``(texts, W)``.
    """
    sums, counts = window_sums(states, mask)
    total = sums.new_zeros(texts, sums.shape[1]).index_add(0, owner, sums)
    return total / counts.new_zeros(texts, 1).index_add(0, owner, counts).clamp_min(1)


def window_sums(states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Sum of the states ``(B, W)`` and number of tokens ``(B, 1)`` of each window."""
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1), weights.sum(1)


def text_vectors(
    slm: SLM,
    branch: Branch | None,
    texts: Sequence[str],
    *,
    upto: int,
    max_length: int,
    normalise: bool,
    kind: Kind = "text",
) -> Tensor:
    """One vector a text.

    Args:
        slm: the core. branch: in the core's precision; None takes the core's sentence vectors. texts: any strings.
        upto: layers of the trunk. max_length: tokens a window. normalise: scale the vectors to length 1.
        kind: how the texts are announced to the core.

    Returns:
        float32 ``(n, width)``.
    """
    parts = [
        pooled_states(slm, branch, part, upto=upto, max_length=max_length, normalise=normalise, kind=kind).alone()
        for part in text_chunks(texts)
    ]
    return torch.cat(parts) if parts else torch.zeros(0, slm.config.encoder.width)


def pooled_states(
    slm: SLM,
    branch: Branch | None,
    texts: Sequence[str],
    *,
    upto: int,
    max_length: int,
    normalise: bool,
    kind: Kind = "text",
) -> FromStates[Tensor]:
    """As ``text_vectors``, of texts that are few enough to be read at once; see ``text_chunks``."""
    windows = slm.windows(texts, kind=kind, max_length=max_length, overlap=min(32, max_length // 4))
    index = torch.from_numpy(windows.text_index)
    total = torch.zeros(len(texts), slm.config.encoder.width)
    tokens = torch.zeros(len(texts), 1)

    def take(numbers: np.ndarray, states: Tensor, mask: Tensor) -> None:
        if branch is not None:
            states = branch.read(slm, states, mask)
        sums, counts = window_sums(states, mask)
        total.index_add_(0, index[numbers], sums)
        tokens.index_add_(0, index[numbers], counts)

    def finish() -> Tensor:
        vectors = total / tokens.clamp_min(1)
        return F.normalize(vectors, dim=-1) if normalise else vectors

    return FromStates(slm, windows, upto, take, finish, vectors=branch is None)
