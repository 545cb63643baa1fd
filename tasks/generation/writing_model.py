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
from slmkit.model.config import DecoderConfig
from slmkit.model.decoder import Decoder
from slmkit.tasks.saved_part import SavedPart
from slmkit.writing import Writer, settle


class WritingModel(SavedPart):
    """What ``fit_writer`` made. Nothing changes after construction, so threads may share it.

    Args:
        slm: the core it was fitted on. config: of the decoder and its branch.
        tensors: of the decoder, as ``checkpoint.pack`` stores them.
        start: the kind of text that it writes. longest: tokens of the longest target.
        about: how it was made, as plain data; saved along.
    """

    kind = "writer"
    format = 2

    def __init__(
        self,
        slm: SLM,
        config: DecoderConfig,
        tensors: Mapping[str, Tensor],
        *,
        start: str | None,
        longest: int,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.slm, self.config, self.tensors = slm, config, dict(tensors)
        self.start, self.longest, self.about = start, longest, dict(about or {})
        self.writer = self._runtime()

    def _runtime(self) -> Writer:
        with torch.device("meta"):
            decoder = Decoder(self.config, self.slm.encoder.words)
        decoder.load_state_dict(checkpoint.unpack(self.tensors), assign=True)
        return Writer(self.slm, settle(self.slm, decoder))

    def settings(self) -> dict[str, Any]:
        """See ``SavedPart``."""
        return {
            "decoder": asdict(self.config),
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
            start=config["start"],
            longest=int(config["longest"]),
            about=config.get("about"),
        )
