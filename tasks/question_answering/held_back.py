"""Questions that a fit does not learn from: how well it reads them, and how sure it may be of what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from slmkit.core import SLM
from slmkit.tasks.classification.calibration import fit_temperature
from slmkit.tasks.question_answering.candidates import LOWEST, Places, join
from slmkit.tasks.question_answering.lessons import Lessons, Span
from slmkit.tasks.question_answering.reading_network import ReadingNetwork
from slmkit.training.states import TrunkStates

_TOLD_APART = 5  # places of a question that calibration tells apart


@dataclass(frozen=True)
class Judgement:
    """How held-back questions were answered.

    Attributes:
        none: probability of "no answer" ``(n,)``. answered: overlap F1 of the likeliest place ``(n,)``.
        right: whether "no answer" is right ``(n,)``.
    """

    none: np.ndarray
    answered: np.ndarray
    right: np.ndarray

    def best(self) -> tuple[float, float]:
        """The highest mean F1 over all thresholds, and the threshold, of equally good ones the nearest to a half."""
        order = np.argsort(self.none, kind="stable")
        none, answered, right = self.none[order], self.answered[order], self.right[order].astype(float)
        # The first k are answered, the others abstained from.
        gained = np.concatenate([[0.0], np.cumsum(answered - right)])
        means = (right.sum() + gained) / len(none)
        bounds = np.concatenate([[0.0], (none[1:] + none[:-1]) / 2, [1.0]])
        apart = np.concatenate([[none[0] > 0], none[1:] > none[:-1], [True]])  # no threshold parts equal probabilities
        good = np.flatnonzero(apart & (means >= means[apart].max() - 1e-12))
        chosen = good[np.argmin(np.abs(bounds[good] - 0.5))]
        return float(means[chosen]), float(bounds[chosen])


class Held:
    """Held-back questions, each with its own passage and one that does not answer it; some without their own.

    Args:
        slm: the core. lessons: all rows. rows: those that are held back. depth: of the branch.
        seed: of the choice of passages.
    """

    def __init__(self, slm: SLM, lessons: Lessons, rows: np.ndarray, *, depth: int, seed: int) -> None:
        rng = np.random.default_rng([seed, 1])
        self.lessons, drawn = lessons, []
        self.texts: list[str] = []
        self.of_question: list[list[int]] = []
        self.truth: list[tuple[Span, ...]] = []
        of_window: list[int] = []
        for row in rows.tolist():
            shown = self._shown(row, rng)
            parts = [lessons.parts(row, number) for number in shown]
            self.of_question.append(list(range(len(self.texts), len(self.texts) + len(shown))))
            of_window += [len(self.texts) + at for at, each in enumerate(parts) for _ in each]
            self.texts += [lessons.texts[lessons.own[row] if number is None else number] for number in shown]
            self.truth.append(lessons.spans[row] if None in shown else ())
            drawn.append([part for each in parts for part in each])
        self.of_window = of_window
        windows = lessons.lay(rows.tolist(), drawn).windows
        self.states = TrunkStates(slm, windows, upto=slm.config.encoder.layers - depth)

    def __len__(self) -> int:
        return len(self.truth)

    def _shown(self, row: int, rng: np.random.Generator) -> list[int | None]:
        """Passages of a question; None, which comes first, stands for its own."""
        others = rng.permutation(self.lessons.others[row]).tolist()
        if self.lessons.spans[row] and others and rng.random() < self.lessons.abstain:
            return others[:2]
        return [None, *others[:1]]

    def places(self, network: ReadingNetwork) -> list[Places]:
        """Where the network sees the answers."""
        found = network.candidates(self.states, self.of_window, self.texts, self.lessons.sizes)
        return [join([found[i] for i in own], [(i, 0) for i in own]) for own in self.of_question]

    def judge(self, places: Sequence[Places], temperature: float = 1.0) -> Judgement:
        """How good these answers are."""
        none = np.array([each.probabilities(temperature)[0] for each in places])
        answered = [
            overlap_f1((int(each.start[0]), int(each.end[0])), spans)
            if len(each.logit) and spans and each.passage[0] == 0
            else 0.0
            for each, spans in zip(places, self.truth, strict=True)
        ]
        return Judgement(none, np.array(answered), np.array([not spans for spans in self.truth]))

    def look(self, network: ReadingNetwork) -> tuple[float, dict[str, Any]]:
        """The best F1 over all thresholds, and that of the questions that have an answer, where others have none."""
        judged = self.judge(self.places(network))
        value, _ = judged.best()
        if judged.right.all():
            return value, {}
        return value, {"answered_f1": round(float(judged.answered[~judged.right].mean()), 5)}

    def calibrate(self, places: Sequence[Places]) -> tuple[float, float]:
        """Temperature (Guo et al. 2017) and threshold: of the highest mean F1."""
        logits = np.full((len(places), _TOLD_APART + 2), LOWEST)
        truth = np.zeros(len(places), dtype=np.int64)
        for row, (each, spans) in enumerate(zip(places, self.truth, strict=True)):
            near = each.logit[:_TOLD_APART]
            logits[row, 0] = 0.0
            logits[row, 1 : 1 + len(near)] = near
            logits[row, -1] = np.logaddexp.reduce([each.rest, *each.logit[_TOLD_APART:]])
            if spans:
                hits = [i for i in range(len(near)) if each.passage[i] == 0 and _meets(each, i, spans)]
                truth[row] = hits[0] + 1 if hits else _TOLD_APART + 1
        temperature = fit_temperature(logits.clip(LOWEST), truth)
        return temperature, self.judge(places, temperature).best()[1]


def overlap_f1(found: Span, right: Sequence[Span]) -> float:
    """F1 of the characters of a span against the right one that it is nearest to."""
    common = [max(0, min(found[1], end) - max(found[0], start)) for start, end in right]
    return max(
        (2 * same / (found[1] - found[0] + end - start) for same, (start, end) in zip(common, right, strict=True)),
        default=0.0,
    )


def _meets(places: Places, number: int, spans: Sequence[Span]) -> bool:
    return any(places.start[number] < end and places.end[number] > start for start, end in spans)
