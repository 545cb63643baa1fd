"""The recipe of the shipped extractor's weights: ``python -m slmkit.tasks.knowledge.relations.train_relations``.

Reads the sets of ``sources`` in the general schema, each drawn by the square root of its size so that the big ones do
not drown the small ones, and writes an extractor that finds mentions and relations in both languages. Of each set only
what it tells of is learned: a relation or a type that it does not mark is neither right nor wrong in its texts.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from slmkit.core import load
from slmkit.errors import InputError
from slmkit.tasks.knowledge.relations.examples import Example, LeftOut
from slmkit.tasks.knowledge.relations.fitting import fit_relations
from slmkit.tasks.knowledge.relations.general import GENERAL
from slmkit.tasks.knowledge.relations.jobs import Asked
from slmkit.tasks.knowledge.relations.recipe import RelationRecipe
from slmkit.tasks.knowledge.relations.relation_model import RelationModel
from slmkit.tasks.knowledge.relations.sources import SOURCES, RelationSource, load_source
from slmkit.tasks.recipe_commands import recipe_parser, run_recipe


@dataclass(frozen=True)
class Material:
    """What the extractor learns from.

    Attributes:
        examples: of all sets, one after the other. weights: how often each is read. counts: examples of each set.
    """

    examples: list[Example]
    weights: np.ndarray
    counts: dict[str, int]


def gather(data: Path, sources: Sequence[RelationSource], *, limit: int | None, seed: int) -> Material:
    """Read the sets.

    Args:
        data: the folder with ``en`` and ``zh``. sources: the sets. limit: examples of a set at most, drawn by the seed.
        seed: of the choice.

    Raises:
        DataError: a file is missing, or not what is expected.
    """
    rng = np.random.default_rng(seed)
    examples: list[Example] = []
    weights, counts = [], {}
    for source in sources:
        found = load_source(source, data)
        if limit is not None and limit < len(found):
            found = [found[i] for i in np.sort(rng.permutation(len(found))[:limit])]
        examples += [replace(each, row=len(examples) + number) for number, each in enumerate(found)]
        weights.append(np.full(len(found), source.share / len(found) ** 0.5))
        counts[source.name] = len(found)
    together = np.concatenate(weights)
    return Material(examples, together / together.mean(), counts)


def train(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run the recipe; returns what the held-back texts say of it."""
    sources = [source for source in SOURCES if source.name not in arguments.without]
    if not sources:
        raise InputError("no set is left to learn from; leave one of them in")
    material = gather(arguments.data_dir, sources, limit=arguments.limit, seed=arguments.seed)
    recipe = RelationRecipe(
        depth=arguments.depth,
        epochs=arguments.epochs,
        learning_rate=arguments.learning_rate,
        batch_tokens=arguments.batch_tokens,
        max_length=arguments.max_length,
        held_back=arguments.held_back,
        minutes=arguments.minutes,
        seed=arguments.seed,
    )
    left_out: list[LeftOut] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is left out is counted in what is saved
        model = fit_relations(
            load(arguments.core),
            material.examples,
            left_out,
            recipe,
            Asked(schema=GENERAL),
            weights=material.weights,
            folder=arguments.run,
            verbose=1,
        )
    save(model, arguments, sources, material)
    return {"f1": max((entry["f1"] for entry in model.about["history"]), default=None), "left_out": len(left_out)}


def save(
    model: RelationModel, arguments: argparse.Namespace, sources: Sequence[RelationSource], material: Material
) -> None:
    """Write the extractor and what it was made from."""
    sets: list[dict[str, Any]] = [
        {"name": each.name, "licence": each.licence, "rows": material.counts[each.name], "share": each.share}
        for each in sources
    ]
    model.save(arguments.out, sets=sets, limit=arguments.limit)


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    names = [source.name for source in SOURCES]
    parser = recipe_parser("train_relations", __doc__, names, depth=6, batch_tokens=2048)
    parser.add_argument("--epochs", type=int, default=3, help="as many texts read as there are, so many times")
    parser.add_argument("--max-length", type=int, default=None, help="tokens of a window (256)")
    parser.add_argument("--held-back", type=float, default=None, help="share of the texts to choose the weights on")
    parser.add_argument("--limit", type=int, default=None, help="texts of a set at most, for a trial")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the recipe from the command line; returns the exit code."""
    return run_recipe(lambda: {"held back": train(parse(argv))})


if __name__ == "__main__":
    sys.exit(main())
