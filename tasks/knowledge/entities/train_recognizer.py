"""The recipe of the shipped recognizer's weights: ``python -m slmkit.tasks.knowledge.entities.train_recognizer``.

In each step one of the sets of ``sources`` is drawn, some of its texts, and the types that are looked for in them: its
own, or the general ones, in one of their wordings, and now and then types that are not there. So one training makes
the recognizer that ships and the one that looks for types by name. It is tried on the sets that it never sees.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from slmkit.core import load
from slmkit.errors import DataError, InputError
from slmkit.pretraining.sources import read_text
from slmkit.tasks.knowledge.entities.calibration import Judged
from slmkit.tasks.knowledge.entities.inventories import GENERAL, inventory
from slmkit.tasks.knowledge.entities.offers import Offer, Shelf, general_offer, named_offer
from slmkit.tasks.knowledge.entities.open_fit import OpenNetwork, follow, judged, pooled
from slmkit.tasks.knowledge.entities.recipe import RecognizerRecipe
from slmkit.tasks.knowledge.entities.sources import SOURCES, Lesson, column_lessons, load_source, token_lessons
from slmkit.tasks.recipe_commands import recipe_parser, run_recipe
from slmkit.training.loop import Schedule, steps_begun, steps_in

UNSEEN: dict[str, Callable[[Path], Iterator[Lesson]]] = {
    "resume-ner": lambda data: iter(column_lessons(read_text(data / "zh/resume-ner/dev.char.bmes"))),
    "ade": lambda data: iter(token_lessons(read_text(data / "en/ade/valid.ADE0.json"))),
}
"""Dev sets of types that training does not see, to try types by name on."""


def gather(arguments: argparse.Namespace) -> list[Shelf]:
    """Read the sets.

    Raises:
        DataError: a file is missing, or not what is expected.
        InputError: no set is left.
    """
    chosen = [source for source in SOURCES if source.name not in arguments.without]
    if not chosen:
        raise InputError("no set is left to learn from; leave one of them in")
    rng = np.random.default_rng(arguments.seed)
    shelves = []
    for source in chosen:
        lessons = load_source(source, arguments.data_dir)
        if arguments.limit is not None and arguments.limit < len(lessons):
            lessons = [lessons[i] for i in np.sort(rng.permutation(len(lessons))[: arguments.limit])]
        shelves.append(Shelf.of(source, lessons, held=arguments.held_back, seed=arguments.seed))
    return shelves


def drawing(shelves: Sequence[Shelf], tokens: int, seed: int) -> Callable[[int], Offer]:
    """What each step learns from, by its number alone."""
    weights = np.array([shelf.weight for shelf in shelves])

    def draw(step: int) -> Offer:
        rng = np.random.default_rng([seed, step])
        return shelves[int(rng.choice(len(shelves), p=weights / weights.sum()))].draw(tokens, rng)

    return draw


def wordings(shelves: Sequence[Shelf]) -> list[str]:
    """All words that the types of these sets may be offered in."""
    found = [word for words in GENERAL.values() for word in words.split("|")]
    for shelf in shelves:
        found += [word for named in inventory(shelf.source.name).values() for word in (*named.en, *named.zh)]
        found += shelf.source.absent
    return found


def train(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run the recipe; returns F1 on the held-back part of each set and on sets that were not seen."""
    slm, shelves = load(arguments.core), gather(arguments)
    recipe = RecognizerRecipe(
        head=arguments.head,
        depth=arguments.depth,
        epochs=1,
        learning_rate=arguments.learning_rate,
        batch_tokens=arguments.batch_tokens,
        max_length=arguments.max_length,
        held_back=0.0,
        minutes=arguments.minutes,
        seed=arguments.seed,
    ).settled(1, 1.0, slm)
    draw = drawing(shelves, arguments.batch_tokens, recipe.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = OpenNetwork(slm, recipe, wordings(shelves))
        steps = _steps(network, draw, arguments)
        sys.stderr.write(
            f"{sum(len(shelf.lessons) for shelf in shelves):,} texts of {len(shelves)} sets; {steps:,} steps of about "
            f"{arguments.batch_tokens:,} tokens, head {recipe.head}, branch of {recipe.depth} layers, rate "
            f"{recipe.learning_rate:g}\n"
        )
        schedule = Schedule(steps, recipe.learning_rate)
        follow(network, draw, schedule, folder=arguments.run, seed=recipe.seed)
    sets = [
        {"name": s.source.name, "licence": s.source.licence, "rows": len(s.lessons), "share": s.source.share}
        for s in shelves
    ]
    about: dict[str, Any] = {"recipe": recipe.to_dict(), "steps": steps, "sets": sets, "history": []}
    network.model(about=about).save(arguments.out)  # hours of training are not lost to what comes after
    return _finish(network, shelves, arguments, about)


def _finish(
    network: OpenNetwork, shelves: Sequence[Shelf], arguments: argparse.Namespace, about: dict[str, Any]
) -> dict[str, Any]:
    """Calibrate on what was held back, try it on what was not seen, and write it."""
    model = network.model(about=about)
    general = {
        shelf.source.name: judged(model, offer)
        for shelf in shelves
        if shelf.held and (offer := general_offer(shelf.source, shelf.held)) is not None
    }
    calibration = pooled(list(general.values())).calibrated()
    named = {s.source.name: judged(model, named_offer(s.source.name, s.held)) for s in shelves if s.held}
    facts: dict[str, Any] = {"held_back": {"general": _told(general), "own types": _told(named)}}
    network.model(calibration, {**about, **facts}).save(arguments.out)
    if arguments.dev:
        facts["unseen, by name"] = _told(
            {name: judged(model, named_offer(name, _unseen(arguments, name))) for name in UNSEEN}
        )
        network.model(calibration, {**about, **facts}).save(arguments.out)
    return facts


def _unseen(arguments: argparse.Namespace, name: str) -> list[Lesson]:
    try:
        found = list(UNSEEN[name](arguments.data_dir))
    except (OSError, ValueError, IndexError) as error:
        raise DataError(f"{name} in {arguments.data_dir} cannot be read: {error!r}") from error
    order = np.random.default_rng(arguments.seed).permutation(len(found))[: arguments.dev]
    return [found[i] for i in order]


def _told(sets: dict[str, Judged]) -> dict[str, dict[str, float]]:
    """F1 at the best threshold of each set alone, and how many spans are there."""
    return {name: {"best_f1": round(each.best()[0], 4), "spans": each.there} for name, each in sets.items()}


def _steps(network: OpenNetwork, draw: Callable[[int], Offer], arguments: argparse.Namespace) -> int:
    """How many steps there will be; a run that was begun keeps its number."""
    begun = steps_begun(arguments.run) if arguments.run else None
    if begun is not None or arguments.minutes is None:
        return begun or arguments.steps
    return min(arguments.steps, steps_in(arguments.minutes, network, (network.loss(draw(step)) for step in range(3))))


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    names = [source.name for source in SOURCES]
    parser = recipe_parser("train_recognizer", __doc__, names, depth=6, batch_tokens=2048)
    parser.add_argument("--steps", type=int, default=8000, help="steps at most")
    parser.add_argument("--head", choices=("pointer", "tagger", "both"), default="both")
    parser.add_argument("--max-length", type=int, default=None, help="tokens of a window (256)")
    parser.add_argument("--held-back", type=int, default=400, help="texts of a set, for calibration")
    parser.add_argument("--limit", type=int, default=None, help="texts of a set at most, for a trial")
    parser.add_argument("--dev", type=int, default=400, help="texts of each unseen set to try it on; 0: none")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the recipe from the command line; returns the exit code."""
    return run_recipe(lambda: train(parse(argv)))


if __name__ == "__main__":
    sys.exit(main())
