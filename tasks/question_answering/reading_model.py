"""A fitted reader without the estimator around it: trunk of the core, branch, span head, temperature, threshold."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from slmkit import checkpoint
from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.model.branch import Branch
from slmkit.model.encoder import encoder_layers
from slmkit.model.heads import SpanHead
from slmkit.runtime import convert
from slmkit.tasks.question_answering.candidates import (
    Candidates,
    Place,
    Places,
    batch_spans,
    join,
    window_candidates,
)
from slmkit.tasks.question_answering.reading import Sizes, lay_question_windows, passage_tokens
from slmkit.tasks.saved_part import SavedPart
from slmkit.text.windows import Windows

HEAD = "head."
# Questions are taken in chunks, so that memory does not grow with their number.
CHUNK_PASSAGES, CHUNK_CHARACTERS = 512, 1_000_000


class ReadingModel(SavedPart):
    """Finds where in given passages the answer to a question stands. Nothing changes after construction.

    Args:
        slm: the core it was fitted on.
        tensors: the branch as ``checkpoint.pack`` stores it (``layers.…``) and the head in float32 (``head.…``).
        depth: layers of the branch. sizes: of windows and answers. temperature: divides the log odds.
        threshold: the reader abstains where "no answer" is likelier than this.
        about: how it was made, as plain data; saved along.
    """

    kind = "reader"

    def __init__(
        self,
        slm: SLM,
        tensors: Mapping[str, Tensor],
        *,
        depth: int,
        sizes: Sizes,
        temperature: float = 1.0,
        threshold: float = 0.5,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.slm, self.tensors, self.depth, self.sizes = slm, dict(tensors), depth, sizes
        if not 0 < temperature < float("inf") or not 0 <= threshold <= 1 or not 0 <= depth <= slm.config.encoder.layers:
            raise ValueError(f"temperature {temperature}, threshold {threshold}, depth {depth}")
        self.temperature, self.threshold, self.about = temperature, threshold, dict(about or {})
        parts: dict[str, dict[str, Tensor]] = {"layers.": {}, HEAD: {}}
        for name, value in self.tensors.items():
            parts[HEAD if name.startswith(HEAD) else "layers."][name.removeprefix(HEAD)] = value
        with torch.device("meta"):
            self.branch = Branch(encoder_layers(slm.config.encoder, depth))
            self.head = SpanHead(slm.config.encoder.width)
        self.branch.load_state_dict(checkpoint.unpack(parts["layers."]), assign=True)
        self.head.load_state_dict(parts[HEAD], assign=True)
        for module in (self.branch, self.head):
            module.eval().requires_grad_(requires_grad=False)
        convert(self.branch, slm.precision)

    def read(
        self,
        questions: Sequence[str],
        passages: Sequence[Sequence[str]],
        where: Sequence[Sequence[Place]] | None = None,
    ) -> list[Places]:
        """Where the answer to each question may stand.

        Args:
            questions: any strings. passages: those of each question, as many as there are.
            where: each of them stands; None where they are texts of their own.
        """
        if where is None:
            where = [[(number, 0) for number in range(len(each))] for each in passages]
        return [
            join(found, places)
            for rows in _chunks(questions, passages)
            for found, places in zip(
                self._candidates([questions[i] for i in rows], [passages[i] for i in rows]),
                [where[i] for i in rows],
                strict=True,
            )
        ]

    def float_state(self) -> dict[str, Tensor]:
        """Branch (``branch.…``) and head (``head.…``) in float32, for the network of another fit."""
        head = {name: value for name, value in self.tensors.items() if name.startswith(HEAD)}
        rest = checkpoint.unpack({name: value for name, value in self.tensors.items() if name not in head})
        return {**{f"branch.{name}": value.float() for name, value in rest.items()}, **head}

    @torch.inference_mode()
    def _candidates(self, questions: Sequence[str], passages: Sequence[Sequence[str]]) -> list[list[Candidates]]:
        pairs = [(number, passage) for number, each in enumerate(passages) for passage in each]
        windows = self._windows(questions, pairs)
        found = [Candidates() for _ in pairs]
        for numbers, states, mask in self.slm.run(windows, upto=self.slm.config.encoder.layers - self.depth):
            allowed = passage_tokens(windows, numbers, mask)
            start, end = self.head(self.branch.read(self.slm, states, mask), with_null(allowed))
            best = batch_spans(start, end, allowed, self.sizes.answer)
            for row, number in enumerate(numbers):
                pair = int(windows.text_index[number])
                window_candidates(found[pair], pairs[pair][1], windows.offsets[number], row, best)
        ends = iter(found)
        return [[next(ends) for _ in each] for each in passages]

    def _windows(self, questions: Sequence[str], pairs: Sequence[tuple[int, str]]) -> Windows:
        texts = list(dict.fromkeys(passage for _, passage in pairs))  # many questions may be asked of one passage
        read = dict(zip(texts, self.slm.tokenizer.encode_batch(texts), strict=True))
        asked = self.slm.tokenizer.encode_batch(questions)
        long = sum(len(tokens) > self.sizes.question for tokens in asked)
        if long:
            warnings.warn(
                f"{long} of the questions are longer than {self.sizes.question} tokens: their beginning is read",
                stacklevel=5,
            )
        return lay_question_windows(
            [asked[number] for number, _ in pairs],
            [read[passage] for _, passage in pairs],
            size=self.sizes.window,
            most=self.sizes.question,
            overlap=self.sizes.overlap,
        )

    def settings(self) -> dict[str, Any]:
        """See ``SavedPart``."""
        return {
            "depth": self.depth,
            "max_length": self.sizes.window,
            "max_answer": self.sizes.answer,
            "temperature": self.temperature,
            "threshold": self.threshold,
        }

    @classmethod
    def restored(cls, slm: SLM, config: Mapping[str, Any], tensors: dict[str, Tensor], folder: Path) -> ReadingModel:
        """See ``SavedPart``."""
        sizes = Sizes(int(config["max_length"]), int(config["max_answer"]))
        check_sizes(sizes, slm)
        return cls(
            slm,
            tensors,
            depth=int(config["depth"]),
            sizes=sizes,
            temperature=float(config["temperature"]),
            threshold=float(config["threshold"]),
            about=config.get("about"),
        )


def with_null(allowed: Tensor) -> Tensor:
    """Where spans are scored: the passage's tokens, and ``<s>`` for "no answer". Shape: ``(B, T)`` bool, in and out."""
    scored = allowed.clone()
    scored[:, 0] = True
    return scored


def check_sizes(sizes: Sizes, slm: SLM) -> None:
    """Refuse windows that the core cannot read.

    Raises:
        InputError: a size is out of range.
    """
    positions = slm.config.encoder.positions
    if not 32 <= sizes.window <= positions:
        raise InputError(f"max_length {sizes.window}: give 32 to {positions}")
    if not 1 <= sizes.answer <= sizes.window:
        raise InputError(f"max_answer {sizes.answer}: give 1 to {sizes.window}")


def _chunks(questions: Sequence[str], passages: Sequence[Sequence[str]]) -> Iterator[list[int]]:
    rows: list[int] = []
    texts = characters = 0
    for i, (question, each) in enumerate(zip(questions, passages, strict=True)):
        size = len(question) + sum(map(len, each))
        if rows and (texts + len(each) > CHUNK_PASSAGES or characters + size > CHUNK_CHARACTERS):
            yield rows
            rows, texts, characters = [], 0, 0
        rows.append(i)
        texts, characters = texts + len(each), characters + size
    if rows:
        yield rows
