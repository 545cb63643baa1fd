"""What a fit learns from, ready to be read in batches: units of texts, or pairs of given mentions."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.tasks.knowledge.relations.candidates import clash
from slmkit.tasks.knowledge.relations.examples import Example, LeftOut
from slmkit.tasks.knowledge.relations.held_back import Held, HeldPairs, HeldTexts
from slmkit.tasks.knowledge.relations.lessons import Lessons, encoded
from slmkit.tasks.knowledge.relations.network import RelationNetwork
from slmkit.tasks.knowledge.relations.pairs import PairUnits, Reach, truths, unasked
from slmkit.tasks.knowledge.relations.recipe import RelationRecipe
from slmkit.tasks.knowledge.relations.relation_model import Manner
from slmkit.tasks.knowledge.relations.schema import Schema
from slmkit.tasks.knowledge.relations.units import MARKS, lay_units
from slmkit.training.states import TrunkStates

_OVERLAPS = 0.005  # share of the triples from which overlaps are more than mistakes


@dataclass(frozen=True)
class Asked:
    """What a fit is asked for.

    Attributes:
        schema: the caller's, or None. given: whether mentions will be given. single: whether a pair of them has one
            relation at most; None tells it from the examples.
    """

    schema: Any = None
    given: bool = False
    single: bool | None = None


@dataclass(frozen=True)
class Job:
    """What is learned from, ready.

    Attributes:
        rows: what batches are made of: numbers of units, or of pairs, for each example that is learned from.
        lengths: tokens of each such row. loss: of some rows. held: what is held back.
    """

    rows: list[np.ndarray]
    lengths: np.ndarray
    loss: Callable[[np.ndarray], Tensor]
    held: Held


def found_job(
    slm: SLM,
    examples: Sequence[Example],
    schema: Schema,
    network: RelationNetwork,
    train: np.ndarray,
    held: np.ndarray,
    recipe: RelationRecipe,
    asked: Asked,
    left_out: list[LeftOut],
) -> tuple[Job, Manner]:
    """Of an extractor that finds mentions itself.

    Args:
        slm: the core. examples: with places. schema: relations and types. network: what will learn.
        train, held: numbers of examples. recipe: settings. asked: of which kind. left_out: what is left out is added.

    Returns:
        The job, and how the extractor will read.
    """
    lessons = Lessons(slm.tokenizer, examples, schema, recipe.window - MARKS)
    left_out += lessons.left_out
    if lessons.cut:
        warnings.warn(
            f"{lessons.cut} of the mentions begin or end inside a token; what is found there will be off by a few "
            "characters",
            stacklevel=5,
        )
    windows = lay_units([lesson.unit for lesson in lessons.lessons], lessons.tokens)
    states = TrunkStates(slm, windows, upto=slm.config.encoder.layers - recipe.depth)
    of_example: list[list[int]] = [[] for _ in examples]
    for number, lesson in enumerate(lessons.lessons):
        of_example[lesson.unit.text].append(number)
    rows = [np.array(of_example[i], dtype=np.int64) for i in train]

    # Pairs that are farther apart, and windows of more sentences, than those that are learned from are left alone.
    reach = Reach(sentences=Reach.of(examples).sentences)

    def loss(chosen: np.ndarray) -> Tensor:
        return network.found_loss(states, lessons.lessons, chosen, reach.sentences)

    overlaps = overlapping(examples) > _OVERLAPS
    job = Job(rows, states.text_lengths(), loss, HeldTexts(lessons, states, held, reach, overlaps=overlaps))
    manner = Manner(given=False, max_length=recipe.window, reach=reach, sentences=lessons.most_sentences())
    return job, replace(manner, overlaps=overlaps)


def overlapping(examples: Sequence[Example]) -> float:
    """Share of the triples that ``clash`` with another one of their text."""
    met = total = 0
    for example in examples:
        said = [
            (example.mentions[head][:2], relation, example.mentions[tail][:2])
            for head, relation, tail in example.triples
        ]
        total += len(said)
        met += sum(any(clash(one, other) for other in said if other != one) for one in said)
    return met / max(total, 1)


def given_job(
    slm: SLM,
    examples: Sequence[Example],
    schema: Schema,
    network: RelationNetwork,
    train: np.ndarray,
    held: np.ndarray,
    recipe: RelationRecipe,
    asked: Asked,
    left_out: list[LeftOut],
) -> tuple[Job, Manner]:
    """Of an extractor that is given the mentions; arguments and result as of ``found_job``."""
    reach = Reach.of(examples)
    tokens = encoded(slm.tokenizer, [example.text for example in examples])
    pairs = PairUnits.of(
        tokens,
        [example.mentions for example in examples],
        [(n, *pair) for n, each in enumerate(examples) for pair in reach.pairs(each.text, each.mentions)],
        recipe.window - MARKS,
    )
    left_out += unasked(examples, pairs.asked)
    said = truths(examples, schema, pairs.asked)
    several = any(len(each) > 1 for each in said)
    single = not several if asked.single is None else asked.single
    if single and several:
        raise InputError("single=True, and some pair of mentions has several relations; give single=False or leave it")
    truth = truth_of(said, len(schema.relations), single=single)
    states = TrunkStates(slm, lay_units(pairs.units, tokens), upto=slm.config.encoder.layers - recipe.depth)
    of_example: list[list[int]] = [[] for _ in examples]
    barred = np.zeros((len(said), len(schema.relations)), dtype=bool)
    for number, (text, head, tail) in enumerate(pairs.asked):
        of_example[text].append(number)
        kinds = (examples[text].mentions[side][2] for side in (head, tail))
        barred[number] = ~schema.between(*kinds)

    def loss(chosen: np.ndarray) -> Tensor:
        return network.given_loss(states, pairs, chosen, truth[torch.from_numpy(chosen)], single=single)

    def rows(numbers: np.ndarray) -> list[np.ndarray]:
        return [np.array(of_example[i], dtype=np.int64) for i in numbers]

    every = np.concatenate([*rows(held), np.zeros(0, dtype=np.int64)])
    lengths = states.text_lengths()[pairs.owner]
    job = Job(rows(train), lengths, loss, HeldPairs(pairs, states, every, truth, barred, single=single))
    # Where every pair that was shown has a relation, one without is nothing that could be told.
    threshold = 0.5 if not all(said) else 0.0
    return job, Manner(True, recipe.window, single, reach, threshold=threshold)


def truth_of(said: Sequence[Sequence[int]], relations: int, *, single: bool) -> Tensor:
    """What ``RelationNetwork.given_loss`` takes, of the numbers of the relations of each pair."""
    if single:
        return torch.tensor([each[0] + 1 if each else 0 for each in said], dtype=torch.int64)
    truth = torch.zeros(len(said), relations, dtype=torch.int64)
    for row, each in enumerate(said):
        truth[row, list(each)] = 1
    return truth
