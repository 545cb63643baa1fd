"""How a classifier is fitted: the choices that follow from the data's size unless the caller makes them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from slmkit.errors import InputError

if TYPE_CHECKING:
    from slmkit.model.config import ModelConfig

Method = Literal["tune", "contrastive", "linear", "static"]
METHODS = ("auto", "tune", "contrastive", "linear", "static")
Start = Literal["auto", "encoder", "vectors"]
STARTS = ("auto", "encoder", "vectors")

DEPTH = 4  # layers of a branch: six of them say nothing more of a class (SST-2 dev 86.5 with either)
FEW = 16  # up to so many examples a class, pairs teach more than single texts
HELD_BACK = 0.1
LARGEST_HELD_BACK = 2000
SMALLEST_HELD_BACK = 20  # a smaller part would only add noise to the choice of the best weights
STEP_TOKENS = 2048
SMALLEST_STEP = 16  # texts
# Short titles need every word (8,000 of THUCNews: 87.4 with hidden ones, 87.5 without), leanings are told surer without
# trust in single ones (SST-2: 88.6 against 88.1, loss .332 against .366).
WORD_DROPOUT: dict[Start, float] = {"encoder": 0.1, "vectors": 0.0}
PAIR_BATCH = 64  # texts a step of method "contrastive", at most
PAIR_STEPS = 60  # at least, however few the texts are


@dataclass(frozen=True)
class Recipe:
    """The settings of one fit, all of them decided.

    Attributes:
        method: "tune" (branch and head by cross-entropy), "contrastive" (branch by pairs, then a logistic head),
            "linear" (a logistic head on untouched vectors) or "static" (the same on static vectors).
        depth: layers of the branch. start: what they begin as: the encoder's top layers, or those that make sentence
            vectors; "auto" leaves it to ``starting.choose_start``. epochs: passes over the training part.
        learning_rate: peak of the branch's topmost layer. head_learning_rate: peak of the head.
        layer_decay: factor on the rate from each layer to the one below. step_tokens: tokens of an optimiser step.
        held_back: share of the texts that is kept for early stopping and calibration. patience: epochs without a
            better score before training ends. word_dropout: share of the tokens that are hidden; None leaves it to
            ``started``. max_length: tokens of a window; 0 where there are none. ngrams: see ``Classifier``.
        seed: of everything random.
    """

    method: Method
    depth: int
    start: Start
    epochs: int
    learning_rate: float
    head_learning_rate: float
    layer_decay: float
    step_tokens: int
    held_back: float
    patience: int
    dropout: float
    word_dropout: float | None
    label_smoothing: float
    max_length: int
    ngrams: bool
    seed: int

    def started(self, start: Start) -> Recipe:
        """The recipe once it is known what the branch begins as."""
        hidden = WORD_DROPOUT.get(start, 0.0) if self.word_dropout is None else self.word_dropout
        return replace(self, start=start, word_dropout=hidden)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, kept with the model."""
        return asdict(self)

    def budget(self, train: int, held: int, steps: int) -> str:
        """What a fit says before it starts."""
        return (
            f"method {self.method}: {train:,} texts, {held:,} held back; {steps:,} steps in at most {self.epochs} "
            f"epochs, branch of {self.depth} layers, rate {self.learning_rate:g}"
        )


def examples_per_class(classes: np.ndarray) -> float:
    """The median number of examples of a class: class numbers ``(n,)``, or 0 and 1 ``(n, k)``."""
    counts = np.bincount(classes) if classes.ndim == 1 else classes.sum(0)
    return float(np.median(counts[counts > 0])) if counts.any() else 0.0


def choose(
    config: ModelConfig | None,
    classes: np.ndarray,
    tokens: float,
    *,
    method: str,
    depth: int | None,
    start: str,
    epochs: int | None,
    learning_rate: float | None,
    step_tokens: int | None,
    held_back: float | None,
    patience: int | None,
    dropout: float,
    word_dropout: float | None,
    label_smoothing: float,
    max_length: int | None,
    ngrams: bool,
    seed: int,
) -> Recipe:
    """Decide what the caller left open.

    Args:
        config: of the core; None for static vectors. classes: class numbers ``(n,)``, or 0 and 1 ``(n, k)``.
        tokens: mean of a text.
        method, depth, start, epochs, learning_rate, step_tokens, held_back, patience, max_length: "auto" or None where
            open; ``start`` stays so.
        dropout, word_dropout, label_smoothing, ngrams, seed: taken as they are.

    Raises:
        InputError: an argument is out of range.
    """
    multi, n = classes.ndim == 2, len(classes)
    chosen = _method(method, classes, multi, static=config is None)
    rates = {"tune": 3e-4, "contrastive": 1e-4, "linear": 0.0, "static": 0.0}
    if config is None or chosen == "linear":
        depth = 0
    elif depth is None:
        depth = min(DEPTH, config.encoder.layers - config.trunk)
    if max_length is None:
        max_length = min(256, config.encoder.positions) if config is not None else 0
    recipe = Recipe(
        method=chosen,
        depth=depth,
        start=start,  # type: ignore[arg-type]  # checked below
        epochs=epochs if epochs is not None else default_epochs(chosen, n),
        learning_rate=learning_rate if learning_rate is not None else rates[chosen],
        head_learning_rate=2e-3,
        layer_decay=0.9,
        step_tokens=step_tokens if step_tokens is not None else default_step_tokens(n, tokens),
        held_back=held_back if held_back is not None else default_held_back(chosen, n),
        patience=patience if patience is not None else 3,
        dropout=dropout,
        word_dropout=word_dropout,
        label_smoothing=label_smoothing,
        max_length=max_length,
        ngrams=ngrams,
        seed=seed,
    )
    _check(recipe, config)
    return recipe


def default_epochs(method: Method, n: int) -> int:
    """Small sets are read more often: about 25,000 texts in all, within 3 to 20 epochs; pairs at least 12 times."""
    if method == "contrastive":
        return max(12, round(PAIR_STEPS * PAIR_BATCH / max(n, PAIR_BATCH)))
    return int(np.clip(round(25_000 / max(n, 1)), 3, 20))


def default_step_tokens(n: int, tokens: float) -> int:
    """About 2,048 tokens a step; fewer for tiny sets, so that an epoch has steps; never under 16 texts."""
    texts = min(STEP_TOKENS / max(tokens, 1.0), n / 40)
    return int(max(texts, SMALLEST_STEP) * max(tokens, 1.0))


def default_held_back(method: Method, n: int) -> float:
    """A tenth, at most 2,000 texts; nothing of a set so small that the part would say little."""
    if method == "contrastive" or n * HELD_BACK < SMALLEST_HELD_BACK:
        return 0.0
    return min(HELD_BACK, LARGEST_HELD_BACK / n)


def _method(method: str, classes: np.ndarray, multi: bool, *, static: bool) -> Method:
    if method not in METHODS:
        raise InputError(f"method {method!r} is not known; give one of {', '.join(METHODS)}")
    if static and method in ("auto", "static"):
        return "static"
    if static:
        raise InputError(f"method={method!r} needs the core, and slm has static vectors only; use method='static'")
    if multi and method == "contrastive":
        raise InputError("method='contrastive' needs one label a text; use 'tune' or 'linear' with multi_label=True")
    if method != "auto":
        return method  # type: ignore[return-value]
    each = examples_per_class(classes)
    if multi or each > FEW:
        return "tune"
    return "contrastive" if each >= 2 else "linear"  # a single example a class makes no pair


def _check(recipe: Recipe, config: ModelConfig | None) -> None:
    rules = [
        *(_depth_rules(recipe, config) if config is not None else []),
        (recipe.start in STARTS, f"start {recipe.start!r} is not known; give one of {', '.join(STARTS)}"),
        (recipe.epochs >= 1, f"epochs {recipe.epochs}: give at least 1"),
        (
            recipe.learning_rate > 0 or recipe.method in ("linear", "static"),
            f"learning_rate {recipe.learning_rate}: give a positive number",
        ),
        (recipe.step_tokens >= 1, f"batch_tokens {recipe.step_tokens}: give at least 1"),
        (0 <= recipe.held_back < 1, f"validation_fraction {recipe.held_back}: give 0 to 1, below 1"),
        (recipe.patience >= 1, f"patience {recipe.patience}: give at least 1"),
        (0 <= recipe.dropout < 1, f"dropout {recipe.dropout}: give 0 to 1, below 1"),
        (0 <= (recipe.word_dropout or 0) < 1, f"word_dropout {recipe.word_dropout}: give 0 to 1, below 1"),
        (0 <= recipe.label_smoothing < 1, f"label_smoothing {recipe.label_smoothing}: give 0 to 1, below 1"),
    ]
    for holds, message in rules:
        if not holds:
            raise InputError(message)


def _depth_rules(recipe: Recipe, config: ModelConfig) -> list[tuple[bool, str]]:
    positions, own = config.encoder.positions, config.vectors
    as_vectors = recipe.start == "vectors" or (recipe.start == "auto" and recipe.method == "contrastive" and own)
    layers = config.trunk + own if as_vectors else config.encoder.layers
    return [
        (0 <= recipe.depth <= layers, f"depth {recipe.depth}: the core has {layers} layers, give 0 to {layers}"),
        (
            recipe.start != "vectors" or recipe.depth >= own,
            f"depth {recipe.depth}: give at least {own}, the layers of the sentence vectors, or start='encoder'",
        ),
        (recipe.method != "contrastive" or recipe.depth > 0, "depth 0 leaves nothing to tune; use method='linear'"),
        (4 <= recipe.max_length <= positions, f"max_length {recipe.max_length}: give 4 to {positions}"),
    ]
