"""The recipe of the shipped speller's weights: ``python -m slmkit.tasks.spelling.train_speller``.

Counts word list, character list and bigrams on three quarters of the raw documents, puts errors into sentences of the
last quarter, anew in each step, with Chinese sentences of learners beside them, and writes a speller whose thresholds
are chosen on sentences that it never saw.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from slmkit.core import SLM, load
from slmkit.errors import DataError
from slmkit.tasks.recipe_commands import recipe_parser, run_recipe
from slmkit.tasks.spelling.calibrate import judge, temperature_of, told, worth_looking
from slmkit.tasks.spelling.candidates import Candidates
from slmkit.tasks.spelling.fitting import Piece, begun, calibrated, follow, made_model
from slmkit.tasks.spelling.guard import Guard
from slmkit.tasks.spelling.lessons import Lesson
from slmkit.tasks.spelling.material import Material, gather
from slmkit.tasks.spelling.network import SpellingNetwork
from slmkit.tasks.spelling.recipe import SpellingRecipe
from slmkit.tasks.spelling.slots import Slotter
from slmkit.tasks.spelling.sources import PAIRS, RAW
from slmkit.tasks.spelling.spelling_model import SpellingModel
from slmkit.training.loop import Schedule, steps_begun, steps_in


def train(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run the recipe; returns what the held-back sentences say of it."""
    slm = load(arguments.core)
    learned, held, about = gather(
        arguments.data_dir,
        without=arguments.without,
        characters=arguments.characters,
        folder=arguments.run,
        seed=arguments.seed,
    )
    if not learned.english and not learned.chinese:
        raise DataError(f"{arguments.data_dir} has no text that is left to learn from")
    recipe = SpellingRecipe(
        depth=arguments.depth,
        rank=arguments.rank,
        epochs=1,
        learning_rate=arguments.learning_rate,
        batch_tokens=arguments.batch_tokens,
        held_back=0.0,
        minutes=arguments.minutes,
        seed=arguments.seed,
    ).settled(1, slm)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = begun(slm, recipe, None)
        _descend(network, slm, learned, recipe, arguments)
    about |= {"recipe": recipe.to_dict(), "rows": about["texts"], "history": []}
    model = made_model(slm, learned.lists, network, recipe, about)
    model.save(arguments.out)  # before anything is measured: hours of training are not lost to what comes after
    model, facts = finished(model, held.held_back(arguments.held_back, recipe.seed))
    model.save(arguments.out, held_back=facts)
    return facts


def finished(model: SpellingModel, held: Sequence[Lesson]) -> tuple[SpellingModel, dict[str, Any]]:
    """The model without confusions that nothing bears out, calibrated, and what held-back lessons say of it."""
    slotter = Slotter(Candidates(model.lists), Guard())
    judged = judge(model, slotter, held)
    temperature = temperature_of(judged)
    words = model.lists.words.pruned(worth_looking(judged, model, temperature))
    lists = replace(model.lists, words=words)
    pruned = SpellingModel(model.slm, lists, model.tensors, depth=model.depth, rank=model.rank, about=model.about)
    slotter = Slotter(Candidates(lists), Guard())
    made = calibrated(pruned, slotter, held)
    facts = told(judge(made, slotter, held), made)
    slots = {"slots_before": len(judged.slots), "slots_after": facts.pop("slots")}
    return made, {**facts, **slots, "confusions": len(words.confusions)}


def _descend(
    network: SpellingNetwork,
    slm: SLM,
    learned: Material,
    recipe: SpellingRecipe,
    arguments: argparse.Namespace,
) -> None:
    slotter, upto = Slotter(Candidates(learned.lists), Guard()), slm.config.encoder.layers - recipe.depth

    def loss(step: int) -> Tensor:
        lessons = learned.draw(step, recipe.batch_tokens, recipe.seed)
        piece = Piece.of(slm, slotter, lessons, upto=upto, keep=False)
        if piece is None:
            return sum((p.sum() * 0 for p in network.parameters()), torch.zeros(()))
        return piece.loss(network, slm, learned.lists, torch.arange(len(piece.chunks)).numpy())

    before = steps_begun(arguments.run) if arguments.run else None
    steps = before or arguments.steps
    if recipe.minutes is not None and before is None:
        steps = min(steps, steps_in(recipe.minutes, network, (loss(step) for step in range(steps))))
    sys.stderr.write(
        f"{len(learned.english):,} English and {len(learned.chinese):,} Chinese texts, {len(learned.pairs):,} pairs; "
        f"{len(learned.lists.words):,} words, {len(learned.lists.characters):,} characters, "
        f"{len(learned.lists.bigrams):,} bigrams; {steps:,} steps of about {recipe.batch_tokens:,} tokens, branch of "
        f"{recipe.depth} layers, rate {recipe.learning_rate:g}\n"
    )
    follow(network, loss, Schedule(steps, recipe.learning_rate), folder=arguments.run, seed=recipe.seed)


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    names = [source.name for source in (*RAW, *PAIRS)]
    parser = recipe_parser("train_speller", __doc__, names, depth=4, batch_tokens=4096)
    parser.add_argument("--steps", type=int, default=8000, help="steps at most")
    parser.add_argument("--rank", type=int, default=128, help="of the projections that candidates are scored in")
    parser.add_argument("--held-back", type=int, default=2000, help="texts a language that thresholds are chosen on")
    parser.add_argument("--characters", type=int, default=None, help="of each raw file at most, for a trial")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the recipe from the command line; returns the exit code."""
    return run_recipe(lambda: {"held back": train(parse(argv))})


if __name__ == "__main__":
    sys.exit(main())
