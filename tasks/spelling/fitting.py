"""From lessons to a fitted speller."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from slmkit import checkpoint
from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.model.branch import Branch
from slmkit.tasks.fit_report import Report
from slmkit.tasks.spelling.calibrate import judge, temperature_of, thresholds_of
from slmkit.tasks.spelling.candidates import Candidates
from slmkit.tasks.spelling.counting import counted, grown, lists_of
from slmkit.tasks.spelling.guard import Guard
from slmkit.tasks.spelling.lessons import Lesson, gold_of, lesson_of, taught_by
from slmkit.tasks.spelling.lists import Lists
from slmkit.tasks.spelling.network import LAYERS, SCORER, SpellingNetwork, surprise
from slmkit.tasks.spelling.recipe import SpellingRecipe
from slmkit.tasks.spelling.slate import Slate, locate
from slmkit.tasks.spelling.slots import Chunk, Slotter
from slmkit.tasks.spelling.spelling_model import SpellingModel
from slmkit.training.loop import Descent, Run, Schedule, steps_in
from slmkit.training.states import TrunkStates, text_batches

RATES = {SCORER: 5.0}  # factor on the learning rate


@dataclass(frozen=True)
class Piece:
    """Chunks of lessons, ready to be learned from.

    Attributes:
        chunks: each with a slot whose right candidate is known. gold: see ``gold_of``, for each chunk.
        states: the trunk's.
    """

    chunks: list[Chunk]
    gold: list[list[int]]
    states: TrunkStates

    @classmethod
    def of(cls, slm: SLM, slotter: Slotter, lessons: Sequence[Lesson], *, upto: int, keep: bool) -> Piece | None:
        """Make it; None where there is nothing to learn.

        Args:
            slm: the core. slotter: what candidates come from. lessons: what was typed. upto: layers of the trunk.
            keep: keep the trunk's states for the next time.
        """
        chunks, gold = [], []
        for lesson in lessons:
            own = slotter.chunks(lesson.text)
            for chunk, each in zip(own, gold_of(lesson, own), strict=True):
                if any(number >= 0 for number in each):
                    chunks.append(chunk)
                    gold.append(each)
        if not chunks:
            return None
        texts = [chunk.text for chunk in chunks]
        states = TrunkStates(slm, texts, upto=upto) if keep else TrunkStates(slm, texts, upto=upto, limit=0)
        return cls(chunks, gold, states)

    def loss(self, network: SpellingNetwork, slm: SLM, lists: Lists, rows: np.ndarray) -> Tensor:
        """Mean surprise at the right candidates of these chunks."""
        inputs, mask, owner, numbers = self.states.batch(rows)
        chosen = [self.chunks[row] for row in rows]
        windows = self.states.windows
        here = np.zeros(windows.n_texts, dtype=np.int64)
        here[rows] = np.arange(len(rows))
        where = locate(chosen, windows, numbers, of_text=here)
        slate = Slate.of([slot for chunk in chosen for slot in chunk.slots], lists.bigrams, slm.tokenizer)
        scores, _ = network(inputs, mask, where, slate, slm.encoder.words.weight)
        return surprise(scores, torch.tensor([number for row in rows for number in self.gold[row]]))


def fit_speller(
    slm: SLM,
    wrong: Sequence[str],
    right: Sequence[str],
    recipe: SpellingRecipe,
    *,
    start: SpellingModel | None = None,
    verbose: int = 0,
) -> SpellingModel:
    """Fit branch and scorer to pairs.

    Args:
        slm: the core. wrong: texts as typed. right: each as it should be. recipe: settings.
        start: a speller to go on from, whose depth and rank count; None begins with the core's own top layers and lists
            counted from ``right``.
        verbose: 1 shows progress on stderr.

    Raises:
        InputError: there is nothing to learn from, or a setting is out of range.
    """
    lessons = [lesson_of(*pair) for pair in zip(wrong, right, strict=True)]
    if not any(lesson.edits for lesson in lessons):
        raise InputError(
            "there is nothing to learn from: no pair differs by a word or a character that stands for another"
        )
    if start is not None:
        recipe = replace(recipe, depth=start.depth, rank=start.rank)
    recipe = recipe.settled(len(lessons), slm)
    order = np.random.default_rng(recipe.seed).permutation(len(lessons))
    count = int(len(lessons) * (recipe.held_back or 0))
    held, taught = [lessons[i] for i in sorted(order[:count])], [lessons[i] for i in sorted(order[count:])]
    lists = _lists(taught, start).with_taught(taught_by(taught))
    # What is right is learned too, or everything that is ever wrong would look wrong.
    taught += [Lesson(text) for text in dict.fromkeys(lesson.right for lesson in taught if lesson.edits)]
    held += [Lesson(text) for text in dict.fromkeys(lesson.right for lesson in held if lesson.edits)]
    slotter = Slotter(Candidates(lists), Guard())
    with Report(verbose) as report, torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = begun(slm, recipe, start)
        report.stage("reading the lessons")
        piece = Piece.of(slm, slotter, taught, upto=slm.config.encoder.layers - recipe.depth, keep=True)
        if piece is None:
            raise InputError("there is nothing to learn from: no place of the texts may be changed")
        history = _descend(network, slm, lists, piece, recipe, report)
    about = {"rows": len(lessons), "held_back": len(held), "recipe": recipe.to_dict(), "history": history}
    about |= {"from": start.fingerprint} if start is not None else {}
    return calibrated(made_model(slm, lists, network, recipe, about), slotter, held, start)


def begun(slm: SLM, recipe: SpellingRecipe, start: SpellingModel | None) -> SpellingNetwork:
    """The network to be fitted, with the weights of ``start`` if it is given."""
    made = SpellingNetwork(Branch.on(slm, recipe.depth, dropout=recipe.dropout), slm.config.encoder.width, recipe.rank)
    if start is not None:
        unpacked = checkpoint.unpack(start.tensors)
        made.load_state_dict({f"branch.{n}" if n.startswith(LAYERS) else n: value for n, value in unpacked.items()})
    return made


def made_model(
    slm: SLM, lists: Lists, network: SpellingNetwork, recipe: SpellingRecipe, about: dict[str, Any]
) -> SpellingModel:
    """The model of a fitted network, not calibrated yet."""
    return SpellingModel(slm, lists, network.pack(), depth=recipe.depth, rank=recipe.rank, about=about)


def calibrated(
    model: SpellingModel, slotter: Slotter, held: Sequence[Lesson], start: SpellingModel | None = None
) -> SpellingModel:
    """The model with temperature and thresholds by the held-back lessons; without any, with those of ``start``."""
    temperature, thresholds = (start.temperature, start.thresholds) if start is not None else (1.0, None)
    if held:
        judged = judge(model, slotter, held)
        temperature = temperature_of(judged)
        thresholds = thresholds_of(judged, temperature, thresholds)
    return SpellingModel(
        model.slm,
        model.lists,
        model.tensors,
        depth=model.depth,
        rank=model.rank,
        temperature=temperature,
        thresholds=thresholds,
        about=model.about,
    )


def follow(
    network: SpellingNetwork,
    loss: Callable[[int], Tensor],
    schedule: Schedule,
    *,
    folder: Path | None = None,
    report: Report | None = None,
    seed: int = 0,
) -> None:
    """Minimise ``loss(step)``; with a folder the run goes on where it was cut off.

    Args:
        network: what learns. loss: of a step, which must depend on the step's number alone.
        schedule: steps and rates. folder: of the run. report: progress, where there is no folder. seed: of dropout.
    """

    def seeded(step: int) -> Tensor:
        torch.manual_seed(seed * 1_000_003 + step)  # what a resumed run draws is what it would have
        return loss(step)

    network.train()
    if folder is not None:
        Run(network, schedule, folder, scales=RATES).train(lambda step: {"surprise": seeded(step)})
        return
    descent = Descent(network, schedule, RATES)
    while descent.done < schedule.steps:
        value = seeded(descent.done)
        descent.step(value)
        if report is not None:
            report.step(descent.done, value)


def _descend(
    network: SpellingNetwork, slm: SLM, lists: Lists, piece: Piece, recipe: SpellingRecipe, report: Report
) -> list[dict[str, float]]:
    """Train on one piece; returns the mean loss of each epoch."""
    batches = list(_batches(piece, recipe))
    losses: list[float] = []

    def loss(step: int) -> Tensor:
        value = piece.loss(network, slm, lists, batches[step])
        losses.append(float(value.detach()))
        return value

    steps = len(batches)
    if recipe.minutes is not None:
        steps = min(steps, steps_in(recipe.minutes, network, (loss(step) for step in range(steps))))
        losses.clear()
    report.budget(
        f"{len(piece.chunks):,} chunks, {steps:,} steps of {recipe.batch_tokens:,} tokens in at most {recipe.epochs} "
        f"epochs, branch of {recipe.depth} layers, rate {recipe.learning_rate:g}",
        steps,
    )
    try:
        follow(network, loss, Schedule(steps, recipe.learning_rate), report=report, seed=recipe.seed)
    except KeyboardInterrupt:
        warnings.warn(f"fit was interrupted after step {len(losses)} of {steps}; what it learned is kept", stacklevel=5)
    size = max(1, math.ceil(len(losses) / (recipe.epochs or 1)))
    return [
        {"step": at + len(part), "surprise": round(float(np.mean(part)), 5)}
        for at in range(0, len(losses), size)
        if (part := losses[at : at + size])
    ]


def _batches(piece: Piece, recipe: SpellingRecipe) -> Iterator[np.ndarray]:
    lengths = piece.states.text_lengths()
    for epoch in range(recipe.epochs or 1):
        yield from text_batches(lengths, recipe.batch_tokens, np.random.default_rng([recipe.seed, epoch]))


def _lists(lessons: Sequence[Lesson], start: SpellingModel | None) -> Lists:
    """What candidates are made from: the texts as they should be."""
    counts = counted(lesson.right for lesson in lessons)
    return lists_of(counts) if start is None else grown(start.lists, counts)
