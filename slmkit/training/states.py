"""Trunk states of a training set: computed once and kept if they fit in memory, else computed again for each batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from slmkit.core import SLM
from slmkit.model.layers import pad_rows
from slmkit.runtime import length_batches
from slmkit.text.windows import Windows

CACHE_BYTES = 3_000_000_000


class TrunkStates:
    """The trunk's states of every window of some texts.

    Args:
        slm: the core. texts: the training texts, or windows made of them already. upto: layers of the trunk.
        max_length, overlap: of the windows.
        limit: bytes that the cache may take (float16); larger sets are encoded anew for each batch.
    """

    def __init__(
        self,
        slm: SLM,
        texts: Sequence[str] | Windows,
        *,
        upto: int,
        max_length: int | None = None,
        overlap: int = 32,
        limit: int = CACHE_BYTES,
    ) -> None:
        self.slm, self.upto = slm, upto
        if isinstance(texts, Windows):
            self.windows = texts
        else:
            self.windows = slm.windows(texts, max_length=max_length, overlap=overlap)
        self.lengths = self.windows.lengths
        by_text = np.argsort(self.windows.text_index, kind="stable")
        bounds = np.searchsorted(self.windows.text_index[by_text], np.arange(self.windows.n_texts + 1))
        self._of_text = [by_text[a:b] for a, b in zip(bounds[:-1], bounds[1:], strict=True)]
        self._kept: Tensor | None = None  # of all windows, back to back: many small tensors would leave holes
        self._ends = self.lengths.cumsum()
        if int(self.lengths.sum()) * slm.config.encoder.width * 2 <= limit:
            self._kept = torch.empty(int(self.lengths.sum()), slm.config.encoder.width, dtype=torch.float16)
            for numbers, states, mask in slm.run(self.windows, upto=upto):
                for row, number in enumerate(numbers):
                    self._kept[self._stretch(number)] = states[row, : int(mask[row].sum())].half()

    def _stretch(self, number: int) -> slice:
        """Where a window's states are kept."""
        return slice(int(self._ends[number] - self.lengths[number]), int(self._ends[number]))

    def text_lengths(self) -> np.ndarray:
        """Tokens of each text over all its windows, int64 ``(texts,)``."""
        return np.bincount(self.windows.text_index, self.lengths, minlength=self.windows.n_texts).astype(np.int64)

    def batch(self, texts: Sequence[int] | np.ndarray) -> tuple[Tensor, Tensor, Tensor, np.ndarray]:
        """States of these texts' windows.

        Returns:
            States ``(B, T, W)`` float32, mask ``(B, T)``, for each window the place of its text in
            ``texts`` ``(B,)``, and the windows' numbers ``(B,)``.
        """
        numbers = np.concatenate([self._of_text[i] for i in texts])
        owner = np.repeat(np.arange(len(texts)), [len(self._of_text[i]) for i in texts])
        lengths = torch.from_numpy(self.lengths[numbers])
        if self._kept is not None:
            states, mask = pad_rows(torch.cat([self._kept[self._stretch(i)] for i in numbers]), lengths)
            return states.float(), mask, torch.from_numpy(owner), numbers
        ids, mask = pad_rows(torch.from_numpy(np.concatenate([self.windows.ids[i] for i in numbers])), lengths)
        with torch.inference_mode():
            states = self.slm.layers(ids, mask, self.upto)
        return states.clone(), mask, torch.from_numpy(owner), numbers


def text_batches(lengths: np.ndarray, tokens: int, rng: np.random.Generator, pool: int = 32) -> Iterator[np.ndarray]:
    """Shuffled batches of texts of like length, about ``tokens`` tokens each.

    Args:
        lengths: tokens a text. tokens: of a batch. rng: order. pool: batches that are sorted by length together.
    """
    order = rng.permutation(len(lengths))
    size = max(1, int(pool * tokens / max(float(lengths.mean()), 1.0)))
    made: list[np.ndarray] = []
    for begin in range(0, len(order), size):
        part = order[begin : begin + size]
        made.extend(part[rows] for rows in length_batches(lengths[part], tokens))
    yield from (made[i] for i in rng.permutation(len(made)))
