"""Building blocks: self-attention and the transformer layer (Vaswani et al. 2017, post-LayerNorm)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Multi-head self-attention with one matrix for query, key and value.

    It drops no attention weights in training: on a CPU that alone was a sixth of a step.

    Attributes:
        fused: run torch's fused kernel; else the products are spelled out. On a CPU with bf16 products the fused kernel
            is up to three times slower on rows of up to 512 tokens, and its backward pass took a third of a step.
        dtype: of the products inside, None for that of the states.
    """

    fused = True
    dtype: torch.dtype | None = None

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
        heads = self.qkv(states).view(B, T, 3, self.heads, W // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = heads.to(self.dtype or heads.dtype)  # each (B, h, T, W/h)
        if self.fused and not self.training:
            mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        else:
            mixed = attend(q, k, v, mask)
        return self.output(mixed.transpose(1, 2).reshape(B, T, W).to(states.dtype))


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """Scaled dot-product attention (Vaswani et al. 2017), product by product.

    Shape: q, k, v and out ``(B, h, T, D)``; mask as in ``SelfAttention``.
    """
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)  # (B, h, T, T)
    if torch.is_grad_enabled():
        seen = scores if mask is None else scores.masked_fill(~mask, -torch.inf)
        return seen.softmax(-1).to(v.dtype) @ v
    # In place: fresh memory for each of these would cost more than the arithmetic. Within the clamp e^x is finite and
    # the sum above 0, so that no largest score has to be taken off first.
    scores.clamp_(-60, 60)
    weights = (scores if mask is None else scores.masked_fill_(~mask, -torch.inf)).exp_()
    return (weights @ v).div_(weights.sum(-1, keepdim=True))


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
        if torch.is_grad_enabled():
            states = self.attention_norm(states + self.dropout(self.attention(states, mask)))
            return self.output_norm(states + self.dropout(self.outer(F.gelu(self.inner(states)))))
        states = self.attention_norm(self.attention(states, mask).add_(states))
        return self.output_norm(self.outer(torch.ops.aten.gelu_(self.inner(states))).add_(states))


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
    longest = int(lengths.max()) if len(lengths) else 0
    mask = torch.arange(longest, device=rows.device) < lengths[:, None]  # (B, T)
    padded = rows.new_zeros(*mask.shape, *rows.shape[1:])
    padded[mask] = rows
    return padded, mask


def fuse(states: Tensor, keep: Tensor, owner: Tensor, texts: int) -> tuple[Tensor, Tensor]:
    """Put the windows of each text one after the other in a row.

    Shape: states ``(windows, T, ...)``, keep ``(windows, T)`` bool, owner ``(windows,)`` in ascending order; out
    ``(texts, S, ...)`` zero-padded and a bool mask ``(texts, S)``.
    """
    lengths = torch.zeros(texts, dtype=torch.int64, device=keep.device).index_add_(0, owner, keep.sum(1))
    return pad_rows(states[keep], lengths)
