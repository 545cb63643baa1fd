"""Training on many sets at once with types by name, and what is made of it: a recognizer that ships."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from slmkit import checkpoint
from slmkit.core import SLM
from slmkit.model.branch import Branch
from slmkit.tasks.knowledge.entities.calibration import Calibration, Judged
from slmkit.tasks.knowledge.entities.inventories import GENERAL
from slmkit.tasks.knowledge.entities.laying import lay
from slmkit.tasks.knowledge.entities.network import POINTER, TAGGER, Gold, SpanNetwork, span_loss, usable_mask
from slmkit.tasks.knowledge.entities.offers import Offer
from slmkit.tasks.knowledge.entities.recipe import HEAD_RATE, RecognizerRecipe
from slmkit.tasks.knowledge.entities.recognizer_model import RecognizerModel
from slmkit.tasks.knowledge.entities.type_rows import TYPE_ROWS, TypeRows, name_vectors
from slmkit.tasks.knowledge.entities.watching import judge
from slmkit.training.loop import Descent, Run, Schedule
from slmkit.training.states import TrunkStates

RATES = {"spans.heads.": HEAD_RATE, TYPE_ROWS: HEAD_RATE}  # factor on the learning rate


class OpenNetwork(nn.Module):
    """A branch with heads whose rows are made from the names of types.

    Args:
        slm: the core. recipe: settings. names: wordings that will be met; their mean is taken off each name's vector.
    """

    def __init__(self, slm: SLM, recipe: RecognizerRecipe, names: Iterable[str]) -> None:
        super().__init__()
        self.slm, self.recipe, width = slm, recipe, slm.config.encoder.width
        listed = list(dict.fromkeys(names))
        self.vectors = dict(zip(listed, name_vectors(slm, listed), strict=True))
        center = torch.stack(list(self.vectors.values())).mean(0)
        branch = Branch.on(slm, recipe.depth, dropout=recipe.dropout)
        self.spans = SpanNetwork(branch, width, None, recipe.head, dropout=recipe.dropout)
        self.type_rows = TypeRows(width, len(center), center)

    def loss(self, offer: Offer) -> Tensor:
        """How far what is found in the texts of a step is from what is there."""
        laid = lay(self.slm, offer.texts, self.recipe.max_length or 0)
        states = TrunkStates(self.slm, laid.alone, upto=self.slm.config.encoder.layers - self.recipe.depth, limit=0)
        inputs, mask, _, numbers = states.batch(np.arange(len(laid.windows.ids)))
        gold = []
        for window in numbers.tolist():
            spans = offer.spans[int(laid.windows.text_index[window])]
            gold.append(Gold.of(laid, window, spans, laid.pairs(window, spans), offer.kinds))
        rows = self.type_rows(torch.stack([self._vector(words) for words in offer.words]))
        return span_loss(self.spans(inputs, mask, usable_mask(laid, numbers, mask.shape[1]), rows), gold)

    def _vector(self, words: str) -> Tensor:
        if words not in self.vectors:
            self.vectors[words] = name_vectors(self.slm, [words])[0]
        return self.vectors[words]

    def model(self, calibration: Calibration | None = None, about: dict[str, Any] | None = None) -> RecognizerModel:
        """The recognizer of this moment, of the general types."""
        tensors = self.spans.pack()
        rows = checkpoint.pack(self.type_rows.state_dict())
        tensors |= {f"{TYPE_ROWS}{name}": value for name, value in rows.items()}
        # Of the stored map, not of the float one: the same as what with_types makes of it.
        made = TypeRows(self.type_rows.width, len(self.type_rows.center))
        made.load_state_dict(checkpoint.unpack(rows))
        with torch.no_grad():
            own = made(name_vectors(self.slm, list(GENERAL.values())))
        for prefix, part, (weight, bias) in zip(
            (POINTER, TAGGER), (self.spans.heads.pointer, self.spans.heads.tagger), own, strict=True
        ):
            if part is not None:
                tensors |= {f"{prefix}kind.weight": weight.contiguous(), f"{prefix}kind.bias": bias.contiguous()}
        return RecognizerModel(
            self.slm,
            list(GENERAL),
            tensors,
            depth=self.recipe.depth,
            head=self.recipe.head,
            max_length=self.recipe.max_length or 0,
            calibration=calibration,
            about=about,
        )


def follow(
    network: OpenNetwork, draw: Callable[[int], Offer], schedule: Schedule, *, folder: Path | None, seed: int
) -> None:
    """Minimise the loss of ``draw(step)``; with a folder the run goes on where it was cut off.

    Args:
        network: what learns. draw: a step's texts and types, which must depend on its number alone.
        schedule: steps and rates. folder: of the run; None keeps nothing. seed: of dropout.
    """

    def loss(step: int) -> Tensor:
        torch.manual_seed(seed * 1_000_003 + step)  # what a resumed run draws is what it would have
        return network.loss(draw(step))

    network.train()
    if folder is not None:
        Run(network, schedule, folder, scales=RATES).train(lambda step: {"spans": loss(step)})
        return
    descent = Descent(network, schedule, RATES)
    while descent.done < schedule.steps:
        value = loss(descent.done)
        descent.step(value)
        if descent.done % 20 == 0 or descent.done == schedule.steps:
            sys.stderr.write(f"step {descent.done}/{schedule.steps} spans {float(value.detach()):.4f}\n")


def judged(model: RecognizerModel, offer: Offer) -> Judged:
    """What a recognizer finds of an offer's kinds in its texts."""
    named = model.with_types(dict(zip(offer.kinds, offer.words, strict=True)))
    return judge(named.read(offer.texts), offer.spans, offer.kinds)


def pooled(parts: Sequence[Judged]) -> Judged:
    """Several sets as one."""
    return Judged(
        np.concatenate([np.empty(0), *(each.score for each in parts)]),
        np.concatenate([np.empty(0, dtype=bool), *(each.right for each in parts)]),
        sum(each.there for each in parts),
    )
