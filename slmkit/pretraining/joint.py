"""Stage two, *joint*: the whole encoder on classes, tags, spans and pairs together; the trunk comes to serve them all.

Each step adds the loss of two sets, drawn by the square root of their size, and now and then that of the stage before
(distillation and tokens on raw text), which keeps the sentence vectors where the teacher has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit.model.encoder import Encoder
from slmkit.model.heads import ClassHead, PairHead, SpanHead, cosent, unit_mean
from slmkit.model.layers import pad_rows, set_dropout
from slmkit.pretraining.adapt import Adapt, AdaptConfig, Student
from slmkit.pretraining.sources import SOURCES, Example, Source, short_texts
from slmkit.runtime import mixed_precision
from slmkit.text.alignment import span_tokens, tag_labels
from slmkit.text.tokenizer import BOS, EOS, Tokenizer
from slmkit.training.digests import rows_digest
from slmkit.training.loop import Run, Schedule, seeded
from slmkit.training.states import text_batches


@dataclass(frozen=True)
class JointConfig:
    """Settings of the stage.

    Attributes:
        steps: optimiser steps. learning_rate: peak of the encoder; heads learn ``head_scale`` times as fast.
        batch_tokens: padded tokens of each set's batch. limit: tokens of a row. sets: batches of sets a step.
        raw_every: every how many steps the losses of the stage before join in. dropout: in the encoder.
        most: examples of a set that are used, by their seed's order. seed: of everything.
    """

    steps: int = 1000
    learning_rate: float = 1.5e-4
    head_scale: float = 5.0
    batch_tokens: int = 1536
    limit: int = 224
    sets: int = 2
    raw_every: int = 4
    dropout: float = 0.1
    most: int = 50_000
    seed: int = 0


class Task:
    """One set with its head.

    Args:
        source: the set. examples: its rows. tokenizer: the core's. width: of the encoder. config: settings.
    """

    def __init__(
        self, source: Source, examples: Sequence[Example], tokenizer: Tokenizer, width: int, config: JointConfig
    ) -> None:
        self.source, self.config, self.tokenizer = source, config, tokenizer
        order = np.random.default_rng(config.seed).permutation(len(examples))[: config.most]
        self.examples = [examples[i] for i in order]
        self.first = tokenizer.encode_batch([e.text for e in self.examples])
        self.second = tokenizer.encode_batch([e.second for e in self.examples])
        lengths = np.array([len(a) + len(b) + 3 for a, b in zip(self.first, self.second, strict=True)])
        if source.shape in ("similarity", "inference"):
            self.lengths = 2 * np.array([max(len(a), len(b)) + 2 for a, b in zip(self.first, self.second, strict=True)])
        else:
            self.lengths = np.minimum(lengths, config.limit)
        self.labels = sorted(
            {k for e in self.examples for _, _, k in e.spans}
            if source.shape == "tags"
            else {e.label for e in self.examples}
        )
        self.head = self._head(width)
        self._epoch = 0
        self._queue: list[np.ndarray] = []

    def _head(self, width: int) -> nn.Module:
        if self.source.shape == "class":
            return ClassHead(width, len(self.labels))
        if self.source.shape == "inference":
            return PairHead(width, len(self.labels))
        if self.source.shape == "tags":
            return nn.Linear(width, 2 * len(self.labels) + 1)
        return SpanHead(width) if self.source.shape == "span" else nn.Identity()

    def batch(self, number: int) -> np.ndarray:
        """Rows of the set's ``number``-th batch, epoch after epoch."""
        while number >= len(self._queue):
            rng = np.random.default_rng((self.config.seed, self._epoch))
            self._queue.extend(text_batches(self.lengths, self.config.batch_tokens, rng))
            self._epoch += 1
        return self._queue[number]

    def loss(self, encoder: Encoder, number: int) -> Tensor:
        """Loss of the ``number``-th batch."""
        rows = self.batch(number)
        return getattr(self, f"_{self.source.shape}")(encoder, rows)

    def _read(self, encoder: Encoder, sequences: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
        lengths = torch.tensor([len(s) for s in sequences])
        ids, mask = pad_rows(torch.from_numpy(np.concatenate(sequences)), lengths)
        with mixed_precision():
            return encoder(ids, mask), mask

    def _single(self, row: int, second: bool = False) -> np.ndarray:
        tokens = self.second[row] if second else self.first[row]
        return np.concatenate([[BOS], tokens.ids[: self.config.limit - 2], [EOS]])

    def _targets(self, rows: np.ndarray) -> Tensor:
        return torch.tensor([self.labels.index(self.examples[i].label) for i in rows])

    def _class(self, encoder: Encoder, rows: np.ndarray) -> Tensor:
        states, mask = self._read(encoder, [self._single(i) for i in rows])
        return F.cross_entropy(self.head(states, mask), self._targets(rows))

    def _vectors(self, encoder: Encoder, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        both = [self._single(i) for i in rows] + [self._single(i, second=True) for i in rows]
        first, second = unit_mean(*self._read(encoder, both)).chunk(2)
        return first, second

    def _inference(self, encoder: Encoder, rows: np.ndarray) -> Tensor:
        return F.cross_entropy(self.head(*self._vectors(encoder, rows)), self._targets(rows))

    def _similarity(self, encoder: Encoder, rows: np.ndarray) -> Tensor:
        first, second = self._vectors(encoder, rows)
        wanted = torch.tensor([float(self.examples[i].label) for i in rows])
        return cosent((first * second).sum(-1), wanted)

    def _tags(self, encoder: Encoder, rows: np.ndarray) -> Tensor:
        states, mask = self._read(encoder, [self._single(i) for i in rows])
        wanted = torch.full(mask.shape, -100)
        for at, i in enumerate(rows):
            example, tokens = self.examples[i], self.first[i]
            labels = tag_labels(tokens.offsets, example.text, example.spans, self.labels)[: self.config.limit - 2]
            wanted[at, 1 : 1 + len(labels)] = torch.from_numpy(labels)
        return F.cross_entropy(self.head(states).transpose(1, 2), wanted, ignore_index=-100)

    def _span(self, encoder: Encoder, rows: np.ndarray) -> Tensor:
        sequences, starts, ends, begins = [], [], [], []
        for i in rows:
            question, passage = self.first[i].ids[:48], self.second[i]
            first, last = span_tokens(passage.offsets, self.examples[i].spans[0][:2])
            room = self.config.limit - len(question) - 3
            # Long passages are cropped around the answer; where it stands in the crop is chance.
            rng = np.random.default_rng((self.config.seed, int(i)))
            low, high = max(0, last + 1 - room), min(first, max(0, len(passage) - room))
            crop = int(rng.integers(low, high + 1)) if low <= high else first
            begins.append(len(question) + 2)
            starts.append(begins[-1] + first - crop)
            ends.append(min(begins[-1] + last - crop, begins[-1] + room - 1))
            sequences.append(np.concatenate([[BOS], question, [EOS], passage.ids[crop : crop + room], [EOS]]))
        states, mask = self._read(encoder, sequences)
        allowed = mask & (torch.arange(mask.shape[1]) >= torch.tensor(begins)[:, None])
        start, end = self.head(states, allowed)
        return (F.cross_entropy(start, torch.tensor(starts)) + F.cross_entropy(end, torch.tensor(ends))) / 2


class Joint(nn.Module):
    """The encoder with every head of the stage, and the stage before for its losses.

    Args:
        config: settings. data: folder with en/, zh/ and raw/.
        adapted: run folder of *adapt*, or a core that this stage goes on with. more: sets beside ``SOURCES``.
    """

    def __init__(self, config: JointConfig, data: Path, adapted: Path, more: Sequence[Source] = ()) -> None:
        super().__init__()
        # Raw rows of another seed than the first stage's: text that it has not read.
        raw = AdaptConfig(
            seed=config.seed + 1, batch_tokens=2048, characters=4_000_000, hidden=1.0, damaged=0.25, varied=0.25
        )
        self.raw = Adapt(raw, data / "raw", start=adapted, more=short_texts(data, config.seed))
        self.tokenizer = self.raw.tokenizer
        self.student: Student = self.raw.student
        self.config = config
        encoder = self.student.encoder
        set_dropout(encoder.layers, config.dropout)
        width, sources = encoder.config.width, (*SOURCES, *more)
        self.tasks = [Task(s, list(s.read(data)), self.tokenizer, width, config) for s in sources]
        self.heads = nn.ModuleList(task.head for task in self.tasks)
        sizes = np.array([task.source.share * len(task.examples) ** 0.5 for task in self.tasks])
        rng = np.random.default_rng(config.seed)
        self.plan = rng.choice(len(sizes), size=(config.steps, config.sets), p=sizes / sizes.sum())

    def about(self) -> dict[str, Any]:
        """Settings, start and data as plain data, by which a run is known again."""
        rows = (example for task in self.tasks for example in task.examples)
        return {
            **asdict(self.config),
            "start": self.raw.about["start"],
            "texts": self.raw.about["texts"],
            "sets": [task.source.name for task in self.tasks],
            "examples": rows_digest(rows),
        }

    def loss(self, step: int) -> dict[str, Tensor]:
        """Losses of a step, two sets and at times raw text; what is drawn at random depends on the step alone."""
        with seeded(self.config.seed, step):
            return self._loss(step)

    def _loss(self, step: int) -> dict[str, Tensor]:
        parts: dict[str, Tensor] = {}
        before = self.plan[:step]
        for at, chosen in enumerate(self.plan[step]):
            number = int((before == chosen).sum() + (self.plan[step, :at] == chosen).sum())
            task = self.tasks[chosen]
            value = task.loss(self.student.encoder, number) / self.config.sets
            parts[task.source.name] = parts.get(task.source.name, torch.zeros(())) + value
        if step % self.config.raw_every == 0:
            raw = self.raw.loss(step // self.config.raw_every)
            parts["raw"] = torch.stack(list(raw.values())).sum() / 2
        return parts


def joint(data: Path, adapted: Path, folder: Path, config: JointConfig, more: Sequence[Source] = ()) -> Joint:
    """Run the stage, or go on with it where it was stopped.

    Args:
        data: folder with en/, zh/ and raw/. adapted: run folder of *adapt*, or a core to go on with.
        folder: of this run. config: settings. more: sets beside ``SOURCES``.

    Raises:
        CheckpointError: the folder holds another run, or is damaged.
    """
    torch.manual_seed(config.seed)
    model = Joint(config, data, adapted, more)
    schedule = Schedule(steps=config.steps, learning_rate=config.learning_rate)
    run = Run(model, schedule, folder, scales={"heads.": config.head_scale}, about=model.about())
    (folder / "tokenizer.json").write_text(model.tokenizer.to_json(), encoding="utf-8")
    run.train(model.loss)
    return model
