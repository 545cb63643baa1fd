"""What ``SLM.encode`` gives: token states of many texts with their places in the caller's strings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from slmkit.model.layers import pad_rows
from slmkit.text.windows import Windows


@dataclass(frozen=True)
class Encoded:
    """Token states of many texts, ragged: the windows stand back to back, in order, nothing padded.

    Attributes:
        states: ``(tokens, width)`` float32. lengths: tokens of each window ``(windows,)``.
        text_index: the text of each window ``(windows,)``. offsets: ``(tokens, 2)`` character spans in the caller's
            strings. token_ids: ``(tokens,)``. fresh: bool ``(tokens,)``, see ``Windows``. n_texts: number of texts.
        windowed: texts that needed more than one window.
    """

    states: Tensor
    lengths: np.ndarray
    text_index: np.ndarray
    offsets: np.ndarray
    token_ids: np.ndarray
    fresh: np.ndarray
    n_texts: int
    windowed: list[int]

    def padded(self) -> tuple[Tensor, Tensor]:
        """States ``(windows, T, width)``, zero-padded, and a bool mask ``(windows, T)``."""
        return pad_rows(self.states, torch.from_numpy(self.lengths))


def gathered(windows: Windows, states: Sequence[Tensor], width: int) -> Encoded:
    """The windows back to back, with the states ``(n, width)`` of each."""
    return Encoded(
        torch.cat(list(states)) if states else torch.empty(0, width),
        windows.lengths,
        windows.text_index,
        _concatenate(windows.offsets, (0, 2), np.int64),
        _concatenate(windows.ids, (0,), np.int64),
        _concatenate(windows.fresh, (0,), bool),
        windows.n_texts,
        windows.windowed,
    )


def _concatenate(parts: list[np.ndarray], empty: tuple[int, ...], dtype: type) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(empty, dtype=dtype)
