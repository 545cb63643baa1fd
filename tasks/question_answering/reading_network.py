"""The network that is fitted: branch and span head, all windows of a question scored on one scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from slmkit import checkpoint
from slmkit.model.branch import Branch
from slmkit.model.heads import SpanHead
from slmkit.model.layers import pad_rows
from slmkit.tasks.question_answering.candidates import Candidates, batch_spans, window_candidates
from slmkit.tasks.question_answering.lessons import Piece
from slmkit.tasks.question_answering.reading import Sizes, passage_tokens
from slmkit.tasks.question_answering.reading_model import HEAD, with_null
from slmkit.training.states import TrunkStates

_NEVER = -1e4


class ReadingNetwork(nn.Module):
    """Trunk states to scores of starts and ends.

    Args:
        branch: float32. width: of the states.
    """

    def __init__(self, branch: Branch, width: int) -> None:
        super().__init__()
        self.branch, self.head = branch, SpanHead(width)
        nn.init.normal_(self.head.linear.weight, std=0.02)
        nn.init.zeros_(self.head.linear.bias)

    def forward(self, states: Tensor, mask: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
        """Shape: states ``(B, T, W)``, mask and allowed ``(B, T)`` -> starts and ends ``(B, T)``, the null's first."""
        return self.head(self.branch(states, mask), with_null(allowed))

    def loss(self, states: TrunkStates, piece: Piece, draws: np.ndarray) -> Tensor:
        """Mean over draws of the surprise at the right starts and ends, each among those of all windows of a draw."""
        inputs, mask, owner, numbers = states.batch(draws)
        allowed = passage_tokens(piece.windows, numbers, mask)
        right = [right_tokens([piece.answers[i] for i in numbers], side, mask.shape[1]) for side in (0, 1)]
        scores = self(inputs, mask, allowed)
        parts = [
            shared_surprise(score - score[:, :1], allowed, wanted, owner, len(draws))
            for score, wanted in zip(scores, right, strict=True)
        ]
        return (parts[0] + parts[1]) / 2

    @torch.no_grad()
    def candidates(
        self, states: TrunkStates, passages: Sequence[int], texts: Sequence[str], sizes: Sizes
    ) -> list[Candidates]:
        """Without dropout, those of each of the passages of many questions.

        Args:
            states: one text a question. passages: for each window, which of ``texts`` it is a part of. sizes: of spans.
        """
        was, windows = self.training, states.windows
        self.eval()
        found = [Candidates() for _ in texts]
        for begin in range(0, windows.n_texts, 4):
            inputs, mask, _, numbers = states.batch(range(begin, min(begin + 4, windows.n_texts)))
            allowed = passage_tokens(windows, numbers, mask)
            start, end = self(inputs, mask, allowed)
            best = batch_spans(start, end, allowed, sizes.answer)
            for row, number in enumerate(numbers):
                own = passages[number]
                window_candidates(found[own], texts[own], windows.offsets[number], row, best)
        self.train(was)
        return found

    def pack(self) -> dict[str, Tensor]:
        """The tensors of a ``ReadingModel``: the branch as int8 rows, the head in float32."""
        packed = checkpoint.pack(self.branch.state_dict())
        head = {f"{HEAD}{name}": value.detach().clone() for name, value in self.head.state_dict().items()}
        return {**packed, **head}


def right_tokens(answers: Sequence[Sequence[tuple[int, int]]], side: int, length: int) -> Tensor:
    """Where an answer starts (``side`` 0) or ends (1): bool ``(B, T)`` of the answers of each window."""
    wanted = torch.zeros(len(answers), length, dtype=torch.bool)
    for row, spans in enumerate(answers):
        for span in spans:
            wanted[row, span[side]] = True
    return wanted


def shared_surprise(scores: Tensor, allowed: Tensor, wanted: Tensor, owner: Tensor, count: int) -> Tensor:
    """Negative log likelihood of the wanted tokens among all of a draw's windows and "no answer", mean over draws.

    Several wanted tokens count together; a draw that wants none wants "no answer", whose score is 0.

    Args:
        scores: against the null of each window ``(B, T)``. allowed, wanted: tokens ``(B, T)``.
        owner: the draw of each window, in ascending order ``(B,)``. count: of draws.
    """
    windows = torch.bincount(owner, minlength=count)

    def over(kept: Tensor, null: Tensor) -> Tensor:
        each = scores.masked_fill(~kept, _NEVER).logsumexp(1)  # (B,)
        padded, real = pad_rows(each, windows)  # (count, most)
        return torch.cat([null[:, None], padded.masked_fill(~real, _NEVER)], dim=1).logsumexp(1)

    has = torch.zeros(count, dtype=torch.bool).index_put((owner[wanted.any(1)],), torch.tensor(True))
    nothing = scores.new_zeros(count)
    return (over(allowed, nothing) - over(wanted, nothing.masked_fill(has, _NEVER))).mean()
