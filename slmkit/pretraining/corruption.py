"""Whole-word corruption: chosen words are masked or replaced, and the model says what stood there and what is false."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from slmkit.text.language import is_han
from slmkit.text.tokenizer import BYTE_TOKENS, MASK, RESERVED_TOKENS, SPECIAL_TOKENS, Tokens

_FIRST_PIECE = (
    len(SPECIAL_TOKENS) + len(RESERVED_TOKENS) + len(BYTE_TOKENS)
)  # marks, reserved and bytes are never drawn as replacements


@dataclass(frozen=True)
class Corruption:
    """How a row is damaged.

    Attributes:
        share: of the words. masked: share of those that become the mask; the others become another token.
        near: share of the replacements drawn from the nearest tokens, the others by frequency in the batch.
    """

    share: float = 0.18
    masked: float = 0.6
    near: float = 0.5


def word_starts(text: str, tokens: Tokens) -> np.ndarray:
    """Which tokens begin a word, bool ``(n,)``: by spaces in English, by jieba in Chinese."""
    starts = np.ones(len(tokens), bool)
    if len(tokens) == 0:
        return starts
    begins = set()
    if any(map(is_han, text)):
        import jieba

        jieba.setLogLevel(60)
        begins = {begin for _, begin, _ in jieba.tokenize(text)}
    for i in range(1, len(tokens)):
        at = int(tokens.offsets[i, 0])
        char = text[at]
        joined = at in begins if is_han(char) else char.isspace() or not (char.isalnum() and text[at - 1].isalnum())
        starts[i] = joined
    return starts


def vary(text: str, other: str, rng: np.random.Generator) -> str:
    """The same text with one word dropped, exchanged for one of ``other``, or swapped with its neighbour."""
    words, strange = _words(text), _words(other)
    if len(words) < 3 or not strange:
        return text
    at, how = int(rng.integers(len(words) - 1)), rng.random()
    if how < 0.4:
        words[at] = strange[int(rng.integers(len(strange)))]
    elif how < 0.8:
        del words[at]
    else:
        words[at], words[at + 1] = words[at + 1], words[at]
    return "".join(words)


def _words(text: str) -> list[str]:
    if any(map(is_han, text)):
        import jieba

        jieba.setLogLevel(60)
        return jieba.lcut(text)
    return re.findall(r"\s*\S+", text)


def nearest_tokens(embedding: Tensor, count: int = 16, chunk: int = 2048) -> Tensor:
    """For each token the ``count`` most similar others by cosine: ``(V, W)`` -> int64 ``(V, count)``."""
    unit = torch.nn.functional.normalize(embedding.detach(), dim=-1)
    unit[:_FIRST_PIECE] = 0
    found = [(unit[i : i + chunk] @ unit.T).topk(count + 1).indices[:, 1:] for i in range(0, len(unit), chunk)]
    return torch.cat(found)


def corrupt(
    ids: np.ndarray,
    starts: np.ndarray,
    near: np.ndarray,
    pool: np.ndarray,
    how: Corruption,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Damage one row.

    Args:
        ids: tokens ``(n,)``. starts: ``word_starts``. near: ``nearest_tokens``. pool: tokens to draw replacements from.
        how: shares. rng: source of chance.

    Returns:
        The damaged ids and which positions were chosen, bool ``(n,)``.
    """
    word = np.cumsum(starts) - 1
    words = int(word[-1]) + 1
    picked_words = rng.random(words) < how.share
    if not picked_words.any():
        picked_words[rng.integers(words)] = True
    picked = picked_words[word]
    masked = (rng.random(words) < how.masked)[word]
    drawn = np.where(
        rng.random(len(ids)) < how.near,
        near[ids, rng.integers(near.shape[1], size=len(ids))],
        pool[rng.integers(len(pool), size=len(ids))],
    )
    damaged = np.where(picked, np.where(masked, MASK, drawn), ids)
    return damaged, picked
