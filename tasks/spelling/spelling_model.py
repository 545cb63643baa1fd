"""A fitted speller without a caller's settings: trunk of the core, branch, scorer, lists, temperature, thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from slmkit import checkpoint
from slmkit.core import SLM
from slmkit.from_states import FromStates
from slmkit.model.branch import Branch
from slmkit.model.encoder import encoder_layers
from slmkit.runtime import convert
from slmkit.tasks.saved_part import SavedPart
from slmkit.tasks.spelling.features import FEATURES
from slmkit.tasks.spelling.lists import Lists
from slmkit.tasks.spelling.network import LAYERS, SCORER, Scorer
from slmkit.tasks.spelling.slate import Slate, locate
from slmkit.tasks.spelling.slots import Chunk

LISTS = "lists"
PRESETS = {"careful": 0.001, "balanced": 0.003, "eager": 0.01}
"""For each preset the share of right words that may be broken, by which its threshold is chosen (see ``calibrate``)."""
USUAL = {"careful": 0.85, "balanced": 0.6, "eager": 0.4}
"""Thresholds where too little was held back to choose them."""
# Chunks are read in blocks, so that memory does not grow with the text.
_BLOCK_SLOTS, _BLOCK_CHARACTERS = 2_000, 40_000

Thresholds = Mapping[str, Mapping[str, float]]


class SpellingModel(SavedPart):
    """Tells how likely each candidate of each slot is. Nothing changes after construction.

    Args:
        slm: the core it was fitted on. lists: what candidates are made from.
        tensors: the branch as ``checkpoint.pack`` stores it (``layers.…``) and the scorer in float32 (``scorer.…``).
        depth: layers of the branch. rank: of the scorer. temperature: divides the scores.
        thresholds: language ("en", "zh") -> preset -> probability from which a change is made.
        about: how it was made, as plain data; saved along.
    """

    kind = "speller"

    def __init__(
        self,
        slm: SLM,
        lists: Lists,
        tensors: Mapping[str, Tensor],
        *,
        depth: int,
        rank: int,
        temperature: float = 1.0,
        thresholds: Thresholds | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.slm, self.lists, self.tensors, self.depth, self.rank = slm, lists, dict(tensors), depth, rank
        given = {language: dict((thresholds or {}).get(language, USUAL)) for language in ("en", "zh")}
        sane = all(set(each) == set(PRESETS) and all(0 < t <= 1 for t in each.values()) for each in given.values())
        if not 0 < temperature < float("inf") or not 0 <= depth <= slm.config.encoder.layers or not sane:
            raise ValueError(f"temperature {temperature}, depth {depth}, thresholds {given}")
        self.temperature, self.thresholds, self.about = temperature, given, dict(about or {})
        parts: dict[str, dict[str, Tensor]] = {LAYERS: {}, SCORER: {}}
        for name, value in self.tensors.items():
            parts[SCORER if name.startswith(SCORER) else LAYERS][name.removeprefix(SCORER)] = value
        with torch.device("meta"):
            self.branch = Branch(encoder_layers(slm.config.encoder, depth))
            self.scorer = Scorer(slm.config.encoder.width, rank)
        self.branch.load_state_dict(checkpoint.unpack(parts[LAYERS]), assign=True)
        self.scorer.load_state_dict(parts[SCORER], assign=True)
        for module in (self.branch, self.scorer):
            module.eval().requires_grad_(requires_grad=False)
        convert(self.branch, slm.precision)

    def scores(self, chunks: Sequence[Chunk]) -> list[np.ndarray]:
        """Scores before the temperature.

        Args:
            chunks: of any texts.

        Returns:
            float32 ``(K,)`` for each slot of each chunk, in order.
        """
        return [scores for block in _blocks(_asked(chunks)) for scores in self._scores(block).alone()]

    def chances(self, chunks: Sequence[Chunk]) -> list[list[np.ndarray]]:
        """Probabilities of the candidates of each slot ``(K,)``, for each chunk a list of them."""
        return self._chances(chunks, self.scores(chunks))

    def judging(self, chunks: Sequence[Chunk]) -> FromStates[list[list[np.ndarray]]]:
        """As ``chances``, from the states of chunks that are few enough to be read at once."""
        return self._scores(_asked(chunks)).then(lambda scores: self._chances(chunks, scores))

    def _chances(self, chunks: Sequence[Chunk], scores: Sequence[np.ndarray]) -> list[list[np.ndarray]]:
        found = iter(softmax(each / self.temperature) for each in scores)
        return [[next(found) for _ in chunk.slots] for chunk in chunks]

    def _scores(self, chunks: Sequence[Chunk]) -> FromStates[list[np.ndarray]]:
        windows = self.slm.windows([chunk.text for chunk in chunks])
        slots = sum(len(chunk.slots) for chunk in chunks)
        sums, counts = torch.zeros(slots, self.slm.config.encoder.width), torch.zeros(slots, 1)

        def take(numbers: np.ndarray, states: Tensor, mask: Tensor) -> None:
            rows, columns, owners = locate(chunks, windows, numbers)
            if len(rows):
                sums.index_add_(0, owners, self.branch.read(self.slm, states, mask)[rows, columns])
                counts.index_add_(0, owners, torch.ones(len(owners), 1))

        def finish() -> list[np.ndarray]:
            means = sums / counts.clamp_min(1)
            made: list[np.ndarray] = []
            for block in _blocks(chunks):  # each slot is compared with all candidates of its block
                own = [slot for chunk in block for slot in chunk.slots]
                slate = Slate.of(own, self.lists.bigrams, self.slm.tokenizer)
                read = means[len(made) : len(made) + len(own)]
                scores, _ = self.scorer(read, slate, self.slm.encoder.words.weight)
                made += [row[:size].numpy() for row, size in zip(scores, slate.sizes.tolist(), strict=True)]
            return made

        return FromStates(self.slm, windows, self.slm.config.encoder.layers - self.depth, take, finish)

    def settings(self) -> dict[str, Any]:
        """See ``SavedPart``."""
        return {
            "depth": self.depth,
            "rank": self.rank,
            "features": list(FEATURES),
            "temperature": self.temperature,
            "thresholds": self.thresholds,
        }

    def stored(self) -> Mapping[str, Tensor]:
        """See ``SavedPart``."""
        return {**self.tensors, LISTS: self.lists.to_tensor()}

    @classmethod
    def restored(cls, slm: SLM, config: Mapping[str, Any], tensors: dict[str, Tensor], folder: Path) -> SpellingModel:
        """See ``SavedPart``."""
        if config["features"] != list(FEATURES):
            raise ValueError(f"it knows the features {config['features']}")
        return cls(
            slm,
            Lists.from_tensor(tensors.pop(LISTS)),
            tensors,
            depth=int(config["depth"]),
            rank=int(config["rank"]),
            temperature=float(config["temperature"]),
            thresholds=config["thresholds"],
            about=config.get("about"),
        )


def _asked(chunks: Sequence[Chunk]) -> list[Chunk]:
    return [chunk for chunk in chunks if chunk.slots]


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities of scores ``(K,)``."""
    raised = np.exp(scores - scores.max())
    return raised / raised.sum()


def _blocks(chunks: Sequence[Chunk]) -> Iterator[list[Chunk]]:
    block: list[Chunk] = []
    slots = size = 0
    for chunk in chunks:
        if block and (slots + len(chunk.slots) > _BLOCK_SLOTS or size + len(chunk.text) > _BLOCK_CHARACTERS):
            yield block
            block, slots, size = [], 0, 0
        block.append(chunk)
        slots, size = slots + len(chunk.slots), size + len(chunk.text)
    if block:
        yield block
