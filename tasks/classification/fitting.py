"""From texts and labels to a fitted model: checks, the choice of a recipe, the method, the result."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.static import StaticSLM
from slmkit.tasks.classification import training_set
from slmkit.tasks.classification.branch_model import BranchModel
from slmkit.tasks.classification.contrastive import contrast
from slmkit.tasks.classification.label_model import LabelModel
from slmkit.tasks.classification.labels import Labels, label_rows, read_multi, read_single
from slmkit.tasks.classification.linear import fit_linear
from slmkit.tasks.classification.recipe import FEW, Recipe, choose, examples_per_class
from slmkit.tasks.classification.split import hold_back
from slmkit.tasks.classification.starting import choose_start
from slmkit.tasks.classification.static_fit import fit_static
from slmkit.tasks.classification.static_model import StaticModel
from slmkit.tasks.classification.training_set import TrainingSet
from slmkit.tasks.classification.tuning import tune
from slmkit.tasks.fit_report import Report
from slmkit.tasks.inputs import as_texts, check_seed, rows_named
from slmkit.text.windows import beginnings

if TYPE_CHECKING:
    from slmkit.tasks.classification.classifier import Classifier

METHODS = {"tune": tune, "contrastive": contrast, "linear": fit_linear}
LONGEST = 16  # windows of a text that training reads; prediction reads them all


def fit_model(
    asked: Classifier, slm: SLM | StaticSLM, X: Any, y: Any, sample_weight: Any, validation: tuple[Any, Any] | None
) -> tuple[LabelModel, Recipe]:
    """Fit as an estimator's parameters ask; see ``Classifier.fit``."""
    texts = as_texts(X)
    described = dict(asked.descriptions or {}) if not asked.multi_label else {}
    labels, classes = read_multi(y) if asked.multi_label else read_single(y, list(described))
    _check_lengths(texts, classes)
    weights = training_set.row_weights(sample_weight, len(texts))
    if described and (_has_gaps(labels, classes) or examples_per_class(classes) <= FEW):
        texts, classes, weights = _with_descriptions(texts, classes, weights, labels, described)
    recipe = choose(
        None if isinstance(slm, StaticSLM) else slm.config,
        classes,
        _mean_tokens(slm, texts),
        method=asked.method,
        depth=asked.depth,
        start=asked.start,
        epochs=asked.epochs,
        learning_rate=asked.learning_rate,
        step_tokens=asked.batch_tokens,
        held_back=asked.validation_fraction if validation is None else 0.0,
        patience=asked.patience,
        dropout=asked.dropout,
        word_dropout=asked.word_dropout,
        label_smoothing=asked.label_smoothing,
        max_length=asked.max_length,
        ngrams=asked.ngrams,
        seed=check_seed(asked.random_state),
    )
    data = _training_set(slm, asked, labels, texts, classes, weights, validation, recipe)
    with Report(asked.verbose) as report:
        if isinstance(slm, StaticSLM):
            fitted = fit_static(slm, data, len(labels), recipe, report)
        else:
            start = recipe.start
            if start == "auto" and recipe.method != "linear":
                report.stage("choosing what the branch begins as")
                start = choose_start(slm, data, len(labels), recipe)
            recipe = recipe.started(start)
            fitted = METHODS[recipe.method](slm, data, len(labels), recipe, report)
    about = {
        "texts": len(data.train),
        "held_back": len(data.held),
        "recipe": recipe.to_dict(),
        "history": fitted.history,
        "interrupted": fitted.interrupted,
    }
    if isinstance(slm, StaticSLM):
        return StaticModel(slm, labels, fitted.tensors, temperature=fitted.temperature, about=about), recipe
    model = BranchModel(
        slm,
        labels,
        fitted.tensors,
        depth=fitted.depth,
        upto=fitted.upto,
        max_length=recipe.max_length,
        normalise=fitted.normalise,
        temperature=fitted.temperature,
        about=about,
    )
    return model, recipe


def _training_set(
    slm: SLM | StaticSLM,
    asked: Classifier,
    labels: Labels,
    texts: list[str],
    classes: np.ndarray,
    weights: np.ndarray,
    validation: tuple[Any, Any] | None,
    recipe: Recipe,
) -> TrainingSet:
    train, held = hold_back(classes, recipe.held_back, recipe.seed)
    if validation is not None:
        more, truth = _read_validation(validation, labels)
        held = np.arange(len(texts), len(texts) + len(more))
        texts, classes = [*texts, *more], np.concatenate([classes, truth])
        weights = np.concatenate([weights, np.ones(len(more), dtype=np.float32)])
    positive = None
    if labels.multi:
        positive = training_set.positive_weights(asked.class_weight, labels, classes[train])
    else:
        counts = np.bincount(classes[train], minlength=len(labels))
        weights = weights * training_set.class_weights(asked.class_weight, labels, counts)[classes]
    held = held[weights[held] > 0]
    weights = weights / max(float(weights[train].mean()), 1e-12)
    if not isinstance(slm, StaticSLM):
        texts = _shorten(slm, texts, recipe.max_length)
    return TrainingSet(texts, classes, weights, train, held, positive, validation is not None)


def _read_validation(validation: tuple[Any, Any], labels: Labels) -> tuple[list[str], np.ndarray]:
    try:
        X, y = validation
    except (TypeError, ValueError):
        raise InputError("validation: give a pair (texts, labels)") from None
    texts = as_texts(X)
    if labels.form == "indicator":
        _, truth = read_multi(y)
        if truth.shape[1] != len(labels):
            raise InputError(f"validation: y has {truth.shape[1]} columns, in training it has {len(labels)}")
    elif labels.form == "lists":
        rows = label_rows(y)
        truth = np.zeros((len(rows), len(labels)), dtype=np.float32)
        for row, names in enumerate(rows):
            truth[row, [labels.number(name) for name in names]] = 1
    else:
        truth = np.array([labels.number(label) for label in y], dtype=np.int64)
    _check_lengths(texts, truth, "validation: ")
    return texts, truth


def _check_lengths(texts: list[str], classes: np.ndarray, where: str = "") -> None:
    if len(texts) != len(classes):
        raise InputError(f"{where}{len(texts)} texts and {len(classes)} rows of labels; give one label row a text")
    if not texts:
        raise InputError(f"{where}there are no texts")


def _has_gaps(labels: Labels, classes: np.ndarray) -> bool:
    return len(np.unique(classes)) < len(labels)


def _with_descriptions(
    texts: list[str], classes: np.ndarray, weights: np.ndarray, labels: Labels, described: dict[Any, str]
) -> tuple[list[str], np.ndarray, np.ndarray]:
    more = [labels.number(label) for label in described]
    return (
        [*texts, *as_texts(list(described.values()))],
        np.concatenate([classes, np.array(more, dtype=np.int64)]),
        np.concatenate([weights, np.ones(len(more), dtype=np.float32)]),
    )


def _mean_tokens(slm: SLM | StaticSLM, texts: list[str]) -> float:
    """Tokens of a text, from an even sample of them."""
    sample = texts[:: max(1, len(texts) // 512)]
    return sum(map(len, slm.tokenizer.encode_batch([text[:10_000] for text in sample]))) / len(sample) + 2


def _shorten(slm: SLM, texts: list[str], max_length: int) -> list[str]:
    """Texts of more windows than one step of training can hold end with the last window that it can."""
    room = LONGEST * (max_length - 2) - (LONGEST - 1) * min(32, max_length // 4)
    kept, shortened = beginnings(slm.tokenizer, texts, room)
    if shortened:
        warnings.warn(
            f"{rows_named(shortened)} of the texts: longer than {LONGEST} windows; training reads the first {LONGEST}, "
            "prediction reads all",
            stacklevel=4,
        )
    return kept
