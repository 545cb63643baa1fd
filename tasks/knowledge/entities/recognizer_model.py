"""A fitted recognizer without a caller's settings: trunk of the core, branch, heads, types, calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from slmkit import checkpoint
from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.from_states import FromStates
from slmkit.model.branch import Branch
from slmkit.model.encoder import encoder_layers
from slmkit.runtime import convert, text_chunks
from slmkit.tasks.knowledge.entities.calibration import Calibration
from slmkit.tasks.knowledge.entities.candidates import Candidates, Found, gather, settle
from slmkit.tasks.knowledge.entities.laying import check_length, lay
from slmkit.tasks.knowledge.entities.network import HEADS, LAYERS, POINTER, TAGGER, Heads, usable_mask
from slmkit.tasks.knowledge.entities.type_rows import TYPE_ROWS, TypeRows, name_vectors
from slmkit.tasks.saved_part import SavedPart

MOST_PAIRS = 8_000_000
"""Scores of pairs that are held at once."""
# Texts are read in blocks, so that memory does not grow with their number.
_BLOCK_TEXTS, _BLOCK_CHARACTERS = 512, 400_000


class RecognizerModel(SavedPart):
    """Finds spans of some types. Nothing changes after construction.

    Args:
        slm: the core it was fitted on. types: their names, in the order of the heads' rows.
        tensors: the branch as ``checkpoint.pack`` stores it (``layers.…``), the heads in float32 (``pointer.…``,
            ``tagger.…``), and, of one that knows types by name, the map from names to rows (``type_rows.…``).
        depth: layers of the branch. head: one of ``HEADS``. max_length: tokens of a window.
        nested: whether spans were nested in what it learned. calibration: from scores to probabilities.
        about: how it was made, as plain data; saved along.
    """

    kind = "recognizer"

    def __init__(
        self,
        slm: SLM,
        types: Sequence[str],
        tensors: Mapping[str, Tensor],
        *,
        depth: int,
        head: str,
        max_length: int,
        nested: bool = False,
        calibration: Calibration | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.slm, self.types, self.tensors = slm, tuple(types), dict(tensors)
        self.depth, self.head, self.max_length = depth, head, check_length(slm, max_length)
        self.nested, self.calibration = nested, calibration or Calibration()
        self.about = dict(about or {})
        if head not in HEADS or not 0 <= depth <= slm.config.encoder.layers or len(set(self.types)) != len(self.types):
            raise ValueError(f"head {head!r}, depth {depth}, types {self.types}")
        with torch.device("meta"):
            self.branch = Branch(encoder_layers(slm.config.encoder, depth))
            self.heads = Heads(slm.config.encoder.width, len(self.types), head)
        self.branch.load_state_dict(checkpoint.unpack(self._parts(LAYERS)), assign=True)
        self.heads.load_state_dict(self._parts(POINTER, TAGGER), assign=True)
        for module in (self.branch, self.heads):
            module.eval().requires_grad_(requires_grad=False)
        convert(self.branch, slm.precision)

    def _parts(self, *prefixes: str) -> dict[str, Tensor]:
        return {name: value for name, value in self.tensors.items() if name.startswith(prefixes)}

    @property
    def knows_names(self) -> bool:
        """Whether it can look for types by name."""
        return bool(self._parts(TYPE_ROWS))

    def with_types(self, types: Mapping[str, str]) -> RecognizerModel:
        """The same model looking for other types.

        Args:
            types: each with a few words that say what it is.

        Raises:
            InputError: it was not trained to know types by name.
        """
        width, names = self.slm.config.encoder.width, list(types)
        tensors = {name: value for name, value in self.tensors.items() if ".kind." not in name}
        rows = self.rows_of(list(types.values()))
        for prefix, (weight, bias) in zip((POINTER, TAGGER), rows, strict=True):
            if any(name.startswith(prefix) for name in tensors):
                tensors |= {f"{prefix}kind.weight": weight.reshape(-1, width), f"{prefix}kind.bias": bias}
        return RecognizerModel(
            self.slm,
            names,
            tensors,
            depth=self.depth,
            head=self.head,
            max_length=self.max_length,
            nested=self.nested,
            calibration=self.calibration,
            about={**self.about, "types by name": dict(types)},
        )

    @torch.no_grad()
    def rows_of(self, names: Sequence[str]) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """Rows of pointer and tagger for types of these names; see ``TypeRows``.

        Raises:
            InputError: it was not trained to know types by name.
        """
        if not self.knows_names:
            raise InputError("this recognizer knows its own types only; types by name need one that was trained so")
        stored = {name.removeprefix(TYPE_ROWS): value for name, value in self._parts(TYPE_ROWS).items()}
        made = TypeRows(self.slm.config.encoder.width, len(stored["center"]))
        made.load_state_dict(checkpoint.unpack(stored))
        return made(name_vectors(self.slm, names))

    def read(self, texts: Sequence[str], *, nested: bool | None = None) -> list[list[Found]]:
        """Spans of each text that may be entities, none in the way of a better one, the best first.

        Their scores are log odds before calibration.

        Args:
            texts: any strings. nested: whether spans may lie inside others; None as in what it learned.
        """
        return [
            own
            for block in text_chunks(texts, _BLOCK_TEXTS, _BLOCK_CHARACTERS)
            for own in self.spans(block, nested=nested).alone()
        ]

    def spans(self, texts: Sequence[str], *, nested: bool | None = None) -> FromStates[list[list[Found]]]:
        """As ``read``, from the states of texts that are few enough to be read at once."""
        nested = self.nested if nested is None else nested
        if nested and self.head == "tagger":
            raise InputError("the head 'tagger' finds no nested spans; fit one with head='pointer' or 'both'")
        return self._candidates(texts).then(
            lambda found: [settle(own, text, nested=nested) for own, text in zip(found, texts, strict=True)]
        )

    def candidates(self, texts: Sequence[str]) -> list[Candidates]:
        """Every span of each text that is worth a look, those in the way of others too."""
        return self._candidates(texts).alone()

    def _candidates(self, texts: Sequence[str]) -> FromStates[list[Candidates]]:
        laid = lay(self.slm, texts, self.max_length)
        found = [Candidates() for _ in texts]

        def take(numbers: np.ndarray, states: Tensor, mask: Tensor) -> None:
            states = self.branch.read(self.slm, states, mask)
            usable = usable_mask(laid, numbers, mask.shape[1])
            for rows in parts_of(len(numbers), len(self.types), mask.shape[1], MOST_PAIRS):
                gather(self.heads(states[rows], usable[rows]), laid, numbers[rows], found)

        return FromStates(self.slm, laid.windows, self.slm.config.encoder.layers - self.depth, take, lambda: found)

    def settings(self) -> dict[str, Any]:
        """See ``SavedPart``."""
        return {
            "types": list(self.types),
            "depth": self.depth,
            "head": self.head,
            "max_length": self.max_length,
            "nested": self.nested,
            "calibration": self.calibration.to_dict(),
        }

    @classmethod
    def restored(cls, slm: SLM, config: Mapping[str, Any], tensors: dict[str, Tensor], folder: Path) -> RecognizerModel:
        """See ``SavedPart``."""
        return cls(
            slm,
            [str(name) for name in config["types"]],
            tensors,
            depth=int(config["depth"]),
            head=str(config["head"]),
            max_length=int(config["max_length"]),
            nested=bool(config["nested"]),
            calibration=Calibration.from_dict(config["calibration"]),
            about=config.get("about"),
        )


def parts_of(rows: int, kinds: int, length: int, most: int) -> Iterator[slice]:
    """Rows of a batch so that no more than ``most`` scores of pairs are made at once, and at least one row."""
    size = max(1, most // max(kinds * length * length, 1))
    return (slice(begin, min(begin + size, rows)) for begin in range(0, rows, size))


def probabilities(model: RecognizerModel, found: Sequence[Found]) -> np.ndarray:
    """Calibrated scores of spans, float64 ``(spans,)``."""
    return model.calibration.probabilities(np.array([each.score for each in found], dtype=np.float64))
