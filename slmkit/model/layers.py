"""Building blocks: self-attention and the transformer layer (Vaswani et al. 2017, post-LayerNorm)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Multi-head self-attention with one matrix for query, key and value.

    It drops no attention weights in training: on a CPU that alone was a sixth of a step.
    """

    def __init__(self, *, width: int, heads: int) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of heads {heads}")
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Attend within each row.

        Shape: states and out ``(B, T, W)``; mask ``(B, 1, 1, T)`` bool, True where a key may be seen, or None.
        """
        B, T, W = states.shape
        q, k, v = self.qkv(states).view(B, T, 3, self.heads, W // self.heads).permute(2, 0, 3, 1, 4)  # (B, h, T, W/h)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.output(mixed.transpose(1, 2).reshape(B, T, W))


class Layer(nn.Module):
    """Attention and feed-forward, each with a residual and a LayerNorm after it."""

    def __init__(self, *, width: int, heads: int, ffn: int, eps: float = 1e-12, dropout: float = 0.0) -> None:
        super().__init__()
        self.attention = SelfAttention(width=width, heads=heads)
        self.attention_norm = nn.LayerNorm(width, eps=eps)
        self.inner = nn.Linear(width, ffn)
        self.outer = nn.Linear(ffn, width)
        self.output_norm = nn.LayerNorm(width, eps=eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Shape: states ``(B, T, W)``; mask as in ``SelfAttention``; out ``(B, T, W)``."""
        states = self.attention_norm(states + self.dropout(self.attention(states, mask)))
        return self.output_norm(states + self.dropout(self.outer(F.gelu(self.inner(states)))))


def set_dropout(layers: Iterable[nn.Module], share: float) -> None:
    """Drop this share of what each layer adds to its residuals, in training."""
    for layer in layers:
        if isinstance(layer, Layer):
            layer.dropout.p = share


def key_mask(mask: Tensor) -> Tensor | None:
    """Token mask ``(B, T)`` bool -> what attention takes; None where nothing is padded."""
    return None if bool(mask.all()) else mask[:, None, None, :]


def mean_pool(states: Tensor, mask: Tensor) -> Tensor:
    """Mean of the unmasked states: ``(B, T, W)`` and ``(B, T)`` -> ``(B, W)``."""
    weights = mask.to(states.dtype).unsqueeze(-1)
    return (states * weights).sum(1) / weights.sum(1).clamp_min(1.0)


def pad_rows(rows: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Ragged rows to a padded batch.

    Shape: rows ``(sum(lengths), ...)``; lengths ``(B,)``; out ``(B, T, ...)`` zero-padded and a bool mask ``(B, T)``.
    """
    mask = torch.arange(int(lengths.max()), device=rows.device) < lengths[:, None]  # (B, T)
    padded = rows.new_zeros(*mask.shape, *rows.shape[1:])
    padded[mask] = rows
    return padded, mask
