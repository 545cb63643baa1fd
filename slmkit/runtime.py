"""How tensors run on this machine: precision by what the CPU offers, batches by length with a token budget."""

from __future__ import annotations

import copy
import ctypes
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, Literal, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit.checkpoint import SCALE, dequantize_rows, quantize_rows
from slmkit.errors import InputError
from slmkit.model.layers import SelfAttention
from slmkit.text.stretches import stretches

Precision = Literal["auto", "fp32", "bf16", "int8"]
# Packing the weights takes half a second in all: it is left until a batch is large enough to repay it.
_PACK_ROWS = 256
_FEW_ROWS = 64  # up to these the number of operators counts, not their work: a decoder's steps are such
LEVELS = {"whole": 127, "halved": 63}  # largest value of a quantized activation
CHUNK_TEXTS, CHUNK_CHARACTERS = 2048, 4_000_000  # of what is in memory as tokens at one time
BATCH_TOKENS = 2048  # larger batches leave the cache (measured on two AVX-512 cores)

if hasattr(os, "register_at_fork"):
    # The parent's OpenMP threads do not live on in a fork, which would wait for them for ever. One thread needs no
    # others; torch's own data loaders do the same.
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


def choose_precision(asked: str = "auto") -> str:
    """Turn "auto" into what is fastest here: int8 where there are quick products of it, else bf16 with AMX, else fp32.

    Raises:
        InputError: not a known precision.
    """
    if asked not in ("auto", "fp32", "bf16", "int8"):
        raise InputError(f"precision {asked!r} is not known; give auto, fp32, bf16 or int8")
    if asked != "auto":
        return asked
    if int8_products() != "none":
        return "int8"
    return "bf16" if _cpu_has("_is_amx_tile_supported") else "fp32"


def _cpu_has(probe: str) -> bool:
    """Ask torch for a CPU feature; the probes are private there, so a missing one means no."""
    function = getattr(torch.cpu, probe, None)
    return bool(function and function())


@lru_cache(maxsize=1)
def keep_freed_memory() -> None:
    """Have the C library keep up to a quarter gigabyte of freed memory instead of handing it back at once.

    A pass makes and frees the same few megabytes again and again; with glibc's own settings each of them comes as
    fresh pages, and feeding through one layer took two to three times as long. Elsewhere than on glibc it does nothing.
    """
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    try:
        library = ctypes.CDLL("libc.so.6")
        library.mallopt(trim_threshold, 256 << 20)
        library.mallopt(mmap_threshold, 32 << 20)
    except (OSError, AttributeError):
        return


def mixed_precision(wanted: bool = True) -> AbstractContextManager:
    """Around a forward pass that is to be trained: bf16 products where the CPU has them (twice as fast as fp32 there).

    Losses belong outside it: differences of cosines are lost in bf16.
    """
    return torch.autocast("cpu", torch.bfloat16, enabled=wanted and _multiplies_bf16())


@lru_cache(maxsize=1)
def int8_products() -> Literal["whole", "halved", "none"]:
    """What this CPU does with bytes: sums products of them in 32 bits (VNNI), or first pairs of them in 16 bits.

    Such pairs overflow unless one side keeps to half of its range; "none" where torch has no quick product at all.
    """
    if _cpu_has("_is_vnni_supported") or _cpu_has("_is_avx512_vnni_supported"):
        return "whole"
    return (
        "halved"
        if "fbgemm" in torch.backends.quantized.supported_engines and _cpu_has("_is_avx2_supported")
        else "none"
    )


def _multiplies_bf16() -> bool:
    return _cpu_has("_is_avx512_bf16_supported") or _cpu_has("_is_amx_tile_supported")


class Int8Linear(nn.Module):
    """A linear layer on int8 products, weights scaled by row and activations by token.

    Scaling each token by its own largest value keeps the result independent of the rest of the batch, and loses far
    less than one scale a tensor (cosine of the source's vectors to fp32: 0.999 against 0.98).

    Args:
        weight: int8 ``(out, in)``. scale: ``(out,)``. bias: ``(out,)``. dtype: of what comes out, float32 or bfloat16.
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, scale: Tensor, bias: Tensor, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("bias", bias.detach().float(), persistent=False)
        self.dtype = dtype
        self._zeros = torch.zeros(len(scale), dtype=torch.int64)
        self._packed: Any = None

    @classmethod
    def of(cls, linear: nn.Linear) -> Int8Linear:
        """Quantize a float layer."""
        return cls(*quantize_rows(linear.weight.detach()), linear.bias)

    def __deepcopy__(self, memo: dict) -> Int8Linear:
        """Itself: nothing in it ever changes."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Without the packed weights, which torch cannot pickle; they are packed again on use."""
        return {**self.__dict__, "_packed": None}

    def to_float(self) -> nn.Linear:
        """The float32 layer with the same weights."""
        linear = nn.Linear(self.weight.shape[1], self.weight.shape[0], device="meta")
        linear.weight = nn.Parameter(dequantize_rows(self.weight, self.scale))
        linear.bias = nn.Parameter(self.bias.clone())
        return linear

    def forward(self, states: Tensor) -> Tensor:
        """Shape: ``(..., in)`` float32 -> ``(..., out)``."""
        way = int8_products()
        if way == "none":
            weight = dequantize_rows(self.weight, self.scale)
            return F.linear(states.float(), weight, self.bias).to(self.dtype)
        rows = states.reshape(-1, states.shape[-1])
        largest = _largest(rows)
        if way == "whole":
            product, unit = self._whole(rows * (LEVELS[way] / largest)), largest / LEVELS[way]
        else:
            product, unit = self._halved(rows / largest), largest
        bias, unit = self.bias.to(self.dtype), unit.to(self.dtype)
        return torch.addcmul(bias, product, unit, out=product).view(*states.shape[:-1], -1)

    def _whole(self, scaled: Tensor) -> Tensor:
        if self._packed is None and len(scaled) >= _PACK_ROWS:
            self._packed = _prepacked(self.weight)
        if self._packed is None:
            quantized = scaled.round_().to(torch.int8)
            return (torch._int_mm(quantized, self.weight.t()) * self.scale).to(self.dtype)  # (N, out)
        return torch.ops.onednn.qlinear_pointwise(
            _as_bytes(scaled), 1.0, 128, self._packed, self.scale, self._zeros, None, 1.0, 0, self.dtype, "none", [], ""
        )

    def _halved(self, scaled: Tensor) -> Tensor:
        """Of rows between -1 and 1: the operator itself takes them to half of a byte's range."""
        if self._packed is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # see _prepacked
                scale = self.scale.double()
                weight = torch._make_per_channel_quantized_tensor(self.weight, scale, self._zeros, 0)
                self._packed = torch.ops.quantized.linear_prepack(weight, None)
        levels = LEVELS["halved"]
        return torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
            scaled, 1 / levels, levels + 1, self._packed
        ).to(self.dtype)


def _largest(rows: Tensor) -> Tensor:
    """Largest absolute value of each row ``(N, n)``, never 0: ``(N, 1)``."""
    if len(rows) <= _FEW_ROWS:
        return rows.abs().amax(-1, keepdim=True).clamp_min_(1e-12)
    # Two reductions: torch's aminmax is ten times slower on a CPU, and abs needs memory of the size of the rows.
    return torch.maximum(rows.amax(-1, keepdim=True), -rows.amin(-1, keepdim=True)).clamp_min_(1e-12)


def _as_bytes(scaled: Tensor) -> Tensor:
    """Round to unsigned bytes with the zero at 128, which the vector units multiply fastest.

    torch vectorises this only as a quantized tensor; its bytes are then looked at in place, since ``int_repr`` copies
    them one by one (0.06 against 0.45 ms for 2,048 rows of 384).
    """
    kept = torch.quantize_per_tensor(scaled, 1.0, 128, torch.quint8)
    return torch.empty(0, dtype=torch.uint8).set_(kept.untyped_storage(), 0, kept.shape, kept.stride())


def _prepacked(weight: Tensor) -> Tensor | None:
    """The weight in oneDNN's own layout; None where this torch has no such operators."""
    try:
        with warnings.catch_warnings():
            # torch warns once that quantized tensors will go some day; without them the plain product takes over.
            warnings.simplefilter("ignore")
            _as_bytes(torch.zeros(1, 1))
        return torch.ops.onednn.qlinear_prepack(weight, None)
    except (AttributeError, RuntimeError, NotImplementedError):
        return None


def assign_int8(module: nn.Module, packed: dict[str, Tensor], prefix: str = "") -> None:
    """Give the linear layers inside ``module`` their stored int8 rows as they are; takes them out of ``packed``."""
    for name, child in module.named_children():
        path = f"{prefix}{name}"
        if isinstance(child, nn.Linear):
            weight, scale, bias = (packed.pop(f"{path}.{part}") for part in ("weight", "weight" + SCALE, "bias"))
            setattr(module, name, Int8Linear(weight, scale, bias))
        else:
            assign_int8(child, packed, f"{path}.")


def count_parameters(module: nn.Module) -> int:
    """Weights and biases in ``module``, whatever precision it runs in."""
    quantized = [m for m in module.modules() if isinstance(m, Int8Linear)]
    return sum(p.numel() for p in module.parameters()) + sum(m.weight.numel() + m.bias.numel() for m in quantized)


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
        if isinstance(module, SelfAttention) and _multiplies_bf16():
            module.fused, module.dtype = False, torch.bfloat16
            cast(Int8Linear, module.qkv).dtype = torch.bfloat16
    return module


def float_copy(module: nn.Module) -> nn.Module:
    """A float32 copy of ``module``, whatever precision it runs in, that can be trained."""
    copied = copy.deepcopy(module).float()

    def restore(parent: nn.Module) -> None:
        if isinstance(parent, SelfAttention):
            parent.fused, parent.dtype = True, None
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


def text_chunks(
    texts: Sequence[str], most: int = CHUNK_TEXTS, characters: int = CHUNK_CHARACTERS
) -> Iterator[Sequence[str]]:
    """The texts in chunks; see ``stretches`` for the bounds."""
    for part in stretches(map(len, texts), most, characters):
        yield texts[part.start : part.stop]


def vectors_in_chunks(
    texts: Sequence[str], width: int, vectors_of: Callable[[Sequence[str]], np.ndarray]
) -> np.ndarray:
    """Vectors of texts, float32 ``(n, width)``, a chunk at a time: never are all of them in memory as tokens."""
    vectors, at = np.empty((len(texts), width), dtype=np.float32), 0
    for part in text_chunks(texts):
        vectors[at : at + len(part)] = vectors_of(part)
        at += len(part)
    return vectors
