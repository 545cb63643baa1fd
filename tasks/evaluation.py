"""How right a classifier is on texts with known labels: scores, a table by class, the confusions, the worst errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from slmkit.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 20  # classes that are printed, the rest is in the frames


@dataclass(frozen=True)
class Evaluation:
    """What ``evaluate`` found. Printed it is a report; a notebook shows its tables.

    Attributes:
        texts: how many. accuracy: share of texts that are right. macro_f1: mean F1 of the classes.
        per_class: a row a class: ``precision``, ``recall``, ``f1``, ``texts``.
        confusion: right classes by rows, given ones by columns.
        errors: the wrong ones, the surest first: ``text``, ``label``, ``given``, ``score``; with the index of a Series.
    """

    texts: int
    accuracy: float
    macro_f1: float
    per_class: pd.DataFrame
    confusion: pd.DataFrame
    errors: pd.DataFrame

    def __str__(self) -> str:
        shown = self.per_class.sort_values("texts", ascending=False, kind="stable").head(_SHOWN)
        more = len(self.per_class) - len(shown)
        table = shown.to_string(float_format=lambda value: f"{value:.3f}")
        told = f"{self.texts:,} texts, accuracy {self.accuracy:.3f}, macro F1 {self.macro_f1:.3f}"
        return f"{told}\n\n{table}" + (f"\n… and {more} more classes" if more else "")

    def _repr_html_(self) -> str:
        told = f"<p>{self.texts:,} texts, accuracy {self.accuracy:.3f}, macro F1 {self.macro_f1:.3f}</p>"
        tables = (self.per_class.round(3), self.confusion, self.errors.head(_SHOWN))
        return told + "".join(table.to_html(escape=True) for table in tables)


def evaluation(
    texts: Sequence[str], labels: Sequence[Any], given: Sequence[Any], scores: np.ndarray, index: Any
) -> Evaluation:
    """Compare given labels with right ones.

    Args:
        texts: what was classified. labels: the right ones. given: the classifier's. scores: its probability of each.
        index: of the texts, or None.

    Raises:
        InputError: not one label a text, or no texts.
    """
    import pandas as pd
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    right, found = list(labels), list(given)
    if not texts or len(right) != len(texts):
        raise InputError(f"{len(texts)} texts and {len(right)} labels; give one for each, at least one")
    classes = sorted({*right, *found}, key=lambda value: (str(type(value)), value))
    order = {value: number for number, value in enumerate(classes)}
    a, b = ([order[value] for value in values] for values in (right, found))
    numbers = range(len(classes))
    precision, recall, f1, count = precision_recall_fscore_support(a, b, labels=numbers, zero_division=0)
    per_class = pd.DataFrame({"precision": precision, "recall": recall, "f1": f1, "texts": count}, index=classes)
    counts = confusion_matrix(a, b, labels=numbers)
    confusion = pd.DataFrame(counts, index=pd.Index(classes, name="label"), columns=pd.Index(classes, name="given"))
    rows = pd.DataFrame({"text": list(texts), "label": right, "given": found, "score": scores}, index=index)
    wrong = rows[np.array(a) != np.array(b)].sort_values("score", ascending=False, kind="stable")
    seen = count > 0
    accuracy = float(np.mean(np.array(a) == np.array(b)))
    return Evaluation(len(texts), accuracy, float(f1[seen].mean()), per_class, confusion, wrong)


def plot_history(history: Sequence[dict[str, Any]], ax: Any = None) -> Any:
    """Draw the looks at the held-back part: the learning curve of a fit.

    Args:
        history: ``history_`` of whatever was fitted. ax: of matplotlib; None makes one.

    Returns:
        The axes.

    Raises:
        InputError: nothing was held back, so there were no looks.
        MissingExtraError: matplotlib is not installed.
    """
    if not history:
        raise InputError("there were no looks at a held-back part; fit with more texts, or with validation=")
    try:
        import matplotlib.pyplot as plt
    except ModuleNotFoundError as error:
        raise MissingExtraError("matplotlib", "bench") from error
    if ax is None:
        _, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
    at = next((name for name in ("epoch", "step") if name in history[0]), None)
    places = [look[at] for look in history] if at else range(1, len(history) + 1)
    # A strength is what was tried at a look, not what came of it.
    told = [n for n in history[0] if n not in (at, "strength")]
    names = [n for n in told if isinstance(history[0][n], (int, float))]
    for name in names:
        ax.plot(places, [look.get(name, np.nan) for look in history], marker="o", markersize=3, label=name)
    ax.set_xlabel(at or "look")
    ax.legend(frameon=False)
    ax.grid(alpha=0.3)
    return ax
