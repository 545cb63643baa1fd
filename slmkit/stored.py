"""The core as files: what ``SLM`` is made of, read from a checkpoint folder and written to one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from slmkit import checkpoint
from slmkit.errors import CheckpointError
from slmkit.model.config import ModelConfig
from slmkit.model.decoder import Decoder
from slmkit.model.encoder import Encoder, encoder_layers
from slmkit.runtime import assign_int8
from slmkit.text.tokenizer import Tokenizer


def read(folder: Path, precision: str) -> dict[str, Any]:
    """The arguments of ``SLM``.

    Args:
        folder: what ``write`` wrote. precision: "fp32", "bf16" or "int8"; with the last the rows stay as stored.

    Raises:
        CheckpointError: the folder is damaged, foreign or newer than this package.
    """
    data, parts = checkpoint.read_folder(folder, "model")
    config = ModelConfig.from_dict(data)
    try:
        model, words = parts[checkpoint.MODEL], parts[checkpoint.TOKENIZER]
    except KeyError as error:
        raise CheckpointError(f"{folder}: its config names no {error}") from error
    packed = checkpoint.tensors_from_bytes(model, folder / checkpoint.MODEL)
    if checkpoint.DECODER in parts:
        packed |= checkpoint.tensors_from_bytes(parts[checkpoint.DECODER], folder / checkpoint.DECODER)
    tokenizer = Tokenizer.from_json(words, folder / checkpoint.TOKENIZER)
    with torch.device("meta"):
        encoder = Encoder(config.encoder, vocabulary=config.vocabulary)
        vectors = encoder_layers(config.encoder, config.vectors)
        decoder = Decoder(config.decoder, encoder.words) if config.decoder else None
    whole = nn.ModuleDict({"encoder": encoder, "vectors": vectors, **({"decoder": decoder} if decoder else {})})
    try:
        if precision == "int8":
            assign_int8(whole, packed)
        whole.load_state_dict(checkpoint.unpack(packed), assign=True)
    except (RuntimeError, KeyError) as error:
        raise CheckpointError(f"{folder}: what its config says does not fit the weights: {error}") from error
    return {
        "config": config,
        "tokenizer": tokenizer,
        "encoder": encoder,
        "vectors": vectors,
        "decoder": decoder,
        "fingerprint": checkpoint.fingerprint(*checkpoint.without_decoder(data, parts)),
        "writing_fingerprint": checkpoint.fingerprint(data, parts),
        "size": sum(map(len, parts.values())),
        "precision": precision,
    }


def write(
    folder: Path,
    config: ModelConfig,
    tokenizer: Tokenizer,
    encoder: Encoder,
    vectors: nn.ModuleList,
    decoder: Decoder | None,
) -> None:
    """Write a core in float32 as int8 rows; the decoder, if there is one, has a file of its own.

    So a decoder can be added or exchanged while the rest stays, byte for byte, what other models were fitted on.
    """
    reading = nn.ModuleDict({"encoder": encoder, "vectors": vectors})
    parts = {
        checkpoint.MODEL: checkpoint.tensors_to_bytes(checkpoint.pack(reading.state_dict())),
        checkpoint.TOKENIZER: tokenizer.to_json().encode(),
    }
    if decoder is not None:
        packed = checkpoint.pack(nn.ModuleDict({"decoder": decoder}).state_dict())
        parts[checkpoint.DECODER] = checkpoint.tensors_to_bytes(packed)
    checkpoint.write_folder(folder, {"kind": "model", **config.to_dict()}, parts)
