"""A fitted extractor without the estimator around it: trunk of the core, branch, pointers, schema, calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from slmkit.runtime import BATCH_TOKENS, convert, text_chunks
from slmkit.tasks.knowledge.relations.calibrate import Judge
from slmkit.tasks.knowledge.relations.candidates import AllowedPairs, Found, collect
from slmkit.tasks.knowledge.relations.examples import Span
from slmkit.tasks.knowledge.relations.head import RelationHead
from slmkit.tasks.knowledge.relations.network import HEAD
from slmkit.tasks.knowledge.relations.pairs import PairUnits, Reach
from slmkit.tasks.knowledge.relations.schema import Schema
from slmkit.tasks.knowledge.relations.units import MARKS, lay_units, units_of
from slmkit.tasks.question_answering.reading import passage_tokens
from slmkit.tasks.saved_part import SavedPart
from slmkit.text.stretches import stretches
from slmkit.text.windows import Windows

# Texts are taken in chunks, so that memory does not grow with their number.
CHUNK_TEXTS, CHUNK_CHARACTERS = 256, 500_000
SHORTEST = 16  # tokens of a window


@dataclass(frozen=True)
class Manner:
    """How an extractor reads.

    Attributes:
        given: whether mentions are given to it. single: whether a pair of them has one relation at most.
        reach: which pairs of mentions it looks at. max_length: tokens of a window, marks included.
        sentences: of a window, at most; None for as many as there is room for. overlaps: see ``Found.best``.
        temperature: divides the scores of given pairs. threshold: of given pairs, the chance of a relation from which
            there is one: of any where a pair has one at most, else of each.
    """

    given: bool
    max_length: int
    single: bool = True
    reach: Reach = Reach()
    temperature: float = 1.0
    threshold: float = 0.5
    sentences: int | None = None
    overlaps: bool = False

    @property
    def room(self) -> int:
        """Tokens of the text in a window."""
        return self.max_length - MARKS


class RelationModel(SavedPart):
    """Finds relations in texts. Nothing changes after construction, so threads may share it.

    Args:
        slm: the core it was fitted on. schema: relations and types.
        tensors: the branch as ``checkpoint.pack`` stores it (``layers.…``) and the head in float32 (``head.…``).
        depth: layers of the branch. manner: how it reads. judge: how sure it is of what it finds.
        about: how it was made, as plain data; saved along.
    """

    kind = "relations"

    def __init__(
        self,
        slm: SLM,
        schema: Schema,
        tensors: Mapping[str, Tensor],
        *,
        depth: int,
        manner: Manner,
        judge: Judge | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.slm, self.schema, self.tensors, self.depth = slm, schema, dict(tensors), depth
        self.manner, self.judge, self.about = manner, judge or Judge(), dict(about or {})
        check_length(manner.max_length, slm)
        if not 0 < manner.temperature < float("inf") or not 0 <= depth <= slm.config.encoder.layers:
            raise ValueError(f"temperature {manner.temperature}, depth {depth}")
        parts: dict[str, dict[str, Tensor]] = {"layers.": {}, HEAD: {}}
        for name, value in self.tensors.items():
            parts[HEAD if name.startswith(HEAD) else "layers."][name.removeprefix(HEAD)] = value
        with torch.device("meta"):
            self.branch = Branch(encoder_layers(slm.config.encoder, depth))
            self.head = RelationHead(
                slm.config.encoder.width, len(schema.types), len(schema.relations), given=manner.given
            )
        self.branch.load_state_dict(checkpoint.unpack(parts["layers."]), assign=True)
        self.head.load_state_dict(parts[HEAD], assign=True)
        for module in (self.branch, self.head):
            module.eval().requires_grad_(requires_grad=False)
        convert(self.branch, slm.precision)

    @property
    def upto(self) -> int:
        """Layers of the core below the branch."""
        return self.slm.config.encoder.layers - self.depth

    def find(self, texts: Sequence[str]) -> Iterator[Found]:
        """What may be said in each text, by an extractor that finds its mentions itself."""
        for part in text_chunks(texts, CHUNK_TEXTS, CHUNK_CHARACTERS):
            yield from self.finding(part).alone()

    def finding(self, texts: Sequence[str]) -> FromStates[list[Found]]:
        """As ``find``, from the states of texts that are few enough to be read at once."""
        tokens = self.slm.tokenizer.encode_batch(texts)
        units = [
            unit
            for number, (text, read) in enumerate(zip(texts, tokens, strict=True))
            for unit in units_of(number, text, read, self.manner.room, self.manner.sentences)
        ]
        windows, found = lay_units(units, tokens), [Found() for _ in texts]
        allowed_pairs = AllowedPairs.of(self.schema, self.manner.reach, texts)

        def take(numbers: np.ndarray, states: Tensor, mask: Tensor) -> None:
            allowed = passage_tokens(windows, numbers, mask)
            read = self.branch.read(self.slm, states, mask)
            own, places = [units[i] for i in numbers], [windows.offsets[i] for i in numbers]
            collect(found, self.head, read, allowed, own, places, texts, allowed_pairs)

        return FromStates(self.slm, windows, self.upto, take, lambda: found)

    def tell(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Span]]
    ) -> Iterator[list[tuple[int, int, np.ndarray]]]:
        """The chances of each pair of given mentions of each text.

        Yields:
            For each text ``(head, tail, chances)``: numbers of two mentions and the chance of each relation, after that
            of "no relation"; a pair that no window holds has no relation for certain. Where a pair has one relation at
            most the chances sum to 1; else each is its own, and the first is that of none of them.
        """
        for rows in stretches(map(len, texts), CHUNK_TEXTS, CHUNK_CHARACTERS):
            yield from self._told([texts[row] for row in rows], [mentions[row] for row in rows])

    @torch.inference_mode()
    def _told(
        self, texts: Sequence[str], mentions: Sequence[Sequence[Span]]
    ) -> list[list[tuple[int, int, np.ndarray]]]:
        tokens = self.slm.tokenizer.encode_batch(texts)
        asked = [
            (number, *pair)
            for number, (text, each) in enumerate(zip(texts, mentions, strict=True))
            for pair in self.manner.reach.pairs(text, each)
        ]
        laid = PairUnits.of(tokens, mentions, asked, self.manner.room)
        scores = self._pair_scores(laid, lay_units(laid.units, tokens))
        for at, (text, head, tail) in enumerate(laid.asked):
            kinds = mentions[text][head][2], mentions[text][tail][2]
            scores[at, 1:][~self.schema.between(*kinds)] = -np.inf
        none = np.eye(1, 1 + len(self.schema.relations))[0]
        made = pair_chances(scores, self.manner.temperature, single=self.manner.single)
        chances = dict.fromkeys(laid.far, none) | dict(zip(laid.asked, made, strict=True))
        told: list[list[tuple[int, int, np.ndarray]]] = [[] for _ in texts]
        for pair in asked:
            told[pair[0]].append((pair[1], pair[2], chances[pair]))
        return told

    def _pair_scores(self, pairs: PairUnits, windows: Windows) -> np.ndarray:
        scores = np.zeros((len(pairs.owner), 1 + len(self.schema.relations)), dtype=np.float64)
        for numbers, states, mask in self.slm.run(windows, upto=self.upto) if len(pairs.owner) else ():
            place = {int(number): row for row, number in enumerate(numbers)}
            own = np.flatnonzero(np.isin(pairs.owner, numbers))
            step = max(1, BATCH_TOKENS // mask.shape[1])
            for begin in range(0, len(own), step):
                rows = own[begin : begin + step]
                at = torch.tensor([place[int(unit)] for unit in pairs.owner[rows]])
                marked = self.head.marked(states[at], pairs.marks(rows, mask.shape[1]))
                read = self.branch.read(self.slm, marked, mask[at])
                sides = torch.from_numpy(pairs.sides[rows])
                scores[rows] = self.head.of_pairs(read, sides[:, 0], sides[:, 1]).numpy()
        return scores

    def settings(self) -> dict[str, Any]:
        """See ``SavedPart``."""
        manner = self.manner
        return {
            "depth": self.depth,
            "schema": self.schema.to_json(),
            "given": manner.given,
            "max_length": manner.max_length,
            "single": manner.single,
            "both": manner.reach.both,
            "apart": manner.reach.sentences,
            "sentences": manner.sentences,
            "overlaps": manner.overlaps,
            "temperature": manner.temperature,
            "pair_threshold": manner.threshold,
            "judge": {"weights": list(self.judge.weights), "bias": self.judge.bias, "threshold": self.judge.threshold},
        }

    @classmethod
    def restored(cls, slm: SLM, config: Mapping[str, Any], tensors: dict[str, Tensor], folder: Path) -> RelationModel:
        """See ``SavedPart``."""
        lowest, mentions, links = map(float, config["judge"]["weights"])
        return cls(
            slm,
            Schema.from_json(config["schema"]),
            tensors,
            depth=int(config["depth"]),
            manner=Manner(
                bool(config["given"]),
                int(config["max_length"]),
                bool(config["single"]),
                Reach(bool(config["both"]), int(config["apart"])),
                float(config["temperature"]),
                float(config["pair_threshold"]),
                None if config["sentences"] is None else int(config["sentences"]),
                bool(config["overlaps"]),
            ),
            judge=Judge((lowest, mentions, links), float(config["judge"]["bias"]), float(config["judge"]["threshold"])),
            about=config.get("about"),
        )


def pair_chances(scores: np.ndarray, temperature: float, *, single: bool) -> np.ndarray:
    """Chances of scores of given pairs: both ``(P, 1 + relations)``, "no relation" first.

    Args:
        scores: of the pairs. temperature: divides them. single: whether a pair has one relation at most.
    """
    scaled = np.asarray(scores, dtype=np.float64) / temperature
    if single:
        odds = np.exp(scaled - scaled.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)
    each = 1 / (1 + np.exp(-(scaled[:, 1:] - scaled[:, :1])))
    return np.concatenate([(1 - each).prod(1, keepdims=True), each], axis=1)


def check_length(max_length: int, slm: SLM) -> None:
    """Refuse windows that the core cannot read.

    Raises:
        InputError: the length is out of range.
    """
    most = slm.config.encoder.positions
    if not SHORTEST <= max_length <= most:
        raise InputError(f"max_length {max_length}: give {SHORTEST} to {most}")
