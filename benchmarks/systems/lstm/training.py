"""Training by teacher forcing within a budget of tokens, and greedy decoding."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from slmkit.benchmarks.systems.lstm.network import EncoderDecoder
from slmkit.benchmarks.systems.lstm.pieces import BEGIN, END, PAD, UNKNOWN

Pair = tuple[np.ndarray, np.ndarray]  # numbers of a source, backwards, and of its target


@dataclass(frozen=True)
class Settings:
    """Sizes and budget; set by hand once, for no dataset in particular.

    Attributes:
        width: of embeddings and states. dropout: on embeddings and outputs.
        pieces: kept of either side at most. least: times that a piece of a source must occur.
        source: tokens of a source that are read, its first ones; targets are learned whole up to ``target``.
        tokens: of all epochs together, both sides; this is the budget, some 20 to 30 minutes of one core.
        epochs: the least and the most.
        batch: padded tokens of a step, both sides. learning_rate: of Adam. clip: norm of the gradient.
        held: share of the pairs that is held back, up to ``held_most``; training ends after ``patience`` epochs in
            which its loss has not fallen, each of which halves the learning rate, and the best epoch's weights stay.
    """

    width: int = 256
    dropout: float = 0.3
    pieces: int = 8000
    least: int = 2
    source: int = 400
    target: int = 200
    tokens: int = 8_000_000
    epochs: tuple[int, int] = (3, 40)
    batch: int = 4000
    learning_rate: float = 2e-3
    clip: float = 5.0
    held: float = 0.05
    held_most: int = 500
    patience: int = 3


def train(model: EncoderDecoder, pairs: Sequence[Pair], settings: Settings, *, seed: int) -> None:
    """Fit ``model`` in place.

    Args:
        model: fresh. pairs: see ``Pair``. settings: of the training. seed: of order and split.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(pairs))
    n_held = min(round(settings.held * len(pairs)), settings.held_most)
    held, rest = [pairs[i] for i in order[:n_held]], [pairs[i] for i in order[n_held:]]
    epochs = int(np.clip(settings.tokens // max(1, sum(map(_size, rest))), *settings.epochs))
    adam = torch.optim.Adam(model.parameters(), lr=settings.learning_rate)
    best, kept, bad = float("inf"), copy.deepcopy(model.state_dict()), 0
    for _ in range(epochs):
        model.train()
        for batch in _batches(rest, settings.batch, rng):
            adam.zero_grad()
            _loss(model, batch).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
            adam.step()
        loss = _mean_loss(model, held or rest, settings.batch)
        if loss < best:
            best, kept, bad = loss, copy.deepcopy(model.state_dict()), 0
            continue
        bad += 1
        for group in adam.param_groups:
            group["lr"] /= 2
        if bad == settings.patience:
            break
    model.load_state_dict(kept)
    model.eval()


def _size(pair: Pair) -> int:
    return len(pair[0]) + len(pair[1])


def _batches(pairs: Sequence[Pair], tokens: int, rng: np.random.Generator | None) -> Iterator[list[Pair]]:
    """Pairs of like length together, up to so many padded tokens; in random order where there is a generator."""
    noise = rng.random(len(pairs)) if rng else np.zeros(len(pairs))
    lengths = np.array([_size(pair) for pair in pairs])
    order = np.argsort(lengths * (1 + 0.1 * noise), kind="stable")
    found: list[list[Pair]] = [[]]
    source = target = 0
    for i in order:
        source, target = max(source, len(pairs[i][0])), max(target, len(pairs[i][1]))
        if found[-1] and (source + target) * (len(found[-1]) + 1) > tokens:
            found.append([])
            source, target = len(pairs[i][0]), len(pairs[i][1])
        found[-1].append(pairs[i])
    yield from (found[k] for k in (rng.permutation(len(found)) if rng else range(len(found))))


def padded(rows: Sequence[np.ndarray]) -> Tensor:
    """Rows of numbers as one tensor ``(B, T)``."""
    return torch.nn.utils.rnn.pad_sequence([torch.from_numpy(row) for row in rows], batch_first=True, padding_value=PAD)


def _loss(model: EncoderDecoder, batch: Sequence[Pair], reduction: str = "mean") -> Tensor:
    sources = padded([source for source, _ in batch])
    begun = padded([np.concatenate([[BEGIN], target]) for _, target in batch])
    wanted = padded([np.concatenate([target, [END]]) for _, target in batch])
    scores = model(sources, begun)
    return F.cross_entropy(scores.flatten(0, 1), wanted.flatten(), ignore_index=PAD, reduction=reduction)


@torch.inference_mode()
def _mean_loss(model: EncoderDecoder, pairs: Sequence[Pair], tokens: int) -> float:
    model.eval()
    total = sum(float(_loss(model, batch, "sum")) for batch in _batches(pairs, tokens, None))
    return total / sum(len(target) + 1 for _, target in pairs)


@torch.inference_mode()
def write(model: EncoderDecoder, sources: Sequence[np.ndarray], *, longest: int) -> list[list[int]]:
    """The likeliest next piece, over and over, until each text ends or has ``longest`` pieces.

    Args:
        model: fitted. sources: numbers of some sources, backwards.
    """
    read, mask, state = model.read(padded(sources))
    last = torch.full((len(sources), 1), BEGIN)
    made = []
    for _ in range(longest):
        scores, state = model.write(last, read, mask, state)
        scores[..., [PAD, BEGIN, UNKNOWN]] = -torch.inf
        last = scores.argmax(-1)
        made.append(last)
        if len(made) > 1:
            last = last.masked_fill(made[-2] == END, END)  # what has ended stays so
            made[-1] = last
        if bool((last == END).all()):
            break
    rows = torch.cat(made, 1).tolist() if made else [[] for _ in sources]
    return [row[: row.index(END)] if END in row else row for row in rows]
