"""Texts that a fit does not learn from: which spans it finds in them, and the best weights so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from slmkit.runtime import length_batches
from slmkit.tasks.fit_report import Report
from slmkit.tasks.knowledge.entities.calibration import Calibration, Judged
from slmkit.tasks.knowledge.entities.candidates import Candidates, Found, gather, settle
from slmkit.tasks.knowledge.entities.entity import Span
from slmkit.tasks.knowledge.entities.laying import Laid
from slmkit.tasks.knowledge.entities.network import SpanNetwork, usable_mask
from slmkit.tasks.knowledge.entities.recognizer_model import MOST_PAIRS, parts_of
from slmkit.tasks.knowledge.pointing import Rows
from slmkit.training.states import TrunkStates


@torch.no_grad()
def found_in(
    network: SpanNetwork,
    states: TrunkStates,
    laid: Laid,
    texts: np.ndarray,
    kinds: int,
    *,
    nested: bool,
    rows: tuple[Rows, Rows] | None = None,
) -> list[list[Found]]:
    """What a network finds in some texts, without dropout.

    Args:
        network: as it is at this moment. states: of all windows, each a text of its own. laid: the windows.
        texts: numbers of those that are read.
        kinds: types of spans. nested: see ``settle``. rows: of the kinds; None takes the network's own.
    """
    was = network.training
    network.eval()
    found, windows = [Candidates() for _ in laid.texts], laid.of_texts(texts)
    for part in length_batches(states.lengths[windows]):
        inputs, mask, _, numbers = states.batch(windows[part])
        usable = usable_mask(laid, numbers, mask.shape[1])
        for each in parts_of(len(numbers), kinds, mask.shape[1], MOST_PAIRS):
            gather(network(inputs[each], mask[each], usable[each], rows), laid, numbers[each], found)
    network.train(was)
    return [settle(found[text], laid.texts[text], nested=nested) for text in texts]


def judge(found: Sequence[Sequence[Found]], spans: Sequence[Sequence[Span]], types: Sequence[str]) -> Judged:
    """Which of the spans that were found are right: start, end and type.

    Args:
        found: in each text. spans: that are there. types: names of the kinds.
    """
    truth = [set(each) for each in spans]
    pairs = [
        (one.score, (one.start, one.end, types[one.kind]) in truth[row]) for row, own in enumerate(found) for one in own
    ]
    return Judged(
        np.array([score for score, _ in pairs], dtype=np.float64),
        np.array([right for _, right in pairs], dtype=bool),
        sum(map(len, truth)),
    )


class Watch:
    """Reads the held-back texts now and then, and keeps the best weights.

    Args:
        network: what learns. states, laid: see ``found_in``. spans: of all texts. types: names of the kinds.
        held: numbers of the texts that are held back. nested: see ``settle``. report: progress.
    """

    def __init__(
        self,
        network: SpanNetwork,
        states: TrunkStates,
        laid: Laid,
        spans: Sequence[Sequence[Span]],
        types: Sequence[str],
        held: np.ndarray,
        *,
        nested: bool,
        report: Report,
    ) -> None:
        self.network, self.states, self.laid, self.types, self.held = network, states, laid, types, held
        self.spans, self.nested, self.report = [spans[text] for text in held], nested, report
        self.history: list[dict[str, Any]] = []
        self._best: tuple[float, dict[str, Tensor]] | None = None
        self._gained = 0.0

    def judged(self) -> Judged:
        """How the weights of this moment do."""
        found = found_in(self.network, self.states, self.laid, self.held, len(self.types), nested=self.nested)
        return judge(found, self.spans, self.types)

    def look(self, epoch: float) -> None:
        """Score the weights of this moment; without a held-back part nothing is done."""
        if not len(self.held):
            return
        value, _ = self.judged().best()
        entry = {"epoch": round(epoch, 2), "f1": round(value, 5)}
        self.history.append(entry)
        if self._best is None or value > self._best[0]:
            self._gained = epoch
        if self._best is None or value >= self._best[0]:  # of equal scores the later: it was trained longer
            self._best = value, self.network.snapshot()
        self.report.look(entry)

    def epochs_without_gain(self, epoch: float) -> float:
        """Epochs since the best score."""
        return epoch - self._gained if self._best is not None else 0.0

    def settled(self, fallback: float) -> Calibration:
        """Put the best weights back; their calibration, with the threshold ``fallback`` where nothing is held back."""
        if self._best is not None:
            self.network.load_state_dict(self._best[1])
        return self.judged().calibrated(fallback) if len(self.held) else Calibration(threshold=fallback)
