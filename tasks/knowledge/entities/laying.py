"""Texts as windows of tokens in which spans are looked for: exact characters, spans as tokens, and seams.

A span may stand in several windows of a long text. One of them judges it, the one that sees most to both of its sides:
so at a seam nothing is found twice, and nothing that is shorter than the overlap is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.tasks.knowledge.entities.entity import Span
from slmkit.text.alignment import visible
from slmkit.text.tokenizer import BOS, BYTE_TOKENS, RESERVED_TOKENS, SPECIAL_TOKENS, Tokens
from slmkit.text.windows import Windows, lay_windows

IGNORED = -100
"""Label of a token that a tagger is not asked about."""
_FIRST_BYTE = len(SPECIAL_TOKENS) + len(RESERVED_TOKENS)
_FAR = 1 << 30

Pair = tuple[int, int]


@dataclass(frozen=True)
class Laid:
    """Windows of texts.

    Attributes:
        texts: as they were given. windows: of them.
        places: per window, the characters of each token without the space before it ``(n, 2)``, empty for marks and
            white space.
        bounds: which tokens of its text a window holds, half open ``(windows, 2)``. lengths: tokens of each text.
        head: marks at a window's beginning.
    """

    texts: Sequence[str]
    windows: Windows
    places: list[np.ndarray]
    bounds: np.ndarray
    lengths: np.ndarray
    head: int

    @property
    def alone(self) -> Windows:
        """The windows, each as if it were a text of its own."""
        count = len(self.windows.ids)
        return replace(self.windows, text_index=np.arange(count), n_texts=count)

    def of_texts(self, texts: np.ndarray) -> np.ndarray:
        """Numbers of the windows of these texts."""
        return np.flatnonzero(np.isin(self.windows.text_index, texts))

    def usable(self, window: int) -> np.ndarray:
        """Which tokens of a window hold characters, bool ``(n,)``."""
        places = self.places[window]
        return places[:, 0] < places[:, 1]

    def pairs(self, window: int, spans: Sequence[Span]) -> list[Pair | None]:
        """First and last token of each span in a window; None where the window does not hold the whole of it.

        A span that begins or ends inside a token has those of which it holds more than half.
        """
        places, usable = self.places[window], np.flatnonzero(self.usable(window))
        if not len(usable):
            return [None for _ in spans]
        begin, end = self.bounds[window]
        first = -1 if begin == 0 else int(places[usable[0], 0])
        last = _FAR if end == self.lengths[self.windows.text_index[window]] else int(places[usable[-1], 1])
        return [_pair(places, usable, a, b) if first <= a and b <= last else None for a, b, _ in spans]

    def judged_here(self, window: int, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Whether a window is the one that judges each of its spans, bool ``(spans,)``.

        Args:
            window: its number. first, last: tokens of the spans in it.
        """
        a = first - self.head + self.bounds[window, 0]
        b = last - self.head + self.bounds[window, 0]
        own = self._margin(window, a, b)
        here = np.ones(len(a), dtype=bool)
        for step in (-1, 1):
            other = window + step
            while 0 <= other < len(self.bounds) and self._meets(window, other):
                margin = self._margin(other, a, b)
                here &= (own >= margin) if step > 0 else (own > margin)
                other += step
        return here

    def _meets(self, window: int, other: int) -> bool:
        same = self.windows.text_index[window] == self.windows.text_index[other]
        (a, b), (c, d) = self.bounds[window], self.bounds[other]
        return bool(same and a < d and c < b)

    def _margin(self, window: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """How many tokens a window shows beside each span, on the poorer side; -1 where it lacks a part of it."""
        begin, end = self.bounds[window]
        before = np.full(len(a), _FAR) if begin == 0 else a - begin
        after = np.full(len(b), _FAR) if end == self.lengths[self.windows.text_index[window]] else end - 1 - b
        return np.where((a >= begin) & (b < end), np.minimum(before, after), -1)


def lay(slm: SLM, texts: Sequence[str], max_length: int) -> Laid:
    """Lay windows over texts.

    Args:
        slm: the core. texts: any strings. max_length: tokens of a window, marks included; see ``check_length``.
    """
    read = slm.tokenizer.encode_batch(texts)
    if slm.tokenizer.token_id(BYTE_TOKENS[0]) == _FIRST_BYTE:
        read = [replace(tokens, offsets=_exact(tokens)) for tokens in read]
    head = np.array([BOS, *slm.kinds["text"]], dtype=np.int64)
    windows = lay_windows(read, head, max_length - len(head) - 1, overlap_of(max_length))
    places = [visible(each, texts[text]) for each, text in zip(windows.offsets, windows.text_index, strict=True)]
    return Laid(texts, windows, places, _bounds(windows, len(head)), np.array([len(each) for each in read]), len(head))


def overlap_of(max_length: int) -> int:
    """Tokens that neighbouring windows share: a span of so many stands whole in one of them."""
    return min(64, max_length // 4)


def check_length(slm: SLM, max_length: int | None) -> int:
    """Tokens of a window; None is 256, or what the core has positions for.

    Raises:
        InputError: it is out of range.
    """
    most = slm.config.encoder.positions
    max_length = min(256, most) if max_length is None else max_length
    if not 16 <= max_length <= most:
        raise InputError(f"max_length {max_length}: give 16 to {most}")
    return max_length


def tag_row(
    laid: Laid, window: int, spans: Sequence[Span], pairs: Sequence[Pair | None], types: Sequence[str]
) -> np.ndarray:
    """BIO label of each token of a window, as in ``text.alignment.tag_labels``; int64 ``(n,)``.

    Of spans that overlap, the first to begin (then the longest) keeps its tokens. Tokens without characters, and those
    of spans that the window cuts, are ``IGNORED``.

    Args:
        laid: all windows. window: its number. spans: of its text, in order. pairs: their tokens. types: of spans.
    """
    places, usable = laid.places[window], laid.usable(window)
    labels = np.where(usable, 0, IGNORED)
    for (start, end, kind), pair in zip(spans, pairs, strict=True):
        if pair is None:
            labels[(places[:, 0] < end) & (places[:, 1] > start)] = IGNORED
            continue
        inside = np.arange(pair[0], pair[1] + 1)
        inside = inside[usable[inside]]
        if (labels[inside] == 0).all():
            labels[inside] = 2 * types.index(kind) + 2
            labels[inside[0]] -= 1
    return labels


def _pair(places: np.ndarray, usable: np.ndarray, start: int, end: int) -> Pair | None:
    begins, ends = places[usable].T
    inside = np.minimum(ends, end) - np.maximum(begins, start)  # characters of each token, below 1 outside of the span
    most = usable[2 * inside > ends - begins]
    found = most if len(most) else usable[inside > 0]
    return (int(found[0]), int(found[-1])) if len(found) else None


def _bounds(windows: Windows, head: int) -> np.ndarray:
    bounds = np.zeros((len(windows.ids), 2), dtype=np.int64)
    seen, before = 0, -1
    for number, owner in enumerate(windows.text_index):
        seen = seen if owner == before else 0
        own = len(windows.ids[number]) - head - 1
        fresh = int(windows.fresh[number].sum())
        seen, before = seen + fresh, owner
        bounds[number] = seen - own, seen
    return bounds


def _exact(tokens: Tokens) -> np.ndarray:
    """Offsets in which each byte of a run of rare characters has its own character, not the whole run; ``(n, 2)``."""
    values = tokens.ids - _FIRST_BYTE
    is_byte = (values >= 0) & (values < len(BYTE_TOKENS))
    if not is_byte.any():
        return tokens.offsets
    offsets = tokens.offsets.copy()
    at = 0
    while at < len(values):
        if not is_byte[at]:
            at += 1
            continue
        stop = at
        while stop < len(values) and is_byte[stop] and (tokens.offsets[stop] == tokens.offsets[at]).all():
            stop += 1
        leads = (values[at:stop] & 0xC0) != 0x80  # what is no follower in UTF-8 begins a character
        start, end = tokens.offsets[at]
        if leads.sum() == end - start:
            offsets[at:stop, 0] = start + leads.cumsum() - 1
            offsets[at:stop, 1] = start + leads.cumsum()
        at = stop
    return offsets
