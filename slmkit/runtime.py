"""How tensors run on this machine: precision by what the CPU offers, batches by length with a token budget."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from slmkit.checkpoint import dequantize_rows, quantize_rows
from slmkit.errors import InputError

Precision = Literal["auto", "fp32", "bf16", "int8"]
BATCH_TOKENS = 2048  # larger batches leave the cache (measured on two AVX-512 cores)


def choose_precision(asked: str = "auto") -> str:
    """Turn "auto" into what is fastest here: int8 with VNNI, else bf16 with AMX, else fp32.

    Raises:
        InputError: not a known precision.
    """
    if asked not in ("auto", "fp32", "bf16", "int8"):
        raise InputError(f"precision {asked!r} is not known; give auto, fp32, bf16 or int8")
    if asked != "auto":
        return asked
    if _cpu_has("_is_vnni_supported") or _cpu_has("_is_avx512_vnni_supported"):
        return "int8"
    return "bf16" if _cpu_has("_is_amx_tile_supported") else "fp32"


def _cpu_has(probe: str) -> bool:
    """Ask torch for a CPU feature; the probes are private there, so a missing one means no."""
    function = getattr(torch.cpu, probe, None)
    return bool(function and function())


class Int8Linear(nn.Module):
    """A linear layer on int8 products, weights scaled by row and activations by token.

    Scaling each token by its own largest value keeps the result independent of the rest of the batch, and loses far
    less than one scale a tensor (cosine of the source's vectors to fp32: 0.999 against 0.98).

    Args:
        weight: int8 ``(out, in)``. scale: ``(out,)``. bias: ``(out,)``.
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, scale: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight.t())  # (in, out), column-major
        self.register_buffer("scale", scale)
        self.register_buffer("bias", bias.detach().float())

    @classmethod
    def of(cls, linear: nn.Linear) -> Int8Linear:
        """Quantize a float layer."""
        return cls(*quantize_rows(linear.weight.detach()), linear.bias)

    def to_float(self) -> nn.Linear:
        """The float32 layer with the same weights."""
        linear = nn.Linear(self.weight.shape[0], self.weight.shape[1], device="meta")
        linear.weight = nn.Parameter(dequantize_rows(self.weight.t(), self.scale))
        linear.bias = nn.Parameter(self.bias.clone())
        return linear

    def forward(self, states: Tensor) -> Tensor:
        """Shape: ``(..., in)`` float32 -> ``(..., out)`` float32."""
        rows = states.reshape(-1, states.shape[-1])
        largest = rows.abs().amax(-1, keepdim=True).clamp_min(1e-12)  # (N, 1)
        quantized = (rows * (127 / largest)).round_().to(torch.int8)
        product = torch._int_mm(quantized, self.weight).float()  # (N, out)
        product = product.mul_(largest / 127)
        out = torch.addcmul(self.bias, product, self.scale)
        return out.view(*states.shape[:-1], -1)


def convert(module: nn.Module, precision: str) -> nn.Module:
    """Make the linear layers inside ``module`` run in ``precision``, in place; returns ``module``.

    Weights that came from int8 rows are quantized back to the same rows.
    """
    if precision == "bf16":
        return module.to(torch.bfloat16)
    if precision == "int8":
        for name, child in module.named_children():
            if isinstance(child, nn.Linear):
                setattr(module, name, Int8Linear.of(child))
            else:
                convert(child, precision)
    return module


def float_copy(module: nn.Module) -> nn.Module:
    """A float32 copy of ``module``, whatever precision it runs in, that can be trained."""
    copied = copy.deepcopy(module).float()

    def restore(parent: nn.Module) -> None:
        for name, child in parent.named_children():
            if isinstance(child, Int8Linear):
                setattr(parent, name, child.to_float())
            else:
                restore(child)

    restore(copied)
    return copied.requires_grad_(requires_grad=True)


def length_batches(lengths: np.ndarray, tokens: int = BATCH_TOKENS) -> Iterator[np.ndarray]:
    """Numbers of the rows of each batch: like lengths together, at most ``tokens`` padded tokens (at least one row)."""
    order = np.argsort(-lengths, kind="stable")
    at = 0
    while at < len(order):
        take = max(1, tokens // max(int(lengths[order[at]]), 1))
        yield order[at : at + take]
        at += take
