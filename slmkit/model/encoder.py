"""The encoder: embeddings and a stack of layers that can be run in part (trunk below, branch above)."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor, nn

from slmkit.model.config import EncoderConfig, StackConfig
from slmkit.model.layers import Layer, key_mask


class Embedding(nn.Embedding):
    """An embedding that draws no random start when it is made on the meta device, only to be filled from a file.

    Drawing there makes torch import its symbolic shapes, which costs a cold start more than a second.
    """

    def reset_parameters(self) -> None:
        """Draw the start values, where there is memory to hold them."""
        if not self.weight.is_meta:
            super().reset_parameters()


def encoder_layers(config: StackConfig, count: int, *, dropout: float = 0.0) -> nn.ModuleList:
    """So many encoder layers of these sizes."""
    return nn.ModuleList(
        Layer(width=config.width, heads=config.heads, ffn=config.ffn, eps=config.layer_norm_eps, dropout=dropout)
        for _ in range(count)
    )


class Encoder(nn.Module):
    """Token ids to states.

    Args:
        config: sizes. vocabulary: number of tokens. dropout: on attention and residuals, for training only.
    """

    def __init__(self, config: EncoderConfig, *, vocabulary: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.config = config
        self.words = Embedding(vocabulary, config.width)
        self.positions = Embedding(config.positions, config.width)
        self.embedding_norm = nn.LayerNorm(config.width, eps=config.layer_norm_eps)
        self.layers = encoder_layers(config, config.layers, dropout=dropout)

    def embed(self, ids: Tensor) -> Tensor:
        """Word and position embeddings, normalised: ids ``(B, T)`` -> ``(B, T, W)``.

        Raises:
            ValueError: more tokens than there are positions.
        """
        T = ids.shape[1]
        if self.config.positions < T:
            raise ValueError(f"got {T} tokens in a row, the encoder has {self.config.positions} positions")
        return self.embedding_norm(self.words(ids) + self.positions(torch.arange(T, device=ids.device)))

    def keeping(self, ids: Tensor, mask: Tensor, layers: Collection[int]) -> tuple[list[Tensor], Tensor]:
        """As ``forward`` through all layers; also the states after each of ``layers``, counted from 1."""
        states, keys, kept = self.embed(ids), key_mask(mask), []
        for number, layer in enumerate(self.layers, start=1):
            states = layer(states, keys)
            if number in layers:
                kept.append(states)
        return kept, states

    def forward(self, ids: Tensor, mask: Tensor, *, upto: int | None = None) -> Tensor:
        """States after ``upto`` layers (None: all).

        Shape: ids ``(B, T)`` int64; mask ``(B, T)`` bool, True on tokens; out ``(B, T, W)``.
        """
        states, keys = self.embed(ids), key_mask(mask)
        for layer in self.layers[:upto]:
            states = layer(states, keys)
        return states
