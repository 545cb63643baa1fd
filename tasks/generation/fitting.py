"""From pairs of texts to a fitted writer: a branch of the encoder and a decoder, by teacher forcing."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from slmkit import checkpoint
from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.model.config import DecoderConfig
from slmkit.model.decoder import Decoder
from slmkit.model.layers import fuse, pad_rows
from slmkit.runtime import length_batches, mixed_precision
from slmkit.tasks.fit_report import Report
from slmkit.tasks.generation.writing_model import WritingModel
from slmkit.tasks.inputs import as_texts, check_seed
from slmkit.text.tokenizer import BOS
from slmkit.text.windows import Windows, beginnings
from slmkit.training.loop import Descent, Schedule
from slmkit.training.pairs import (
    begun_decoder,
    forced,
    log_frequencies,
    pair_batches,
    pair_loss,
    trainable_decoder,
    with_blanks,
)
from slmkit.training.states import TrunkStates

TOKENS_READ = 3_000_000  # in all, of both sides: about half an hour of two cores, a quarter with bf16 products
# Peaks for a decoder that cannot write yet (held-back loss of 1,000 E2E pairs after three epochs: 1.97 with 5e-4, 1.84
# with 1.2e-3), and for one that can.
FRESH_RATE, TAUGHT_RATE = 1.2e-3, 4e-4
LOOKS = 2  # at the held-back part, an epoch
LARGEST_HELD_BACK, SMALLEST_HELD_BACK = 400, 10
DEPTH = 4  # layers that a fit tunes, unless it is told otherwise
ROOM = 16  # target tokens beyond the longest that was seen, when a result is written


@dataclass(frozen=True)
class WriterRecipe:
    """How a writer is fitted. What is None is chosen from the pairs' number and length, and from the core.

    Attributes:
        depth: encoder layers that are tuned; None for those that the core's decoder has of its own, or 4.
        epochs: passes over the pairs. learning_rate: peak, of the decoder. branch_rate: factor on it for the encoder's
            layers. batch_tokens: source and target tokens of a step.
        source, target: most tokens of a side that training reads. held_back: share of the pairs for early stopping.
        patience: looks without a better loss before training ends. dropout: while training. blanks: share of a target's
            tokens that the decoder is not shown while training. seed: of everything.
    """

    depth: int | None = None
    epochs: int | None = None
    learning_rate: float | None = None
    branch_rate: float = 0.4
    batch_tokens: int = 4096
    source: int = 768
    target: int | None = None
    held_back: float | None = None
    patience: int = 4
    dropout: float = 0.2
    blanks: float = 0.1
    seed: int = 0

    def for_pairs(self, n: int, tokens: int, positions: int, *, taught: bool) -> WriterRecipe:
        """The same with all but the depth settled: three million tokens, in 2 to 20 epochs; a twentieth held back.

        A second epoch is worth its time: DialogSum, whose first is 2.8 million tokens, has 37.3 ROUGE-1 after one and
        40.9 after two.

        Args:
            n: pairs. tokens: of both sides, of all of them. positions: of the decoder.
            taught: whether the decoder can write already.
        """
        rate = self.learning_rate or (TAUGHT_RATE if taught else FRESH_RATE)
        epochs = self.epochs if self.epochs is not None else int(np.clip(round(TOKENS_READ / max(tokens, 1)), 2, 20))
        held = self.held_back
        if held is None:
            held = min(0.05, LARGEST_HELD_BACK / n) if 0.05 * n >= SMALLEST_HELD_BACK else 0.0
        target = self.target if self.target is not None else min(256, positions - 1)
        return WriterRecipe(
            **{**asdict(self), "epochs": epochs, "held_back": held, "target": target, "learning_rate": rate}
        )

    def check(self, slm: SLM, positions: int) -> None:
        """Refuse what cannot be done.

        Raises:
            InputError: a setting is out of range.
        """
        layers = slm.config.encoder.layers
        rules = [
            (
                self.depth is None or 0 <= self.depth <= layers,
                f"depth {self.depth}: the core has {layers} layers, give 0 to {layers}",
            ),
            (self.epochs is None or self.epochs >= 1, f"epochs {self.epochs}: give at least 1"),
            (
                self.learning_rate is None or self.learning_rate > 0,
                f"learning_rate {self.learning_rate}: give a positive number",
            ),
            (self.batch_tokens >= 1, f"batch_tokens {self.batch_tokens}: give at least 1"),
            (self.source >= 8, f"source {self.source}: give at least 8 tokens"),
            (
                self.target is None or 2 <= self.target < positions,
                f"target {self.target}: give 2 to {positions - 1} tokens",
            ),
            (self.held_back is None or 0 <= self.held_back < 1, f"held_back {self.held_back}: give 0 to 1, below 1"),
            (self.patience >= 1, f"patience {self.patience}: give at least 1"),
            (0 <= self.dropout < 1, f"dropout {self.dropout}: give 0 to 1, below 1"),
            (0 <= self.blanks < 1, f"blanks {self.blanks}: give 0 to 1, below 1"),
        ]
        for holds, message in rules:
            if not holds:
                raise InputError(message)


def fit_writer(
    slm: SLM,
    sources: Any,
    targets: Any,
    *,
    start: str | None = None,
    random_state: int | None = 0,
    verbose: int = 0,
    **options: Any,
) -> WritingModel:
    """Fit a writer on pairs of texts.

    Args:
        slm: the core. sources, targets: a list, array or Series of str each, as many of one as of the other.
        start: what kind of text it is, one of the core's starts; its mark is where the decoder begins to learn from.
        random_state: same seed, same machine, same result. verbose: 1 shows budget and progress on stderr.
        **options: fields of ``WriterRecipe``.

    Raises:
        InputError: rows that are no texts, an unknown or impossible option.
    """
    texts, wanted = as_texts(sources), as_texts(targets)
    if len(texts) != len(wanted) or not texts:
        raise InputError(f"{len(texts)} sources and {len(wanted)} targets; give one target a source, at least one pair")
    unknown = sorted(set(options) - set(WriterRecipe.__dataclass_fields__))
    if unknown:
        raise InputError(f"{', '.join(unknown)}: not known; give {', '.join(WriterRecipe.__dataclass_fields__)}")
    size = slm.config.decoder or new_decoder_size(slm)
    recipe = WriterRecipe(**{**options, "seed": check_seed(random_state)})
    recipe.check(slm, size.positions)
    mark = BOS if start is None else size.starts.get(start)
    if mark is None:
        raise InputError(f"start {start!r}: the core knows {', '.join(size.starts)}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        return _fit(slm, texts, wanted, size, recipe, start, mark, verbose)


def new_decoder_size(slm: SLM) -> DecoderConfig:
    """Of a decoder for a core that has none: as wide as its encoder."""
    own = asdict(slm.config.encoder)
    return DecoderConfig(**{**own, "layers": DecoderConfig.layers})


def _fit(
    slm: SLM,
    texts: list[str],
    wanted: list[str],
    size: DecoderConfig,
    recipe: WriterRecipe,
    start: str | None,
    mark: int,
    verbose: int,
) -> WritingModel:
    targets = [tokens.ids for tokens in slm.tokenizer.encode_batch(wanted)]
    windows = read_sources(slm, texts, recipe.source)
    read = int(windows.lengths.sum()) + sum(min(len(ids), size.positions) for ids in targets)
    recipe = recipe.for_pairs(len(texts), read, size.positions, taught=slm.decoder is not None)
    depth = recipe.depth if recipe.depth is not None else size.branch or min(DEPTH, slm.config.encoder.layers)
    recipe = replace(recipe, depth=depth)
    if slm.decoder is not None:
        decoder = trainable_decoder(slm, depth=depth, dropout=recipe.dropout)
    else:
        decoder = begun_decoder(slm.encoder, replace(size, branch=depth), dropout=recipe.dropout)
        decoder.bias.copy_(log_frequencies(targets, slm.config.vocabulary))
    model = WriterInTraining(slm, decoder, recipe, windows, targets, mark)
    history, interrupted = _descend(model, recipe, verbose)
    tensors = checkpoint.pack(decoder.state_dict())
    longest = min(max(map(len, targets)) + ROOM, size.positions - 1)
    about = {"pairs": len(texts), "recipe": asdict(recipe), "history": history, "interrupted": interrupted}
    return WritingModel(slm, decoder.config, tensors, start=start, longest=longest, about=about)


def read_sources(slm: SLM, texts: Sequence[str], limit: int) -> Windows:
    """Windows over the sources; of one with more than ``limit`` tokens training reads the beginning."""
    kept, cut = beginnings(slm.tokenizer, texts, limit, lines=True)
    if cut:
        warnings.warn(
            f"{len(cut)} of the sources are longer than {limit} tokens; training reads their beginning, "
            "writing reads all",
            stacklevel=4,
        )
    return slm.windows(kept, lines=True)


class WriterInTraining(nn.Module):
    """A decoder and its branch over cached states of the layers below.

    Args:
        slm: the core. decoder: in float32. recipe: settings. sources: their windows. targets: their tokens.
        mark: that each target begins with.
    """

    def __init__(
        self,
        slm: SLM,
        decoder: Decoder,
        recipe: WriterRecipe,
        sources: Windows,
        targets: Sequence[np.ndarray],
        mark: int,
    ) -> None:
        super().__init__()
        self.decoder = decoder
        self.states = TrunkStates(slm, sources, upto=slm.config.encoder.layers - decoder.config.branch)
        self.targets, self.mark, self.recipe = targets, mark, recipe
        self._once = sources.once()
        self.longest = recipe.target or decoder.config.positions - 1
        ends = np.array([min(len(ids) + 1, self.longest) for ids in targets])
        self.lengths = np.stack([self.states.text_lengths(), ends], axis=1)

    def loss(self, rows: np.ndarray) -> Tensor:
        """Mean loss of the target tokens of some pairs."""
        states, mask, owner, numbers = self.states.batch(rows)
        flat = torch.from_numpy(np.concatenate([self._once[i] for i in numbers]))
        ids = torch.from_numpy(np.concatenate([self.states.windows.ids[i] for i in numbers]))
        lengths = mask.sum(1)
        keep, tokens = pad_rows(flat, lengths)[0], pad_rows(ids, lengths)[0]
        read, seen = fuse(self.decoder.branch(states, mask), keep, owner, len(rows))
        targets = forced([self.targets[i] for i in rows], [self.mark] * len(rows), self.longest)
        if self.training and self.recipe.blanks:
            targets = with_blanks(targets, self.recipe.blanks)
        with mixed_precision(self.training):
            memory = self.decoder.read(read, seen, fuse(tokens, keep, owner, len(rows))[0])
            return pair_loss(self.decoder, memory, targets, sampled=self.training)

    @torch.no_grad()
    def held_loss(self, rows: np.ndarray) -> float:
        """Mean loss over many pairs, without dropout."""
        was = self.training
        self.eval()
        total, tokens = 0.0, 0
        for part in length_batches(self.lengths[rows].sum(1), self.recipe.batch_tokens):
            count = sum(len(self.targets[i]) + 1 for i in rows[part])
            total, tokens = total + float(self.loss(rows[part])) * count, tokens + count
        self.train(was)
        return total / tokens


def _descend(model: WriterInTraining, recipe: WriterRecipe, verbose: int) -> tuple[list[dict[str, Any]], bool]:
    """Train; returns the looks at the held-back part and whether the caller stopped it."""
    order = np.random.default_rng(recipe.seed).permutation(len(model.targets))
    count = round((recipe.held_back or 0) * len(order))
    held, train = order[:count], order[count:]
    epochs = [list(_batches(model, train, recipe, epoch)) for epoch in range(recipe.epochs or 1)]
    total = sum(map(len, epochs))
    descent = Descent(
        model, Schedule(total, recipe.learning_rate or FRESH_RATE), {"decoder.branch.": recipe.branch_rate}
    )
    history: list[dict[str, Any]] = []
    best: tuple[float, dict[str, Tensor]] | None = None
    since = 0
    model.train()
    with Report(verbose) as report:
        report.budget(
            f"{len(train):,} pairs, {len(held):,} held back; {total:,} steps in at most {recipe.epochs} epochs, "
            f"branch of {model.decoder.config.branch} layers, rate {recipe.learning_rate:g}",
            total,
        )
        try:
            for number, batches in enumerate(epochs):
                looks = {round(len(batches) * (i + 1) / LOOKS) for i in range(LOOKS)}
                for at, rows in enumerate(batches, 1):
                    loss = model.loss(rows)
                    descent.step(loss)
                    report.step(descent.done, loss)
                    if len(held) and at in looks:
                        value = model.held_loss(held)
                        history.append({"epoch": round(number + at / len(batches), 2), "loss": round(value, 5)})
                        report.look(history[-1])
                        since = 0 if best is None or value < best[0] else since + 1
                        if not since:
                            best = value, {n: v.detach().clone() for n, v in model.state_dict().items()}
                if since >= recipe.patience:
                    break
        except KeyboardInterrupt:
            warnings.warn(
                f"fit was interrupted after step {descent.done} of {total}; the best weights so far are kept",
                stacklevel=5,
            )
            return history, True
        finally:
            if best is not None:
                model.load_state_dict(best[1])
            model.eval()
    return history, False


def _batches(model: WriterInTraining, rows: np.ndarray, recipe: WriterRecipe, epoch: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng([recipe.seed, epoch])
    for batch in pair_batches(model.lengths[rows], recipe.batch_tokens, rng):
        yield rows[batch]
