"""The network: two LSTMs, the state handed from one to the other, and attention if asked for."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from slmkit.benchmarks.systems.lstm.pieces import PAD

State = tuple[Tensor, Tensor]


class Attention(nn.Module):
    """Luong's global attention with the *general* score; its result takes the place of the decoder's output.

    Args:
        width: of both sides' states.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Linear(width, width, bias=False)
        self.combine = nn.Linear(2 * width, width, bias=False)

    def forward(self, states: Tensor, read: Tensor, mask: Tensor) -> Tensor:
        """Shape: states ``(B, T, H)``, read ``(B, S, H)``, mask ``(B, S)`` bool -> ``(B, T, H)``."""
        scores = self.score(states) @ read.transpose(1, 2)  # (B, T, S)
        weights = scores.masked_fill(~mask[:, None], -torch.inf).softmax(-1)
        return torch.tanh(self.combine(torch.cat([weights @ read, states], -1)))


class EncoderDecoder(nn.Module):
    """Pieces of a source to scores of the next piece of its target.

    Args:
        sources, targets: pieces on either side. width: of embeddings and states. attention: whether the decoder looks
            back at the source. dropout: on embeddings and outputs, in training.
    """

    def __init__(self, *, sources: int, targets: int, width: int, attention: bool, dropout: float) -> None:
        super().__init__()
        self.source = nn.Embedding(sources, width, padding_idx=PAD)
        self.target = nn.Embedding(targets, width, padding_idx=PAD)
        self.encoder = nn.LSTM(width, width, batch_first=True)
        self.bridge = nn.Linear(width, 2 * width)
        self.decoder = nn.LSTM(width, width, batch_first=True)
        self.attention = Attention(width) if attention else None
        self.output = nn.Linear(width, targets)
        self.dropout = nn.Dropout(dropout)

    def read(self, ids: Tensor) -> tuple[Tensor, Tensor, State]:
        """Read sources ``(B, S)``.

        The decoder starts from the state after a source's last piece, through one layer: padding comes later and has no
        part in it, and no slow packing is needed to find the cell.

        Returns:
            States ``(B, S, H)``, which of them are no padding ``(B, S)``, and what the decoder starts from.
        """
        mask = ids != PAD
        states = self.encoder(self.dropout(self.source(ids)))[0]
        last = states[torch.arange(len(ids)), mask.sum(1) - 1]  # (B, H)
        hidden, cell = torch.tanh(self.bridge(last))[None].chunk(2, -1)  # (1, B, H) each
        return states, mask, (hidden.contiguous(), cell.contiguous())

    def write(self, ids: Tensor, read: Tensor, mask: Tensor, state: State) -> tuple[Tensor, State]:
        """Scores of the pieces that follow ``ids`` ``(B, T)``: ``(B, T, targets)``; and the state after them."""
        states, state = self.decoder(self.dropout(self.target(ids)), state)
        if self.attention is not None:
            states = self.attention(states, read, mask)
        return self.output(self.dropout(states)), state

    def forward(self, sources: Tensor, targets: Tensor) -> Tensor:
        """Scores with teacher forcing: ``(B, S)``, ``(B, T)`` -> ``(B, T, targets)``."""
        return self.write(targets, *self.read(sources))[0]
