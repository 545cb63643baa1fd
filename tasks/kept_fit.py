"""A fit that is kept in a folder: its steps, looks at the held-back part now and then, the best weights."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from slmkit.tasks.fit_report import Report
from slmkit.training.kept import SAVE_EVERY, Kept
from slmkit.training.loop import Schedule, steps_in

B = TypeVar("B")
_STEPS_BETWEEN_LOOKS, _MOST_LOOKS = 200, 10


class Looks:
    """Looks at the held-back part of a fit; keeps what was seen, and the best weights.

    Args:
        network: what learns. report: progress. kept: where looks are kept.
        judge: gives the score of the weights of this moment, and what else is worth telling; None where nothing is held
            back.
    """

    def __init__(
        self,
        network: nn.Module,
        report: Report,
        kept: Kept,
        judge: Callable[[], tuple[float, dict[str, Any]]] | None,
    ) -> None:
        self.network, self.report, self.kept, self.judge = network, report, kept, judge
        self.history: list[dict[str, Any]] = []
        self._best: tuple[float, dict[str, Tensor]] | None = None

    def go_on(self, step: int) -> None:
        """Take up the looks of a run that was cut off after so many steps."""
        self.history, self._best = self.kept.looks(step)

    def look(self, step: int) -> None:
        """Score the weights of this moment."""
        if self.judge is None:
            return
        value, more = self.judge()
        entry = {"step": step, "f1": round(value, 5), **more}
        self.history.append(entry)
        better = self._best is None or value > self._best[0]
        if self._best is None or better:
            self._best = value, {name: each.detach().clone() for name, each in self.network.state_dict().items()}
        self.kept.keep_looks(self.history, self._best[0], self._best[1] if better else None)
        self.report.look(entry)

    def put_back(self) -> None:
        """Take up the best weights."""
        if self._best is not None:
            self.network.load_state_dict(self._best[1])
        self.network.eval()


def steps_of(
    kept: Kept, network: nn.Module, most: int, losses: Callable[[], Iterator[Tensor]], minutes: float | None
) -> int:
    """Steps of the run: of the one that was begun, else as many as fit in ``minutes``, ``most`` of them."""
    begun = kept.steps()
    if begun is not None:
        return begun
    return most if minutes is None else min(most, steps_in(minutes, network, losses()))


def descend(
    looks: Looks,
    batches: Iterator[B],
    loss_of: Callable[[B], Tensor],
    *,
    steps: int,
    learning_rate: float,
    seed: int,
) -> bool:
    """Train from where the run was cut off, if it was; returns whether the caller stopped it.

    Args:
        looks: has the network. batches: of the whole run, from its first step. loss_of: of a batch.
        steps: of the whole run. learning_rate: peak. seed: of what is drawn in a step.
    """
    kept, report = looks.kept, looks.report
    descent = kept.descent(looks.network, Schedule(steps, learning_rate))
    looks.go_on(descent.done)
    every = max(1, math.ceil(steps / np.clip(steps // _STEPS_BETWEEN_LOOKS, 2, _MOST_LOOKS)))
    try:
        for batch in islice(batches, descent.done, steps):
            torch.manual_seed(seed * 1_000_003 + descent.done)  # what a resumed run draws is what it would have
            loss = loss_of(batch)
            descent.step(loss)
            report.step(descent.done, loss)
            if descent.done % every == 0 or descent.done == steps:
                looks.look(descent.done)
            if descent.done % SAVE_EVERY == 0 or descent.done == steps:
                kept.save()
    except KeyboardInterrupt:
        kept.save()
        warnings.warn(
            f"fit was interrupted after step {descent.done} of {steps}; the best weights so far are kept", stacklevel=5
        )
        return True
    return False
