"""Texts that a fit does not learn from: how well it reads them, and how sure it may be of what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from slmkit.runtime import length_batches
from slmkit.tasks.classification.calibration import SMALLEST, fit_temperature
from slmkit.tasks.knowledge.relations.calibrate import Judge, Tally, best_threshold
from slmkit.tasks.knowledge.relations.candidates import AllowedPairs, Found, Place, collect
from slmkit.tasks.knowledge.relations.examples import Example, Span
from slmkit.tasks.knowledge.relations.lessons import Lessons
from slmkit.tasks.knowledge.relations.network import RelationNetwork
from slmkit.tasks.knowledge.relations.pairs import PairUnits, Reach
from slmkit.tasks.knowledge.relations.relation_model import pair_chances
from slmkit.tasks.question_answering.reading import passage_tokens
from slmkit.training.states import TrunkStates


class Held(Protocol):
    """A held-back part."""

    def __len__(self) -> int: ...  # noqa: D105

    def f1(self, network: RelationNetwork) -> float:
        """F1 of the relations, at the best threshold."""
        ...


class HeldTexts:
    """Of an extractor that finds mentions itself.

    Args:
        lessons: of all examples. states: of their units. rows: numbers of the examples.
        reach, overlaps: see ``Manner``.
    """

    def __init__(
        self, lessons: Lessons, states: TrunkStates, rows: np.ndarray, reach: Reach, *, overlaps: bool
    ) -> None:
        # An example in which more may be said than is known tells no wrong triple from a right one.
        self.rows = [int(row) for row in rows if lessons.examples[row].complete]
        self.lessons, self.states, self.overlaps = lessons, states, overlaps
        texts = [example.text for example in lessons.examples]
        self.pairs = AllowedPairs.of(lessons.schema, reach, texts)
        chosen = set(self.rows)
        self.units = np.array([i for i, each in enumerate(lessons.lessons) if each.unit.text in chosen], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.rows)

    def f1(self, network: RelationNetwork) -> float:
        """See ``Held``."""
        return self.tally(network).f1()

    def judge(self, network: RelationNetwork) -> Judge:
        """How sure what this network finds is."""
        return self.tally(network).judge()

    def tally(self, network: RelationNetwork) -> Tally:
        """Right and wrong among what the network finds."""
        made, plain, schema = Tally(), Judge(), self.lessons.schema
        for row, found in zip(self.rows, self._found(network), strict=True):
            example = self.lessons.examples[row]
            right, met = right_keys(example), set()
            for _, number in found.best(plain, overlaps=self.overlaps):
                relation = schema.relations[found.relations[number]]
                key = key_of(example, found.heads[number], relation, found.tails[number], schema.types)
                if key not in met and (example.judged is None or relation in example.judged):
                    met.add(key)
                    made.scores.append(found.scores[number])
                    made.right.append(key in right)
            made.missing += len(right - met)
        return made

    @torch.no_grad()
    def _found(self, network: RelationNetwork) -> list[Found]:
        was, windows, lessons = network.training, self.states.windows, self.lessons.lessons
        network.eval()
        found = [Found() for _ in self.lessons.examples]
        texts = [example.text for example in self.lessons.examples]
        for part in length_batches(self.states.text_lengths()[self.units]):
            inputs, mask, _, numbers = self.states.batch(self.units[part])
            allowed = passage_tokens(windows, numbers, mask)
            units, offsets = [lessons[i].unit for i in numbers], [windows.offsets[i] for i in numbers]
            collect(found, network.head, network.branch(inputs, mask), allowed, units, offsets, texts, self.pairs)
        network.train(was)
        return [found[row] for row in self.rows]


class HeldPairs:
    """Of an extractor that is given the mentions.

    Args:
        pairs: all of them. states: of their units. rows: numbers of those held back.
        truth: of all pairs, as ``given_loss`` takes it. barred: of all pairs, the relations that their types do not
            allow ``(P, relations)`` bool. single: see ``Manner``.
    """

    def __init__(
        self,
        pairs: PairUnits,
        states: TrunkStates,
        rows: np.ndarray,
        truth: Tensor,
        barred: np.ndarray,
        *,
        single: bool,
    ) -> None:
        self.pairs, self.states, self.rows, self.single = pairs, states, rows, single
        self.truth, self.barred = truth.numpy()[rows], barred[rows]

    def __len__(self) -> int:
        return len(self.rows)

    def f1(self, network: RelationNetwork) -> float:
        """See ``Held``."""
        return self._best(self.scores(network), 1.0)[0]

    def calibrated(self, network: RelationNetwork, threshold: float) -> tuple[float, float]:
        """Temperature and threshold; the latter as it was where it is 0, or where too few pairs are there."""
        scores = self.scores(network)
        if len(scores) < SMALLEST:
            return 1.0, threshold
        logits = scores if self.single else (scores[:, 1:] - scores[:, :1]).clip(-30, 30)
        temperature = fit_temperature(logits.clip(-1e4), self.truth)
        if not threshold or int((self.truth > 0).sum()) < SMALLEST:
            return temperature, threshold
        return temperature, self._best(scores, temperature)[1]

    @torch.no_grad()
    def scores(self, network: RelationNetwork) -> np.ndarray:
        """Without dropout: ``(pairs, 1 + relations)``."""
        was = network.training
        network.eval()
        lengths = self.states.text_lengths()[self.pairs.owner[self.rows]]
        made = np.zeros((len(self.rows), 1 + self.barred.shape[1]), dtype=np.float64)
        for part in length_batches(lengths):
            made[part] = network.pair_scores(self.states, self.pairs, self.rows[part]).numpy()
        network.train(was)
        made[:, 1:][self.barred] = -np.inf
        return made

    def _best(self, scores: np.ndarray, temperature: float) -> tuple[float, float]:
        chances = pair_chances(scores, temperature, single=self.single)
        if not self.single:
            return best_threshold(chances[:, 1:].ravel(), self.truth.ravel() > 0)
        right = (chances[:, 1:].argmax(1) + 1 == self.truth) & (self.truth > 0)
        return best_threshold(1 - chances[:, 0], right, int((self.truth > 0).sum() - right.sum()))


def right_keys(example: Example) -> set[tuple[object, ...]]:
    """The triples of an example in the form in which they are compared."""
    mentions = example.mentions
    return {_key(example, mentions[head], relation, mentions[tail]) for head, relation, tail in example.triples}


def key_of(example: Example, head: Place, relation: str, tail: Place, types: Sequence[str]) -> tuple[object, ...]:
    """The same of a triple that was found; ``types`` has the types' names."""
    return _key(example, (*head[:2], types[head[2]]), relation, (*tail[:2], types[tail[2]]))


def _key(example: Example, head: Span, relation: str, tail: Span) -> tuple[object, ...]:
    if example.by_name:  # names were given, so wherever they stand they are right
        return example.text[head[0] : head[1]], relation, example.text[tail[0] : tail[1]]
    return head, relation, tail
