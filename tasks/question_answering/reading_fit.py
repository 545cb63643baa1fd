"""From questions, passages and answers to a fitted reader."""

from __future__ import annotations

import hashlib
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.model.branch import Branch
from slmkit.tasks.fit_report import Report
from slmkit.tasks.inputs import rows_named
from slmkit.tasks.kept_fit import Looks, descend, steps_of
from slmkit.tasks.question_answering.held_back import Held
from slmkit.tasks.question_answering.lessons import Lessons, Piece, pieces
from slmkit.tasks.question_answering.negatives import mine
from slmkit.tasks.question_answering.reading_model import ReadingModel
from slmkit.tasks.question_answering.reading_network import ReadingNetwork
from slmkit.tasks.question_answering.reading_recipe import ReadingRecipe
from slmkit.tasks.question_answering.reading_rows import Taught
from slmkit.training.drawing import SMALLEST, hold_back
from slmkit.training.kept import Kept
from slmkit.training.states import TrunkStates, text_batches

_RATES = {"head.": 5.0}  # factor on the learning rate

Batch = tuple[TrunkStates, Piece, np.ndarray]


def fit_reader(
    slm: SLM,
    taught: Taught,
    recipe: ReadingRecipe,
    *,
    weights: np.ndarray | None = None,
    others: Sequence[Sequence[str]] | None = None,
    begin: ReadingModel | None = None,
    folder: Path | None = None,
    verbose: int = 0,
) -> ReadingModel:
    """Fit a branch and a span head.

    Args:
        slm: the core. taught: what to learn from. recipe: settings.
        weights: how often each row of ``taught`` is read, beside the others ``(n,)``; None for all alike.
        others: for each row of ``taught``, passages that do not answer it; None has them looked for, where the recipe
            says so.
        begin: a reader whose branch and head are where this one starts; None starts from the core.
        folder: where the run is kept, to go on from; None keeps nothing. verbose: 1 shows progress on stderr.

    Raises:
        InputError: there is nothing to learn from, a setting is out of range, or ``begin`` has another depth or core.
        CheckpointError: the folder holds another fit.
    """
    if not taught.questions:
        raise InputError(
            "there is nothing to learn from: no row has an answer that stands in its passage, or none at all"
        )
    recipe = recipe.settled(len(taught.questions), slm)
    if begin is not None:
        _check_begin(begin, slm, recipe)
    with Report(verbose) as report, torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        report.stage("reading the passages")
        lessons = _lessons(slm, taught, recipe, others)
        rows = _usable(lessons, taught)
        weights = np.ones(len(lessons)) if weights is None else np.asarray(weights, dtype=np.float64)
        train, held = hold_back([taught.passages[i] for i in rows], weights[rows], recipe.held_back, recipe.seed)
        train, held = rows[train], rows[held]
        network = ReadingNetwork(Branch.on(slm, recipe.depth, dropout=recipe.dropout), slm.config.encoder.width)
        if begin is not None:
            network.load_state_dict(begin.float_state())
        kept = Kept(folder, _about_fit(slm, taught, weights, recipe, begin), scales=_RATES)
        judge = Held(slm, lessons, held, depth=recipe.depth, seed=recipe.seed) if len(held) else None
        looks = Looks(network, report, kept, None if judge is None else lambda: judge.look(network))
        own = weights[train] / max(float(weights[train].mean()), 1e-12)
        batches = partial(_batches, slm, lessons, train, own, recipe)
        report.stage(f"{len(train):,} questions, {len(held):,} held back")
        interrupted = _descend(network, batches, _steps(lessons, train, own, recipe), recipe, looks)
    looks.put_back()
    temperature, threshold = 1.0, 0.5  # where too few are held back
    if judge is not None and len(judge) >= SMALLEST:
        temperature, threshold = judge.calibrate(judge.places(network))
    about = {
        "rows": len(train),
        "held_back": len(held),
        "left_out": len(taught.questions) + len(taught.left_out) - len(rows),
        "recipe": recipe.to_dict(),
        "begin": None if begin is None else {"fingerprint": begin.fingerprint, **_made(begin)},
        "history": looks.history,
        "interrupted": interrupted,
    }
    return ReadingModel(
        slm,
        network.pack(),
        depth=recipe.depth,
        sizes=recipe.sizes,
        temperature=temperature,
        threshold=threshold,
        about=about,
    )


def _check_begin(begin: ReadingModel, slm: SLM, recipe: ReadingRecipe) -> None:
    if begin.slm.fingerprint != slm.fingerprint:
        raise InputError("the reader to begin with was fitted on another core; load it on this one or leave it out")
    if begin.depth != recipe.depth:
        raise InputError(f"depth {recipe.depth}: the reader to begin with has {begin.depth} layers; give that")


def _made(begin: ReadingModel) -> dict[str, Any]:
    """How the reader that was begun with was made, without what only matters to itself."""
    return {name: value for name, value in begin.about.items() if name not in ("settings", "history")}


def _lessons(slm: SLM, taught: Taught, recipe: ReadingRecipe, others: Sequence[Sequence[str]] | None) -> Lessons:
    if others is None:
        others = [()] * len(taught.questions)
        if recipe.mine:
            answers = [[text[a:b] for a, b in spans] for text, spans in zip(taught.passages, taught.spans, strict=True)]
            others = mine(taught.questions, taught.passages, answers)
    return Lessons(
        slm.tokenizer,
        taught.questions,
        taught.passages,
        taught.spans,
        others,
        sizes=recipe.sizes,
        abstain=recipe.abstain,
    )


def _usable(lessons: Lessons, taught: Taught) -> np.ndarray:
    """Rows that can be learned from; a warning names the others."""
    usable = np.array([lessons.has_lesson(row) for row in range(len(lessons))])
    for what, bad in (
        ("no answer that is given stands in the passage", taught.left_out),
        ("the answer is too long for a window", [taught.rows[i] for i in np.flatnonzero(~usable)]),
    ):
        if bad:
            warnings.warn(f"{rows_named(bad)}: {what}; left out of training", stacklevel=4)
    if not usable.any():
        raise InputError("there is nothing to learn from: every answer is longer than a window; raise max_length")
    return np.flatnonzero(usable)


def _batches(
    slm: SLM, lessons: Lessons, rows: np.ndarray, weights: np.ndarray, recipe: ReadingRecipe
) -> Iterator[Batch]:
    """Batches of draws, without end."""
    for number, piece in enumerate(pieces(lessons, rows, weights, recipe.seed)):
        # Other windows are drawn in every epoch, so that there is nothing to keep.
        states = TrunkStates(slm, piece.windows, upto=slm.config.encoder.layers - recipe.depth, limit=0)
        rng = np.random.default_rng([recipe.seed, 2, number])
        for draws in text_batches(states.text_lengths(), recipe.batch_tokens, rng):
            yield states, piece, draws


def _steps(lessons: Lessons, rows: np.ndarray, weights: np.ndarray, recipe: ReadingRecipe) -> int:
    """How many steps the epochs are, told from the first draws."""
    lengths = _text_lengths(next(pieces(lessons, rows, weights, recipe.seed)))
    batches = sum(1 for _ in text_batches(lengths, recipe.batch_tokens, np.random.default_rng(recipe.seed)))
    return max(1, math.ceil((recipe.epochs or 1) * batches * max(1.0, len(rows) / len(lengths))))


def _text_lengths(piece: Piece) -> np.ndarray:
    windows = piece.windows
    return np.bincount(windows.text_index, windows.lengths, minlength=windows.n_texts).astype(np.int64)


def _descend(
    network: ReadingNetwork, batches: Callable[[], Iterator[Batch]], most: int, recipe: ReadingRecipe, looks: Looks
) -> bool:
    """Train, for ``most`` steps unless that takes too long; returns whether the caller stopped it."""

    def losses() -> Iterator[Tensor]:
        return (network.loss(*batch) for batch in batches())

    network.train()
    steps = steps_of(looks.kept, network, most, losses, recipe.minutes)
    looks.report.budget(
        f"{steps:,} steps of {recipe.batch_tokens:,} tokens in at most {recipe.epochs} epochs, branch of "
        f"{recipe.depth} layers, rate {recipe.learning_rate:g}",
        steps,
    )
    return descend(
        looks,
        batches(),
        lambda batch: network.loss(*batch),
        steps=steps,
        learning_rate=recipe.learning_rate,
        seed=recipe.seed,
    )


def _about_fit(
    slm: SLM, taught: Taught, weights: np.ndarray, recipe: ReadingRecipe, begin: ReadingModel | None
) -> dict[str, Any]:
    """What tells one fit from another: the core, the beginning, the rows and the settings, but not its minutes."""
    digest = hashlib.sha256(weights.tobytes())
    for row in zip(taught.questions, taught.passages, taught.spans, strict=True):
        digest.update(repr(row).encode("utf-8", "surrogatepass"))
    settings = {name: value for name, value in recipe.to_dict().items() if name != "minutes"}
    begun = None if begin is None else begin.fingerprint
    return {"core": slm.fingerprint, "begin": begun, "rows": digest.hexdigest(), "recipe": settings}
