"""Encoders in the layout of the transformers library as cores of ours: BERT, RoBERTa, XLM-R (e5, bge, gte, MiniLM)."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from slmkit import checkpoint
from slmkit.core import SLM
from slmkit.errors import CheckpointError, InputError
from slmkit.interop.borrowed import BorrowedTokenizer
from slmkit.interop.hub import located
from slmkit.interop.layout import WEIGHTS, ours
from slmkit.interop.reading import Reading, read_json
from slmkit.model.config import EncoderConfig, ModelConfig
from slmkit.model.encoder import Encoder
from slmkit.text.kinds import KIND_TOKENS
from slmkit.text.tokenizer import read_rust

ENCODERS = ("bert", "roberta", "xlm-roberta")


def from_pretrained(path: str | Path, *, prompts: Mapping[str, str] | None = None, precision: str = "auto") -> SLM:
    """An encoder that the transformers library wrote, as a core that all tasks accept.

    Sentence vectors are those of sentence-transformers, scaled to length 1: the pooling (mean or first token), the
    prompts and the length of a row are read from the files that it lays beside the weights. Where that library cuts a
    longer text, it gets several windows here, whose vectors are averaged. Branches start from the upper half of the
    layers. What is fitted on such a core asks for the same core, and for the same prompts, when it is loaded.

    Args:
        path: a folder with ``config.json``, ``tokenizer.json`` and ``model.safetensors`` (or ``pytorch_model.bin``),
            or the name of a model on the hub, "org/name".
        prompts: what stands before a text of the kinds "text", "query" and "passage"; None for what the folder says,
            or else what the model cards of e5 and bge ask for.
        precision: as in ``slmkit.load``.

    Raises:
        CheckpointError: a file is missing, damaged, or of a model that slmkit's encoder is not.
        InputError: prompts for unknown kinds.
        MissingExtraError: a model of the hub is named, and ``huggingface_hub`` is not installed.
    """
    folder = located(path)
    config, reading = read_json(folder / checkpoint.CONFIG), Reading.of(folder)
    if prompts is not None:
        if not set(prompts) <= set(KIND_TOKENS):
            raise InputError(f"prompts for {', '.join(prompts)}: the kinds are {', '.join(KIND_TOKENS)}")
        reading = replace(reading, prompts=prompts)
    sizes, first = _sizes(config, folder / checkpoint.CONFIG, reading.limit)
    weights, words = _weights_file(folder), folder / checkpoint.TOKENIZER
    state = ours(_read_weights(weights), sizes, first, weights)
    tokenizer = BorrowedTokenizer(
        read_rust(_read_tokenizer(words), words),
        rows=len(state["words.weight"]),
        marks=reading.marks,
        prompts=reading.prompts,
        source=folder,
    )
    model = ModelConfig(
        vocabulary=len(tokenizer),
        trunk=sizes.layers // 2,
        encoder=sizes,
        about={"lineage": f"{config['model_type']} encoder read from {folder}"},
    )
    state["words.weight"] = _rows(state["words.weight"], tokenizer)
    facts = {**model.to_dict(), "pooling": reading.pooling, "prompts": dict(reading.prompts)}
    return SLM(
        model,
        tokenizer,
        _encoder(model, state, weights),
        kinds={kind: tokenizer.heads.get(kind, ()) for kind in KIND_TOKENS},
        pooling=reading.pooling,
        fingerprint=checkpoint.fingerprint(facts, {path.name: _digest(path) for path in (weights, words)}),
        size=weights.stat().st_size + words.stat().st_size,
        precision=precision,
    )


def _sizes(config: Mapping[str, Any], where: Path, limit: int | None) -> tuple[EncoderConfig, int]:
    """The encoder's sizes, and the row of the position table that a text begins with.

    Raises:
        CheckpointError: another kind of model.
    """
    kind = config.get("model_type")
    if config.get("is_encoder_decoder"):
        raise CheckpointError(
            f"{where}: {kind} writes by a decoder that slmkit's own cannot stand in for, since that one has a layer "
            "between states and vocabulary and copies from its source; give an encoder: " + ", ".join(ENCODERS)
        )
    wanted = {"hidden_act": "gelu", "position_embedding_type": "absolute", "is_decoder": False}
    other = {name: config[name] for name, value in wanted.items() if config.get(name, value) != value}
    if kind not in ENCODERS or other:
        raise CheckpointError(
            f"{where}: model_type {kind!r}{f' with {other}' if other else ''} is not the encoder that slmkit has; "
            f"give one of {', '.join(ENCODERS)} with {wanted}"
        )
    try:
        # RoBERTa counts positions from behind the id of its padding mark.
        first = 0 if kind == "bert" else int(config.get("pad_token_id", 1)) + 1
        places = int(config["max_position_embeddings"]) - first
        sizes = EncoderConfig(
            layers=int(config["num_hidden_layers"]),
            width=int(config["hidden_size"]),
            heads=int(config["num_attention_heads"]),
            ffn=int(config["intermediate_size"]),
            positions=min(places, limit or places),
            layer_norm_eps=float(config.get("layer_norm_eps", 1e-12)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{where} is damaged: {error!r}") from error
    return sizes, first


def _weights_file(folder: Path) -> Path:
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    raise CheckpointError(
        f"{folder} has neither {' nor '.join(WEIGHTS)}; weights in several files are not read: write them in one by "
        "save_pretrained(FOLDER, max_shard_size='100GB')"
    )


def _read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file; of a pickled one nothing but tensors is ever made.

    Raises:
        CheckpointError: damaged, or this torch does not read pickled files safely.
    """
    if path.name == checkpoint.MODEL:
        try:
            return load_file(path)
        except SafetensorError as error:
            raise CheckpointError(f"{path} is not a readable safetensors file ({error})") from error
    # Before 2.6 a crafted file could run code in spite of weights_only (CVE-2025-32434).
    if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 6):
        raise CheckpointError(f"{path}: torch {torch.__version__} reads pickled weights unsafely; upgrade it to 2.6")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        return {name: value for name, value in found.items() if isinstance(value, Tensor)}
    except (pickle.UnpicklingError, RuntimeError, EOFError, AttributeError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged, or holds something else than tensors ({error})") from error


def _read_tokenizer(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read: {error.strerror}; the transformers library makes it from older files: "
            "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)"
        ) from error


def _encoder(config: ModelConfig, state: Mapping[str, Tensor], weights: Path) -> Encoder:
    try:
        with torch.device("meta"):
            encoder = Encoder(config.encoder, vocabulary=config.vocabulary)
        encoder.load_state_dict(state, assign=True)
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(f"{weights} does not fit its config: {error}") from error
    return encoder


def _rows(table: Tensor, tokenizer: BorrowedTokenizer) -> Tensor:
    """The word table in the order of our ids; marks that the model lacks start from its mean, as ours did."""
    rows = torch.from_numpy(tokenizer.rows)
    ordered = table[rows.clamp(min=0)]
    ordered[rows < 0] = table.mean(0)
    return ordered


def _digest(path: Path) -> bytes:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.digest()
