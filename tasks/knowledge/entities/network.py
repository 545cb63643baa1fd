"""The network that is fitted: a branch, and on it a pointer, a tagger, or a pointer that learns beside a tagger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit import checkpoint
from slmkit.model.branch import Branch
from slmkit.model.layers import pad_rows
from slmkit.tasks.knowledge.entities.candidates import Scores
from slmkit.tasks.knowledge.entities.entity import Span
from slmkit.tasks.knowledge.entities.laying import IGNORED, Laid, Pair, tag_row
from slmkit.tasks.knowledge.entities.tagging import Tagger
from slmkit.tasks.knowledge.pointing import Pointer, Rows, pair_loss

HEADS = ("pointer", "tagger", "both")
LAYERS, POINTER, TAGGER = "layers.", "pointer.", "tagger."


class Heads(nn.Module):
    """A pointer, a tagger, or both.

    Args:
        width: of the states. kinds: types of spans; None where their rows come with each call. head: one of ``HEADS``.
        dropout: on the states.
    """

    def __init__(self, width: int, kinds: int | None, head: str, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.pointer = None if head == "tagger" else Pointer(width, kinds, dropout=dropout)
        self.tagger = None if head == "pointer" else Tagger(width, kinds, dropout=dropout)

    def forward(self, states: Tensor, usable: Tensor, rows: tuple[Rows, Rows] | None = None) -> Scores:
        """Shape: states ``(B, T, W)``, usable ``(B, T)`` bool.

        Args:
            states: of the tokens. usable: those that hold characters. rows: of the kinds, for pointer and tagger.
        """
        pointing, tagging = rows if rows is not None else (None, None)
        pairs = None if self.pointer is None else self.pointer(states, usable, pointing)
        asked = pairs is None or self.training  # beside a pointer the tagger only learns
        return Scores(pairs, self.tagger(states, tagging) if self.tagger is not None and asked else None)


@dataclass(frozen=True)
class Gold:
    """What is right in one window: number of its kind, first and last token of each span; a BIO label a token."""

    pairs: list[tuple[int, int, int]]
    labels: np.ndarray

    @classmethod
    def of(
        cls, laid: Laid, window: int, spans: Sequence[Span], pairs: Sequence[Pair | None], types: Sequence[str]
    ) -> Gold:
        """See ``laying.tag_row`` for the arguments."""
        found = [(types.index(span[2]), *pair) for span, pair in zip(spans, pairs, strict=True) if pair is not None]
        return cls(found, tag_row(laid, window, spans, pairs, types))


class SpanNetwork(nn.Module):
    """Trunk states to scores.

    Args:
        branch: float32. width: of the states. kinds: types of spans; None where their rows come with each call.
        head: one of ``HEADS``. dropout: on the states.
    """

    def __init__(self, branch: Branch, width: int, kinds: int | None, head: str, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.branch, self.heads = branch, Heads(width, kinds, head, dropout=dropout)

    def forward(self, states: Tensor, mask: Tensor, usable: Tensor, rows: tuple[Rows, Rows] | None = None) -> Scores:
        """Shape: trunk states ``(B, T, W)``, mask and usable ``(B, T)``; see ``Heads``."""
        return self.heads(self.branch(states, mask), usable, rows)

    def pack(self) -> dict[str, Tensor]:
        """The tensors of a ``RecognizerModel``: the branch as int8 rows, the heads in float32."""
        heads = {name: value.detach().clone() for name, value in self.heads.state_dict().items()}
        return {**checkpoint.pack(self.branch.state_dict()), **heads}

    def snapshot(self) -> dict[str, Tensor]:
        """A copy of all weights, for ``load_state_dict``."""
        return {name: value.detach().clone() for name, value in self.state_dict().items()}


def usable_mask(laid: Laid, numbers: Sequence[int] | np.ndarray, length: int) -> Tensor:
    """Which tokens of some windows hold characters, bool ``(B, length)``."""
    mask = torch.zeros(len(numbers), length, dtype=torch.bool)
    for row, window in enumerate(numbers):
        own = laid.usable(window)
        mask[row, : len(own)] = torch.from_numpy(own)
    return mask


def span_loss(scores: Scores, gold: Sequence[Gold]) -> Tensor:
    """How far the scores of a batch are from what is right: that of the pointer and that of the tagger together."""
    parts = []
    if scores.pairs is not None:
        right = torch.zeros(scores.pairs.shape, dtype=torch.bool)
        for row, each in enumerate(gold):
            for kind, first, last in each.pairs:
                right[row, kind, first, last] = True
        parts.append(pair_loss(scores.pairs, right))
    if scores.tags is not None:
        lengths = torch.tensor([len(each.labels) for each in gold])
        flat = torch.from_numpy(np.concatenate([each.labels for each in gold]))
        padded, real = pad_rows(flat, lengths)
        labels = padded.masked_fill(~real, IGNORED)
        asked = int((labels != IGNORED).sum())
        total = F.cross_entropy(scores.tags.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum")
        parts.append(total / max(asked, 1))
    return torch.stack(parts).sum()
