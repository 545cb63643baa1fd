"""Sentence vectors: the token states of a text, over all its windows, pooled into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from slmkit.model.layers import mean_pool
from slmkit.text.kinds import Kind

if TYPE_CHECKING:
    from slmkit.core import SLM

Top = Callable[[Tensor, Tensor], Tensor]


def sentence_vectors(slm: SLM, texts: Sequence[str], kind: Kind, top: Top | None) -> np.ndarray:
    """Vectors of texts that are few enough to be read at once; see ``SLM.embed`` for the arguments.

    Returns:
        float32 ``(n, width)``, rows of length 1.
    """
    cut = slm.windows(texts, kind=kind, max_length=slm.config.encoder.positions)
    sums = torch.zeros(len(texts), slm.config.encoder.width)
    counts = torch.zeros(len(texts), 1)
    index = torch.from_numpy(cut.text_index)
    upto = None if top is None else slm.config.trunk
    for numbers, states, mask in slm.run(cut, upto=upto, vectors=True):
        if top is not None:
            states = top(states, mask)
        tokens = mask.sum(1, keepdim=True).float()
        pooled = states[:, 0] if slm.pooling == "cls" else mean_pool(states, mask)
        sums.index_add_(0, index[numbers], pooled * tokens)
        counts.index_add_(0, index[numbers], tokens)
    return F.normalize(sums / counts.clamp_min(1), dim=-1).numpy()
