"""Long texts as overlapping windows: nothing is cut, and every token keeps its place in the caller's string."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slmkit.text.tokenizer import EOS, Tokenizer, Tokens


@dataclass(frozen=True)
class Windows:
    """Texts as token windows, ready to be encoded.

    Attributes:
        ids: per window, int64 tokens with begin and end marks. offsets: per window ``(n, 2)``, marks have empty spans.
        text_index: which text a window belongs to ``(windows,)``. fresh: per window, bool ``(n,)``, False on marks and
            on tokens that an earlier window of the same text holds already. n_texts: number of texts.
    """

    ids: list[np.ndarray]
    offsets: list[np.ndarray]
    text_index: np.ndarray
    fresh: list[np.ndarray]
    n_texts: int

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each window, int64 ``(windows,)``."""
        return np.array([len(ids) for ids in self.ids], dtype=np.int64)

    @property
    def windowed(self) -> list[int]:
        """Texts that needed more than one window."""
        counts = np.bincount(self.text_index, minlength=self.n_texts)
        return np.flatnonzero(counts > 1).tolist()

    def once(self) -> list[np.ndarray]:
        """Per window, bool ``(n,)``: what to keep so that a text's windows in a row hold each of its tokens once.

        That is the fresh tokens and the outermost marks of the text.
        """
        kept = [fresh.copy() for fresh in self.fresh]
        for number, owner in enumerate(self.text_index):
            kept[number][0] |= number == 0 or self.text_index[number - 1] != owner
            kept[number][-1] |= number + 1 == len(kept) or self.text_index[number + 1] != owner
        return kept

    def of_texts(self, texts: Sequence[int] | np.ndarray) -> Windows:
        """The windows of these texts, numbered anew in this order."""
        bounds = np.searchsorted(self.text_index, np.arange(self.n_texts + 1))
        numbers = [n for text in texts for n in range(bounds[text], bounds[text + 1])]
        return Windows(
            [self.ids[n] for n in numbers],
            [self.offsets[n] for n in numbers],
            np.repeat(np.arange(len(texts)), [bounds[text + 1] - bounds[text] for text in texts]),
            [self.fresh[n] for n in numbers],
            len(texts),
        )


def window_spans(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Half-open token spans of at most ``size`` that cover ``length`` tokens, neighbours sharing ``overlap``.

    The windows are as few as possible and nearly equal in length, so that none of them is a stub.

    Raises:
        ValueError: the overlap is not smaller than the window.
    """
    if not 0 <= overlap < size:
        raise ValueError(f"overlap {overlap} must be in [0, {size}), the window size")
    if length <= size:
        return [(0, length)]
    count = -(-(length - overlap) // (size - overlap))
    stride = (length - size) / (count - 1)
    starts = [round(i * stride) for i in range(count)]
    return [(start, start + size) for start in starts]


def beginnings(
    tokenizer: Tokenizer, texts: Sequence[str], limit: int, *, lines: bool = False
) -> tuple[list[str], list[int]]:
    """The texts, those of more than ``limit`` tokens ending with the last that fits; and which ones these are.

    Args:
        tokenizer: the core's. texts: any strings. limit: at least 1. lines: see ``Tokenizer.encode_batch``.
    """
    kept, cut = list(texts), []
    # A character is at most four tokens; one is for the space in front.
    suspects = [row for row, text in enumerate(texts) if 4 * len(text) + 1 > limit]
    read = tokenizer.encode_batch([texts[row] for row in suspects], lines=lines)
    for row, tokens in zip(suspects, read, strict=True):
        if len(tokens) > limit:
            kept[row] = _beginning(tokenizer, texts[row], tokens, limit, lines)
            cut.append(row)
    return kept, cut


def _beginning(tokenizer: Tokenizer, text: str, tokens: Tokens, limit: int, lines: bool) -> str:
    """The text up to its last token that fits; cut there it may be read in more tokens, and is made shorter then."""
    fits = limit
    while len(tokens) > limit:
        while fits and tokens.offsets[fits - 1, 1] > tokens.offsets[fits, 0]:  # inside of a character
            fits -= 1
        text = text[: int(tokens.offsets[fits - 1, 1])] if fits else ""
        tokens, fits = tokenizer.encode(text, lines=lines), fits - 1
    return text


def lay_windows(texts: Sequence[Tokens], head: np.ndarray, size: int, overlap: int) -> Windows:
    """Windows over tokenized texts, each between ``head`` and an end mark.

    Args:
        texts: their tokens. head: marks before each window, int64 ``(k,)``. size, overlap: see ``window_spans``.
    """
    ids, offsets, index, fresh = [], [], [], []
    empty = np.zeros((len(head), 2), dtype=np.int64)
    for number, tokens in enumerate(texts):
        seen = 0
        for start, end in window_spans(len(tokens), size, overlap):
            ids.append(np.concatenate([head, tokens.ids[start:end], [EOS]]))
            offsets.append(np.concatenate([empty, tokens.offsets[start:end], empty[:1]]))
            fresh.append(np.concatenate([np.zeros(len(head), bool), np.arange(start, end) >= seen, [False]]))
            index.append(number)
            seen = end
    return Windows(ids, offsets, np.array(index, dtype=np.int64), fresh, len(texts))
