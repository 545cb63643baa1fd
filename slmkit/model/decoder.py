"""The decoder: layers with cross-attention on encoder states, a key/value cache, an output tied to the embedding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit.model.branch import Branch
from slmkit.model.config import DecoderConfig
from slmkit.model.encoder import Embedding, encoder_layers
from slmkit.model.layers import attend, key_mask
from slmkit.model.partition import LogPartition, VocabularySample
from slmkit.text.tokenizer import RESERVED_TOKENS, SPECIAL_TOKENS

MARKS = len(SPECIAL_TOKENS) + len(RESERVED_TOKENS)


@dataclass
class KeyValues:
    """Keys and values of one layer's self-attention, with room to grow.

    Attributes:
        kept: ``(2, N, h, room, D)``. length: positions that are filled.
    """

    kept: Tensor
    length: int = 0

    def append(self, new: Tensor) -> Tensor:
        """Add positions ``(2, N, h, t, D)``; returns all of them so far."""
        end = self.length + new.shape[3]
        if end > self.kept.shape[3]:
            grown = self.kept.new_empty(*self.kept.shape[:3], max(2 * self.kept.shape[3], end), self.kept.shape[4])
            grown[..., : self.length, :] = self.kept[..., : self.length, :]
            self.kept = grown
        self.kept[..., self.length : end, :] = new
        self.length = end
        return self.kept[..., :end, :]

    def select(self, rows: Tensor) -> None:
        """Keep these rows, in this order; a row may be named more than once."""
        self.kept = self.kept[:, rows]


@dataclass
class Memory:
    """What the decoder reads of the encoder, computed once a text.

    Attributes:
        keys: of each layer's cross-attention, key and value ``(B, h, S, D)``. mask: ``(B, 1, 1, S)`` bool, or None.
        copied: keys of the copying attention ``(B, S, W)``. ids: tokens of the source ``(B, S)``.
    """

    keys: list[tuple[Tensor, Tensor]]
    mask: Tensor | None
    copied: Tensor
    ids: Tensor
    _slots: Tensor | None = None

    @property
    def slots(self) -> Tensor:
        """For each token of the source a number that all its occurrences in the text share: ``(B, S)``."""
        if self._slots is None:
            ordered, order = self.ids.sort(1)
            changes = F.pad(ordered[:, 1:] != ordered[:, :-1], (1, 0)).cumsum(1)
            self._slots = torch.empty_like(order).scatter_(1, order, changes)
        return self._slots

    def select(self, texts: Tensor) -> Memory:
        """The memory of these texts."""
        mask = None if self.mask is None else self.mask[texts]
        keys = [(k[texts], v[texts]) for k, v in self.keys]
        slots = None if self._slots is None else self._slots[texts]
        return Memory(keys, mask, self.copied[texts], self.ids[texts], slots)


def _attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """As ``attend``; the few queries of a step are worth one operator (a third of the time that its parts take)."""
    if torch.is_grad_enabled():
        return attend(q, k, v, mask)
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


class CausalAttention(nn.Module):
    """Self-attention that sees no later position.

    Args:
        width: of states. heads: of it.
    """

    def __init__(self, *, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, states: Tensor, past: KeyValues | None) -> Tensor:
        """Shape: ``(N, t, W)`` -> ``(N, t, W)``; without ``past`` the ``t`` positions are the whole text."""
        N, t, W = states.shape
        heads = self.qkv(states).view(N, t, 3, self.heads, W // self.heads).permute(2, 0, 3, 1, 4)
        k, v = heads[1:] if past is None else past.append(heads[1:])
        seen = None
        if t > 1:
            total = k.shape[2]
            seen = torch.ones(t, total, dtype=torch.bool, device=k.device).tril(total - t)
        return self.output(_attend(heads[0], k, v, seen).transpose(1, 2).reshape(N, t, W))


class CrossAttention(nn.Module):
    """Attention of decoder states on encoder states, whose keys and values are computed once a text."""

    def __init__(self, *, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.memory = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)

    def keys(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of encoder states: ``(B, S, W)`` -> two of ``(B, h, S, D)``."""
        B, S, W = states.shape
        k, v = self.memory(states).view(B, S, 2, self.heads, W // self.heads).permute(2, 0, 3, 1, 4)
        return k.contiguous(), v.contiguous()

    def forward(self, states: Tensor, keys: tuple[Tensor, Tensor], mask: Tensor | None) -> Tensor:
        """Shape: states ``(N, t, W)``; keys as above; N is a multiple of B, the rows of a text stand together.

        The rows of a text (the beams of a search) read its keys as one longer row of queries, so that nothing of the
        memory is ever copied for them.
        """
        N, t, W = states.shape
        B = len(keys[0])
        q = self.query(states).view(B, N // B * t, self.heads, W // self.heads).transpose(1, 2)
        return self.output(_attend(q, *keys, mask).transpose(1, 2).reshape(N, t, W))


class DecoderLayer(nn.Module):
    """Causal self-attention, cross-attention and feed-forward, each with a residual and a LayerNorm after it."""

    def __init__(self, *, width: int, heads: int, ffn: int, eps: float, dropout: float = 0.0) -> None:
        super().__init__()
        self.attention = CausalAttention(width=width, heads=heads)
        self.attention_norm = nn.LayerNorm(width, eps=eps)
        self.cross = CrossAttention(width=width, heads=heads)
        self.cross_norm = nn.LayerNorm(width, eps=eps)
        self.inner = nn.Linear(width, ffn)
        self.outer = nn.Linear(ffn, width)
        self.output_norm = nn.LayerNorm(width, eps=eps)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, states: Tensor, keys: tuple[Tensor, Tensor], mask: Tensor | None, past: KeyValues | None = None
    ) -> Tensor:
        """Shape: ``(N, t, W)`` -> ``(N, t, W)``; the other arguments as in the attentions."""
        states = self.attention_norm(states + self.dropout(self.attention(states, past)))
        states = self.cross_norm(states + self.dropout(self.cross(states, keys, mask)))
        return self.output_norm(states + self.dropout(self.outer(F.gelu(self.inner(states)))))


class Decoder(nn.Module):
    """Tokens so far and encoder states to log-probabilities of the next token.

    Marks (ids below ``MARKS``) have vectors of the decoder's own, so that the first token can say what is to be written
    while the encoder stays as it is. Besides choosing from the vocabulary it may copy a token of the source
    (pointer-generator, See et al. 2017): a gate mixes the two distributions, so that names and numbers need not be
    spelled from memory.

    What is to be written wants other states than what is to be sorted or found: so it may have a branch of the encoder
    of its own, which its sources go through above the encoder's lower layers, before ``read``.

    Args:
        config: sizes. words: the encoder's word embedding, used for input and output. dropout: in training.
    """

    def __init__(self, config: DecoderConfig, words: nn.Embedding, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.config = config
        self._words = [words]  # in a list: the encoder owns it, it is saved there
        self._quick: list[nn.Module] = []
        width, eps = config.width, config.layer_norm_eps
        self.branch = Branch(encoder_layers(config, config.branch, dropout=dropout))
        self.marks = Embedding(MARKS, width)
        self.positions = Embedding(config.positions, width)
        self.embedding_norm = nn.LayerNorm(width, eps=eps)
        self.layers = nn.ModuleList(
            DecoderLayer(width=width, heads=config.heads, ffn=config.ffn, eps=eps, dropout=dropout)
            for _ in range(config.layers)
        )
        self.transform = nn.Linear(width, width)
        self.transform_norm = nn.LayerNorm(width, eps=eps)
        # How common each token is: it is counted, not learned, as the output matrix is not.
        self.bias: Tensor
        self.register_buffer("bias", torch.zeros(words.num_embeddings))
        self.copy_query = nn.Linear(width, width)
        self.copy_key = nn.Linear(width, width)
        self.gate = nn.Linear(width, 1)

    @property
    def words(self) -> nn.Embedding:
        """The shared word embedding."""
        return self._words[0]

    def read(self, states: Tensor, mask: Tensor, ids: Tensor) -> Memory:
        """Everything about the source that later steps need.

        Shape: states after the branch ``(B, S, W)``, mask ``(B, S)`` bool, ids ``(B, S)``. The windows of a long text
        may stand one after the other in a row: the decoder attends over all of them (fusion in the decoder, Izacard &
        Grave 2021).
        """
        states = states.to(self.embedding_norm.weight.dtype)
        keys = [cast(DecoderLayer, layer).cross.keys(states) for layer in self.layers]
        return Memory(keys, key_mask(mask), self.copy_key(states), ids)

    def cache(self, rows: int, room: int = 64) -> list[KeyValues]:
        """An empty cache for so many rows."""
        width, heads = self.config.width, self.config.heads
        kept = self.embedding_norm.weight.new_empty
        return [KeyValues(kept(2, rows, heads, room, width // heads)) for _ in self.layers]

    def forward(self, ids: Tensor, memory: Memory, past: list[KeyValues] | None = None) -> Tensor:
        """States of the tokens ``ids`` ``(N, t)``, which follow those in ``past``: ``(N, t, W)``.

        Raises:
            ValueError: more tokens than the decoder has positions.
        """
        begin = past[0].length if past else 0
        end = begin + ids.shape[1]
        if end > self.config.positions:
            raise ValueError(f"got {end} tokens, the decoder has {self.config.positions} positions")
        places = torch.arange(begin, end, device=ids.device)
        marks = (ids < MARKS)[..., None]
        read = torch.where(marks, self.marks(ids.clamp(max=MARKS - 1)), self.words(ids))
        states = self.embedding_norm((read + self.positions(places)).to(self.embedding_norm.weight.dtype))
        for number, layer in enumerate(self.layers):
            states = layer(states, memory.keys[number], memory.mask, past[number] if past else None)
        return states

    def output_vectors(self, states: Tensor) -> Tensor:
        """What is multiplied with the tied embedding: ``(..., W)`` -> ``(..., W)``."""
        return self.transform_norm(F.gelu(self.transform(states)))

    def vocabulary_logits(self, states: Tensor) -> Tensor:
        """Scores of the vocabulary by the tied embedding: ``(..., W)`` -> ``(..., V)``."""
        return self.output(self.output_vectors(states))

    def output(self, vectors: Tensor) -> Tensor:
        """The output layer: ``(..., W)`` -> ``(..., V)``."""
        if self._quick:
            return self._quick[0](vectors)
        return F.linear(vectors, self.words.weight, self.bias)

    def quicken(self, output: nn.Module) -> None:
        """Take another module for the output layer, of the same weights in a precision that is faster here."""
        self._quick = [output]

    def copying(self, states: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Where to copy from, and how gladly.

        Shape: states ``(N, t, W)`` -> log-probabilities over the source ``(N, t, S)``, logit of copying ``(N, t)``.
        """
        N, t, W = states.shape
        B = len(memory.copied)
        query = self.copy_query(states).view(B, N // B * t, W) * W**-0.5
        scores = query @ memory.copied.transpose(1, 2)  # (B, N/B * t, S)
        if memory.mask is not None:
            scores = scores.masked_fill(~memory.mask[:, 0], -torch.inf)
        return scores.float().log_softmax(-1).view(N, t, -1), self.gate(states).squeeze(-1).float()

    def log_probabilities(self, states: Tensor, memory: Memory) -> Tensor:
        """Of each next token, copies included: states ``(N, 1, W)`` -> float32 ``(N, V)``."""
        places, gate = self.copying(states, memory)
        written = self.vocabulary_logits(states)[:, 0].float().log_softmax(-1).add_(F.logsigmoid(-gate))
        copied = (places[:, 0] + F.logsigmoid(gate)).exp()  # (N, S)
        # All that is copied of a token that stands in the source more than once; only the source's tokens need it, the
        # rest of the vocabulary is left as it is.
        ids, slots = (x.repeat_interleave(len(states) // len(x), 0) for x in (memory.ids, memory.slots))
        copied = torch.zeros_like(copied).scatter_add_(1, slots, copied).gather(1, slots)
        return written.scatter_(1, ids, torch.logaddexp(written.gather(1, ids), copied.log()))

    def loss(self, states: Tensor, memory: Memory, wanted: Tensor, sample: VocabularySample | None = None) -> Tensor:
        """Negative log-likelihood of each wanted token: states ``(B, t, W)``, wanted ``(B, t)`` -> ``(B, t)``.

        The output layer gets no gradient: it is the frozen encoder's embedding. With a ``sample`` that holds every
        wanted token, the normaliser is estimated from it.
        """
        vectors, flat = self.output_vectors(states).flatten(0, 1), wanted.flatten()
        written = self._written(vectors, flat, sample).view(wanted.shape)
        places, gate = self.copying(states, memory)
        here = memory.ids[:, None, :] == wanted[..., None]  # (B, t, S)
        copied = places.masked_fill(~here, -1e4).logsumexp(-1)
        return -torch.logaddexp(F.logsigmoid(-gate) + written, F.logsigmoid(gate) + copied)

    def _written(self, vectors: Tensor, wanted: Tensor, sample: VocabularySample | None) -> Tensor:
        """Log-probability of each wanted token in the vocabulary: vectors ``(N, W)``, wanted ``(N,)`` -> ``(N,)``."""
        if self._quick:
            made = []
            for rows, ids in zip(vectors.split(LogPartition.ROWS), wanted.split(LogPartition.ROWS), strict=True):
                logits = self.output(rows).float()
                made.append(logits.gather(1, ids[:, None]).squeeze(1) - logits.logsumexp(1))
            return torch.cat(made)
        weight, bias = self.words.weight.detach(), self.bias
        own = (vectors.float() * weight[wanted]).sum(-1) + bias[wanted]
        if sample is not None:
            weight, bias = weight[sample.ids], bias[sample.ids] + sample.log_weights
        device = vectors.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else vectors.dtype
        return own - LogPartition.apply(vectors, weight.to(dtype), bias)
