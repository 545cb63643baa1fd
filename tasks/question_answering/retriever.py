"""``Retriever``: vectors for search, by a branch of its own above the core's trunk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from torch import Tensor

from slmkit import checkpoint
from slmkit.core import SLM, load
from slmkit.errors import CheckpointError
from slmkit.forks import ForkSafeLock
from slmkit.model.branch import Branch
from slmkit.model.encoder import encoder_layers
from slmkit.runtime import convert
from slmkit.tasks.base import weights_folder
from slmkit.tasks.question_answering.records import Embedder
from slmkit.tasks.saved_part import SavedPart


class Retriever(SavedPart):
    """Embeds queries and passages so that a query is near the passages that answer it.

    The core's own sentence vectors tell what is alike; these tell what answers. ``DocumentIndex`` takes either. Nothing
    changes after construction.

    Args:
        slm: the core it was trained on. tensors: the branch as ``checkpoint.pack`` stores it.
        about: how it was made, as plain data; saved along.
    """

    kind = "retriever"

    def __init__(self, slm: SLM, tensors: Mapping[str, Tensor], *, about: Mapping[str, Any] | None = None) -> None:
        self.slm, self.tensors, self.about = slm, dict(tensors), dict(about or {})
        self.tokenizer = slm.tokenizer
        with torch.device("meta"):
            self.branch = Branch(encoder_layers(slm.config.encoder, depth_on(slm)))
        self.branch.load_state_dict(checkpoint.unpack(self.tensors), assign=True)
        self.branch.eval().requires_grad_(requires_grad=False)
        convert(self.branch, slm.precision)

    def embed(self, texts: str | Sequence[str], *, kind: Literal["query", "passage"] = "passage") -> np.ndarray:
        """Unit vectors, as of ``SLM.embed``.

        Args:
            texts: one string or many. kind: what they are.

        Returns:
            float32 ``(n, width)``; ``(width,)`` for one string.
        """
        return self.slm.embed(texts, kind=kind, top=lambda states, mask: self.branch.read(self.slm, states, mask))

    def settings(self) -> dict[str, Any]:
        """See ``SavedPart``."""
        return {}

    @classmethod
    def restored(cls, slm: SLM, config: Mapping[str, Any], tensors: dict[str, Tensor], folder: Path) -> Retriever:
        """See ``SavedPart``."""
        return cls(slm, tensors, about=config.get("about"))


_LOADING = ForkSafeLock()


@lru_cache(maxsize=1)
def _loaded(folder: Path) -> Retriever:
    return Retriever.load(folder)


def shipped_embedder() -> Embedder:
    """What an index embeds with unless it is told otherwise: the shipped retriever, the core where none ships."""
    folder = weights_folder("retriever")
    if not (folder / "config.json").is_file():
        return load()
    with _LOADING:
        return _loaded(folder)


def embedder_at(folder: Path) -> Embedder:
    """The retriever in a folder, or the core.

    Raises:
        CheckpointError: it holds neither, or is damaged.
    """
    try:
        retriever = checkpoint.read_config(folder)["kind"] == Retriever.kind
    except CheckpointError:
        retriever = False  # perhaps a core in another layout
    return Retriever.load(folder) if retriever else load(folder)


def core_of(embedder: Embedder) -> SLM:
    """The core that an index's embedder stands on."""
    return embedder.slm if isinstance(embedder, Retriever) else cast("SLM", embedder)


def depth_on(slm: SLM) -> int:
    """Layers of the branch: as many as sentence vectors have above the trunk."""
    return len(slm.stack(vectors=True)) - slm.config.trunk
