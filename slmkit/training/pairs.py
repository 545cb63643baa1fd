"""Learning to write one text from another: decoders begun from encoder layers, batches of pairs, teacher forcing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor, nn

from slmkit.model.config import DecoderConfig
from slmkit.model.decoder import MARKS, Decoder, DecoderLayer, Memory
from slmkit.model.encoder import Encoder
from slmkit.model.layers import Layer, pad_rows
from slmkit.model.partition import VocabularySample
from slmkit.runtime import float_copy
from slmkit.text.tokenizer import EOS, UNK

if TYPE_CHECKING:
    from slmkit.core import SLM


@dataclass(frozen=True)
class Forced:
    """Targets of a batch, under teacher forcing.

    Attributes:
        read: what the decoder is given, the start mark first ``(B, t)``. wanted: what it is to say, the end mark last
            ``(B, t)``. mask: the tokens that count ``(B, t)``.
    """

    read: Tensor
    wanted: Tensor
    mask: Tensor


def forced(targets: Sequence[np.ndarray], starts: Sequence[int], limit: int) -> Forced:
    """Targets as teacher forcing wants them.

    Args:
        targets: their tokens. starts: the start mark of each. limit: most tokens of one; of a longer one the beginning
            counts and no end is learned.
    """
    whole = [np.concatenate([[start], ids, [EOS]])[: limit + 1] for start, ids in zip(starts, targets, strict=True)]
    lengths = torch.tensor([len(ids) - 1 for ids in whole])
    read, mask = pad_rows(torch.from_numpy(np.concatenate([ids[:-1] for ids in whole])), lengths)
    wanted, _ = pad_rows(torch.from_numpy(np.concatenate([ids[1:] for ids in whole])), lengths)
    return Forced(read, wanted, mask)


def with_blanks(targets: Forced, share: float) -> Forced:
    """Targets of which the decoder is shown a share of the tokens as unknown ones, start marks never.

    It is to ask the source for what comes next rather than its own beginning (word dropout, Bowman et al. 2016).
    """
    hit = torch.rand(targets.read.shape) < share
    hit[:, 0] = False
    return replace(targets, read=targets.read.masked_fill(hit, UNK))


def pair_batches(lengths: np.ndarray, tokens: int, rng: np.random.Generator, *, pool: int = 64) -> Iterator[np.ndarray]:
    """Shuffled batches of pairs whose sources are of like length, and whose targets are.

    The decoder's work goes by the targets, so they are put into classes first, each a quarter longer than the one
    before, and sorted by source within a class: a tenth of the targets' places is padding, where pairs sorted by the
    sum of their lengths left four tenths.

    Args:
        lengths: tokens of each pair's source and target, int ``(n, 2)``. tokens: of a batch, padding and both sides
            counted; a longer pair is a batch of its own. rng: order. pool: batches that are sorted together.
    """
    sources, targets = lengths.T
    order = rng.permutation(len(sources))
    size = max(1, int(pool * tokens / max(float(lengths.sum(1).mean()), 1.0)))
    made: list[np.ndarray] = []
    for begin in range(0, len(order), size):
        part = order[begin : begin + size]
        classes = np.floor(np.log(targets[part].clip(1)) / math.log(1.25)).astype(int)
        # Every other class runs the other way, so that the batch in which two of them meet is even too.
        part = part[np.lexsort((np.where(classes % 2, -1, 1) * sources[part], -classes))]
        first = 0
        for at in range(1, len(part) + 1):
            rows = part[first : at + 1]
            if at == len(part) or len(rows) * (int(sources[rows].max()) + int(targets[rows].max())) > tokens:
                made.append(part[first:at])
                first = at
    yield from (made[i] for i in rng.permutation(len(made)))


def pair_loss(decoder: Decoder, memory: Memory, targets: Forced, *, sampled: bool = False) -> Tensor:
    """Mean negative log-likelihood of the targets' tokens.

    Args:
        decoder: what writes. memory: of the sources. targets: what is to be written.
        sampled: estimate the output's normaliser from a sample of the vocabulary, several times as fast.
    """
    sample = sampled_vocabulary(decoder.bias, targets.wanted) if sampled else None
    losses = decoder.loss(decoder(targets.read, memory), memory, targets.wanted, sample)
    return (losses * targets.mask).sum() / targets.mask.sum()


def sampled_vocabulary(
    bias: Tensor, wanted: Tensor, *, frequent: int = 4096, others: int = 2048
) -> VocabularySample | None:
    """Tokens from which a step estimates the sum over the vocabulary; None where a sample would save little.

    The wanted and the most frequent tokens count as they are, a few of the others for all of them, so the sum's
    expectation is exact (sampled softmax, Jean et al. 2015, with the head of the distribution left whole).

    Args:
        bias: of the output layer ``(V,)``, the logarithm of how common each token is. wanted: tokens of the step.
        frequent, others: how many.
    """
    rest = torch.ones_like(bias, dtype=torch.bool)
    if len(rest) <= 2 * (frequent + others):
        return None
    rest[bias.topk(frequent).indices] = False
    rest[wanted.flatten()] = False
    whole, left = (~rest).nonzero().squeeze(1), rest.nonzero().squeeze(1)
    drawn = left[torch.randperm(len(left), device=left.device)[:others]]
    log_weights = torch.zeros(len(whole) + len(drawn), device=bias.device)
    log_weights[len(whole) :] = math.log(len(left) / len(drawn))
    return VocabularySample(torch.cat([whole, drawn]), log_weights)


def begun_decoder(encoder: Encoder, config: DecoderConfig, *, dropout: float = 0.0) -> Decoder:
    """A decoder whose layers are copies of encoder layers, evenly spaced (Rothe et al. 2020).

    The self-attention of a layer serves as the attention on the source too. What has no counterpart, the copying and
    the output's transform, starts small, so that at first the decoder writes from the vocabulary. Its branch, if it has
    one, is a copy of the encoder's top.

    Args:
        encoder: of the same widths, in any precision. config: of the decoder. dropout: in training.
    """
    decoder = Decoder(config, encoder.words, dropout=dropout)
    with torch.no_grad():
        _copy_layers(decoder.branch.layers, list(encoder.layers))
        decoder.marks.weight.copy_(encoder.words.weight[:MARKS])
        decoder.positions.weight.copy_(encoder.positions.weight[: config.positions])
        decoder.embedding_norm.load_state_dict(encoder.embedding_norm.state_dict())
        chosen = np.linspace(0, len(encoder.layers) - 1, config.layers).round().astype(int)
        for layer, at in zip(decoder.layers, chosen, strict=True):
            _copy_layer(cast(DecoderLayer, layer), cast(Layer, float_copy(encoder.layers[int(at)])))
        # Looking for what is like the state that wants to be written learns a little sooner than looking at random
        # (held-back loss after three epochs of 1,000 pairs 1.97 against 2.00).
        for linear in (decoder.transform, decoder.copy_query, decoder.copy_key):
            nn.init.eye_(linear.weight)
        for linear in (decoder.transform, decoder.copy_query, decoder.copy_key, decoder.gate):
            nn.init.zeros_(linear.bias)
        nn.init.zeros_(decoder.gate.weight)
        decoder.gate.bias.fill_(-1.0)
    return decoder


def trainable_decoder(slm: SLM, *, depth: int | None = None, dropout: float = 0.0) -> Decoder:
    """A float32 copy of the core's decoder.

    Args:
        slm: the core. depth: layers of its branch that are trained, the top ones; where the core's has fewer, some of
            the encoder's become part of it. None for all that the core's has. dropout: in training.

    Raises:
        CheckpointError: the core has none.
    """
    own = slm.writer.decoder
    least, layers = own.config.branch, slm.encoder.layers
    depth = least if depth is None else depth
    made = Decoder(replace(own.config, branch=max(depth, least)), slm.encoder.words, dropout=dropout)
    state = {name: value for name, value in float_copy(own).state_dict().items() if not name.startswith("branch.")}
    made.load_state_dict({**made.state_dict(), **state})
    _copy_layers(made.branch.layers, [*layers[: len(layers) - least], *own.branch.layers])
    for layer in made.branch.layers[: made.config.branch - depth]:
        layer.requires_grad_(requires_grad=False)
    return made


def _copy_layers(layers: nn.ModuleList, stack: Sequence[nn.Module]) -> None:
    """Make layers copies of the top ones of a stack, which may run in another precision."""
    for layer, source in zip(layers, stack[len(stack) - len(layers) :], strict=True):
        layer.load_state_dict(float_copy(source).state_dict())


def _copy_layer(layer: DecoderLayer, source: Layer) -> None:
    width = source.attention.output.out_features
    for name in ("attention", "attention_norm", "inner", "outer", "output_norm"):
        getattr(layer, name).load_state_dict(getattr(source, name).state_dict())
    layer.cross.output.load_state_dict(source.attention.output.state_dict())
    layer.cross_norm.load_state_dict(source.attention_norm.state_dict())
    for kind in ("weight", "bias"):
        whole = getattr(source.attention.qkv, kind)
        getattr(layer.cross.query, kind).copy_(whole[:width])
        getattr(layer.cross.memory, kind).copy_(whole[width:])


def log_frequencies(targets: Sequence[np.ndarray], vocabulary: int) -> Tensor:
    """How common each token is among the targets and their ends, as a logarithm: float32 ``(V,)``."""
    counts = np.bincount(np.concatenate(targets), minlength=vocabulary).astype(np.float64)
    counts[EOS] += len(targets)
    chances = (counts + 0.1) / (counts.sum() + 0.1 * vocabulary)
    return torch.from_numpy(np.log(chances)).float()
