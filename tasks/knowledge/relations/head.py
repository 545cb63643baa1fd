"""The output layers of an extractor: pointers on the states of a branch, and the marks that name a given pair."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from slmkit.tasks.knowledge.pointing import Pointer
from slmkit.tasks.knowledge.relations.factored import Parts, parts_of

_UNLIKELY = -3.0  # where the bias of a relation begins: of all pairs of tokens few are right
_MARK = 0.2  # spread of the marks at first; that of the trunk's states is .3


class RelationHead(nn.Module):
    """States to scores of spans and of pairs of tokens.

    Two pointers say of a relation where its head and its tail begin, and where they end (GPLinker, Su 2022; the links
    of TPLinker, Wang et al. 2020), so that relations may share tokens and several may hold for one pair.

    Args:
        width: of the states. types: of mentions. relations: how many there are.
        given: whether the mentions are given. Then nothing is scored but a pair that marks added to the states below
            the branch point out, beside a score for "no relation"; else spans are scored too.
        dropout: on the states.
    """

    def __init__(self, width: int, types: int, relations: int, *, given: bool, dropout: float = 0.1) -> None:
        super().__init__()
        self.given = given
        self.starts = Pointer(width, relations, spans=False, dropout=dropout)
        self.ends = Pointer(width, relations, spans=False, dropout=dropout)
        if given:
            self.marks = nn.Embedding(2, width)
            self.none = nn.Parameter(torch.zeros(1))
            nn.init.normal_(self.marks.weight, std=_MARK)
        else:
            self.spans = Pointer(width, types, spans=True, dropout=dropout)
            for pointer in (self.spans, self.starts, self.ends):
                if pointer.kind is not None:
                    nn.init.constant_(pointer.kind.bias, _UNLIKELY)

    def marked(self, states: Tensor, sides: Tensor) -> Tensor:
        """Trunk states with the marks of a pair: ``(B, T, W)`` and ``(B, T, 2)`` bool, in head and in tail."""
        return states + sides.to(states.dtype) @ self.marks.weight

    def links(self, states: Tensor) -> tuple[Parts, Parts]:
        """Scores of where head and tail begin, and of where they end; states of the branch ``(B, T, W)``."""
        return parts_of(self.starts, states), parts_of(self.ends, states)

    def of_pairs(self, states: Tensor, heads: Tensor, tails: Tensor) -> Tensor:
        """Scores of the pair that each row is about, "no relation" first.

        Shape: states ``(B, T, W)``; heads and tails ``(B, 2)``, first and last token of each -> ``(B, 1 + relations)``.
        """
        starts, ends = self.links(states)
        rows = torch.arange(len(states))
        scores = starts.at(rows, heads[:, 0], tails[:, 0]) + ends.at(rows, heads[:, 1], tails[:, 1])
        return torch.cat([self.none.expand(len(states), 1), scores], dim=1)
