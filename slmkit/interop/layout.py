"""The encoder's tensors under the names of the transformers library (BertModel, RobertaModel, XLMRobertaModel)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from slmkit.errors import CheckpointError
from slmkit.model.config import EncoderConfig
from slmkit.model.encoder import Encoder

WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # the first that is there counts
TOKEN_TYPES = 2  # as BERT has them; both are nothing in ours

_WORDS, _POSITIONS = "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight"
_TYPES, _NORM = "embeddings.token_type_embeddings.weight", "embeddings.LayerNorm"
_SELF = ("query", "key", "value")  # in the order of our one matrix
_PARTS = {
    "attention.output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "output_norm": "output.LayerNorm",
}
_KINDS = ("weight", "bias")


def theirs(encoder: Encoder, stack: Sequence[nn.Module]) -> dict[str, Tensor]:
    """A ``BertModel`` of an encoder's embeddings and some float32 layers.

    Its pooler, which ours does not have, is the identity before BERT's tanh: without one the library would draw a
    random one at each load.
    """
    width = encoder.config.width
    found = {
        _WORDS: encoder.words.weight,
        _POSITIONS: encoder.positions.weight,
        _TYPES: torch.zeros(TOKEN_TYPES, width),
        "pooler.dense.weight": torch.eye(width),
        "pooler.dense.bias": torch.zeros(width),
    }
    for kind in _KINDS:
        found[f"{_NORM}.{kind}"] = encoder.embedding_norm.state_dict()[kind]
    for i, layer in enumerate(stack):
        own = layer.state_dict()
        for kind in _KINDS:
            for name, part in zip(_SELF, own[f"attention.qkv.{kind}"].chunk(3), strict=True):
                found[f"encoder.layer.{i}.attention.self.{name}.{kind}"] = part
            for ours, name in _PARTS.items():
                found[f"encoder.layer.{i}.{name}.{kind}"] = own[f"{ours}.{kind}"]
    return found


def ours(found: Mapping[str, Tensor], config: EncoderConfig, first: int, source: Path) -> dict[str, Tensor]:
    """The encoder's state dict of what a checkpoint holds, float32; its word table keeps the checkpoint's rows.

    Args:
        found: the checkpoint's tensors, with whatever stands before the names of the bare model ("bert.", …) and
            whatever heads there are besides.
        config: sizes. first: row of its position table that the first token of a text gets. source: its file.

    Raises:
        CheckpointError: a tensor is missing.
    """
    # Checkpoints made before the library's first version call the parts of a LayerNorm gamma and beta.
    plain = {
        name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias"): value
        for name, value in found.items()
    }
    before = next((name.removesuffix(_WORDS) for name in plain if name.endswith(_WORDS)), "")

    def take(name: str) -> Tensor:
        try:
            return plain[before + name].float()
        except KeyError as error:
            raise CheckpointError(f"{source} holds no {before + name}") from error

    places = take(_POSITIONS)[first : first + config.positions]
    state = {"words.weight": take(_WORDS), "positions.weight": places}
    if before + _TYPES in plain:  # every token is of the first type: its vector goes into the positions
        state["positions.weight"] = places + take(_TYPES)[0]
    for kind in _KINDS:
        state[f"embedding_norm.{kind}"] = take(f"{_NORM}.{kind}")
        for i in range(config.layers):
            layer = f"encoder.layer.{i}"
            parts = [take(f"{layer}.attention.self.{name}.{kind}") for name in _SELF]
            state[f"layers.{i}.attention.qkv.{kind}"] = torch.cat(parts)
            for name, part in _PARTS.items():
                state[f"layers.{i}.{name}.{kind}"] = take(f"{layer}.{part}.{kind}")
    return state
