"""Method "static": a logistic head on static vectors, and n-grams beside it."""

from __future__ import annotations

from slmkit.static import StaticSLM
from slmkit.tasks.classification.calibration import SMALLEST
from slmkit.tasks.classification.linear import fit_head
from slmkit.tasks.classification.recipe import Recipe
from slmkit.tasks.classification.training_set import TrainingSet
from slmkit.tasks.classification.tuning import Fitted
from slmkit.tasks.classification.wording import add_wording
from slmkit.tasks.fit_report import Report


def fit_static(slm: StaticSLM, data: TrainingSet, classes: int, recipe: Recipe, report: Report) -> Fitted:
    """Fit a head on static vectors, and n-grams beside it where they help on the held-back part.

    Args:
        slm: the vectors. data: what to learn from. classes: how many. recipe: settings. report: progress.
    """
    report.stage("reading the texts")
    vectors = slm.embed(data.texts)
    report.stage("fitting the head")
    head = fit_head(vectors, data, classes, recipe.seed)
    temperature = head.temperature
    if recipe.ngrams and len(data.held) >= SMALLEST:
        report.stage("fitting the n-grams")
        mix = add_wording(slm.tokenizer, data, head.held, classes, recipe.seed, head.tensors, again=True)
        temperature = temperature if mix is None else mix.temperature
    return Fitted(head.tensors, 0, True, temperature, history=head.history)
