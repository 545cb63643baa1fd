"""A fitted writer: branch and decoder of one's own on the core's trunk, saved apart from the core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from slmkit import checkpoint
from slmkit.core import SLM
from slmkit.core import load as load_core
from slmkit.errors import CheckpointError
from slmkit.model.branch import Branch
from slmkit.model.config import DecoderConfig
from slmkit.model.decoder import Decoder
from slmkit.model.encoder import encoder_layers
from slmkit.runtime import convert
from slmkit.writing import Writer, settle

FORMAT = 1
KIND = "writer"


class WritingModel:
    """What ``fit_writer`` made. Nothing changes after construction, so threads may share it.

    Args:
        slm: the core it was fitted on. config: of the decoder.
        tensors: branch (``branch.layers.…``) and decoder (``decoder.…``) as ``checkpoint.pack`` stores them.
        depth: layers of the branch. start: the kind of text that it writes. longest: tokens of the longest target.
        about: how it was made, as plain data; saved along.
    """

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

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that change with the core or any weight."""
        return checkpoint.fingerprint(*self._contents())

    def _contents(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        config = {
            "format": FORMAT,
            "core": self.slm.fingerprint,
            "decoder": asdict(self.config),
            "depth": self.depth,
            "start": self.start,
            "longest": self.longest,
            "about": self.about,
        }
        return config, {checkpoint.MODEL: checkpoint.tensors_to_bytes(self.tensors)}

    def save(self, folder: str | Path, **about: Any) -> None:
        """Write branch and decoder; the core is named by its fingerprint and not written.

        Args:
            folder: made if it is not there. **about: plain data that is added to the model's ``about`` in the file.
        """
        config, files = self._contents()
        config["about"] = {**self.about, **about}
        checkpoint.write_folder(Path(folder), {"kind": KIND, **config}, files)

    @classmethod
    def load(cls, folder: str | Path, *, slm: SLM | None = None) -> WritingModel:
        """Read what ``save`` wrote.

        Args:
            folder: the folder. slm: the core; None takes the one that ships with the package.

        Raises:
            CheckpointError: the folder is missing, damaged, newer than this package, or belongs to another core.
        """
        folder = Path(folder)
        slm = slm if slm is not None else load_core()
        config, tensors = checkpoint.read_part(folder, KIND, newest=FORMAT, core=slm.fingerprint)
        try:
            return cls(
                slm,
                DecoderConfig(**config["decoder"]),
                tensors,
                depth=int(config["depth"]),
                start=config["start"],
                longest=int(config["longest"]),
                about=config.get("about"),
            )
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"{folder / checkpoint.MODEL} does not fit its config: {error!r}") from error
