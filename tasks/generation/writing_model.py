"""A fitted writer: branch and decoder of one's own on the core's trunk, saved apart from the core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from slmkit import checkpoint
from slmkit.core import SLM
from slmkit.model.branch import Branch
from slmkit.model.config import DecoderConfig
from slmkit.model.decoder import Decoder
from slmkit.model.encoder import encoder_layers
from slmkit.runtime import convert
from slmkit.tasks.saved_part import SavedPart
from slmkit.writing import Writer, settle


class WritingModel(SavedPart):
    """What ``fit_writer`` made. Nothing changes after construction, so threads may share it.

    Args:
        slm: the core it was fitted on. config: of the decoder.
        tensors: branch (``branch.layers.…``) and decoder (``decoder.…``) as ``checkpoint.pack`` stores them.
        depth: layers of the branch. start: the kind of text that it writes. longest: tokens of the longest target.
        about: how it was made, as plain data; saved along.
    """

    kind = "writer"

    def __init__(
        self,
        slm: SLM,
        config: DecoderConfig,
        tensors: Mapping[str, Tensor],
        *,
        depth: int,
        start: str | None,
        longest: int,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.slm, self.config, self.tensors = slm, config, dict(tensors)
        self.depth, self.start, self.longest, self.about = depth, start, longest, dict(about or {})
        self.writer = self._runtime()

    def _runtime(self) -> Writer:
        own = checkpoint.unpack(self.tensors)
        with torch.device("meta"):
            decoder = Decoder(self.config, self.slm.encoder.words)
            branch = Branch(encoder_layers(self.slm.config.encoder, self.depth))
        for name, module in (("decoder.", decoder), ("branch.", branch)):
            state = {key.removeprefix(name): value for key, value in own.items() if key.startswith(name)}
            module.load_state_dict(state, assign=True)
        settle(self.slm, decoder)
        convert(branch.eval().requires_grad_(requires_grad=False), self.slm.precision)
        upto = self.slm.config.encoder.layers - self.depth
        return Writer(self.slm, decoder, branch=branch if self.depth else None, upto=upto)

    def settings(self) -> dict[str, Any]:
        """See ``SavedPart``."""
        return {
            "decoder": asdict(self.config),
            "depth": self.depth,
            "start": self.start,
            "longest": self.longest,
        }

    @classmethod
    def restored(cls, slm: SLM, config: Mapping[str, Any], tensors: dict[str, Tensor], folder: Path) -> WritingModel:
        """See ``SavedPart``."""
        return cls(
            slm,
            DecoderConfig(**config["decoder"]),
            tensors,
            depth=int(config["depth"]),
            start=config["start"],
            longest=int(config["longest"]),
            about=config.get("about"),
        )
