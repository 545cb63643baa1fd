"""The network that is fitted: a branch and its head, on the trunk's states."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit import checkpoint
from slmkit.model.branch import Branch
from slmkit.tasks.knowledge.pointing import pair_loss
from slmkit.tasks.knowledge.relations.factored import known_loss
from slmkit.tasks.knowledge.relations.head import RelationHead
from slmkit.tasks.knowledge.relations.lessons import Lesson, known_pairs, near_pairs, right_spans
from slmkit.tasks.knowledge.relations.pairs import PairUnits
from slmkit.tasks.question_answering.reading import passage_tokens
from slmkit.training.states import TrunkStates

HEAD = "head."
_OUT = -1e4


class RelationNetwork(nn.Module):
    """Trunk states to scores.

    Args:
        branch: float32. head: what reads its states.
    """

    def __init__(self, branch: Branch, head: RelationHead) -> None:
        super().__init__()
        self.branch, self.head = branch, head

    def found_loss(self, states: TrunkStates, lessons: Sequence[Lesson], rows: np.ndarray, apart: int) -> Tensor:
        """Of mentions and relations in these units.

        Args:
            states: of all units, each a text of its own. lessons: of all units. rows: of the batch.
            apart: sentences from one mention of a relation to the other at most.
        """
        inputs, mask, _, numbers = states.batch(rows)
        own = [lessons[row] for row in rows]
        complete = torch.tensor([lesson.complete for lesson in own])[:, None]
        judged, typed = torch.stack([each.judged for each in own]), torch.stack([each.typed for each in own])
        read = self.branch(inputs, mask)
        allowed = passage_tokens(states.windows, numbers, mask)
        scores = self.head.spans(read, allowed)
        right = right_spans(own, scores.shape[1], scores.shape[2])
        losses = [pair_loss(scores.masked_fill(~right & ~(complete & typed)[..., None, None], _OUT), right)]
        pairs = [[lesson.starts for lesson in own], [lesson.ends for lesson in own]]
        near = near_pairs(own, mask.shape[1], apart)
        for parts, each in zip(self.head.links(read), pairs, strict=True):
            losses.append(known_loss(parts, known_pairs(each, judged), allowed, complete & judged, near))
        return torch.stack(losses).sum() / len(losses)

    def pair_scores(self, states: TrunkStates, pairs: PairUnits, rows: np.ndarray) -> Tensor:
        """Scores of given pairs, "no relation" first: ``(B, 1 + relations)``; one unit a text of ``states``."""
        inputs, mask, _, _ = states.batch(pairs.owner[rows])
        marked = self.head.marked(inputs, pairs.marks(rows, mask.shape[1]))
        sides = torch.from_numpy(pairs.sides[rows])
        return self.head.of_pairs(self.branch(marked, mask), sides[:, 0], sides[:, 1])

    def given_loss(
        self, states: TrunkStates, pairs: PairUnits, rows: np.ndarray, truth: Tensor, *, single: bool
    ) -> Tensor:
        """Of given pairs.

        Args:
            states: of the units. pairs: all of them. rows: of the batch.
            truth: of the batch; class numbers ``(B,)``, 0 for "no relation", or 0 and 1 ``(B, relations)``.
            single: whether a pair has one relation at most.
        """
        scores = self.pair_scores(states, pairs, rows)
        if single:
            return F.cross_entropy(scores, truth)
        return pair_loss((scores[:, 1:] - scores[:, :1])[:, None, None], truth[:, None, None].bool())

    def pack(self) -> dict[str, Tensor]:
        """The tensors of a ``RelationModel``: the branch as int8 rows, the head in float32."""
        packed = checkpoint.pack(self.branch.state_dict())
        head = {f"{HEAD}{name}": value.detach().clone() for name, value in self.head.state_dict().items()}
        return {**packed, **head}
