"""The estimator: scikit-learn manners around a ``BranchModel`` or a ``StaticModel``."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError

from slmkit.errors import InputError
from slmkit.tasks.classification.labels import Label, label_rows, plain_labels
from slmkit.tasks.classification.training_set import row_weights
from slmkit.tasks.inputs import as_series_like, as_texts

if TYPE_CHECKING:
    from sklearn.utils import Tags

    from slmkit.core import SLM
    from slmkit.from_states import FromStates
    from slmkit.static import StaticSLM
    from slmkit.tasks.classification.explanation import Explanation
    from slmkit.tasks.classification.label_model import LabelModel
    from slmkit.tasks.evaluation import Evaluation


class Classifier(ClassifierMixin, BaseEstimator):
    """Text classifier on the shared core: tunes a short branch of the encoder and a linear head.

    Works wherever a scikit-learn classifier does, on a list, array or Series of str. What is None is chosen from the
    data's size; ``recipe_`` says how.

    Args:
        method: "tune" (branch and head by cross-entropy), "contrastive" (pairs, for about 16 examples a class or
            fewer), "linear" (a logistic head on untouched sentence vectors; seconds), "static" (the same on static
            vectors, for tables too large for the core: many times the speed, any length of text, less
            understanding; see ``slmkit.static``), or "auto", which never takes "static" unless ``slm`` is such.
        depth: encoder layers that are tuned. start: what they begin as: "encoder" (its top layers), "vectors" (the
            layers that make sentence vectors), or "auto", by a probe of some of the texts.
        epochs: passes over the texts. learning_rate: peak, of the topmost layer.
        batch_tokens: tokens of an optimiser step. max_length: tokens of a window; longer texts get several.
        multi_label: a text may have several labels, or none: ``y`` is then a list of label collections or a 0/1 matrix.
        class_weight: "balanced", or a mapping from label to weight.
        ngrams: with "tune" and "static", add a linear model on n-grams of tokens where that helps on the texts held
            back. It knows names and set phrases that the branch forgets, and takes a few MB at most.
        label_smoothing: share of the truth that is spread over all labels. dropout: while training.
        word_dropout: with "tune", share of the tokens that are hidden while training; None hides a tenth of them where
            the branch begins as "encoder".
        validation_fraction: of the texts, held back for early stopping and calibration; 0 trains on all of them.
        patience: epochs without a better score before training ends.
        descriptions: label -> a few words about it; with few examples each serves as one more example of its label.
        random_state: same seed, same machine, same result. verbose: 1 shows budget and progress on stderr.
        slm: the core or ``slmkit.load(precision="static")``, or the folder of a core; None takes what ships with the
            package.

    Attributes:
        classes_: the labels. model_: the ``BranchModel`` or ``StaticModel``. recipe_: the settings that were used.
        history_: the looks at the held-back part.
    """

    name = "classification"
    columns = ("label", "score")

    def __init__(
        self,
        *,
        method: str = "auto",
        depth: int | None = None,
        start: str = "auto",
        epochs: int | None = None,
        learning_rate: float | None = None,
        batch_tokens: int | None = None,
        max_length: int | None = None,
        multi_label: bool = False,
        class_weight: str | Mapping[Label, float] | None = None,
        ngrams: bool = True,
        label_smoothing: float = 0.0,
        dropout: float = 0.1,
        word_dropout: float | None = None,
        validation_fraction: float | None = None,
        patience: int | None = None,
        descriptions: Mapping[Label, str] | None = None,
        random_state: int | None = 0,
        verbose: int = 0,
        slm: SLM | StaticSLM | str | Path | None = None,
    ) -> None:
        self.method = method
        self.depth = depth
        self.start = start
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_tokens = batch_tokens
        self.max_length = max_length
        self.multi_label = multi_label
        self.class_weight = class_weight
        self.ngrams = ngrams
        self.label_smoothing = label_smoothing
        self.dropout = dropout
        self.word_dropout = word_dropout
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.descriptions = descriptions
        self.random_state = random_state
        self.verbose = verbose
        self.slm = slm

    @classmethod
    def from_labels(
        cls, labels: Mapping[Label, str] | Sequence[str], *, temperature: float = 0.02, **parameters: Any
    ) -> Classifier:
        """A classifier without training: texts go to the label whose description is nearest.

        Args:
            labels: label -> a few words about it, or labels that speak for themselves.
            temperature: of the softmax over cosines. **parameters: of the class; ``fit`` may follow.
        """
        from slmkit.static import StaticSLM
        from slmkit.tasks.classification.zero_shot import label_descriptions, zero_shot

        described = label_descriptions(labels)
        made = cls(descriptions=described, **parameters)
        core = made._core()
        if isinstance(core, StaticSLM):
            raise InputError(
                "from_labels compares texts with descriptions by the core; static vectors only learn, by fit"
            )
        made._take(zero_shot(core, described, temperature=temperature, max_length=made.max_length))
        return made

    def fit(self, X: Any, y: Any, sample_weight: Any = None, validation: tuple[Any, Any] | None = None) -> Classifier:
        """Learn from texts and their labels.

        Args:
            X: list, array or Series of str. y: a label a text (str, int, float or bool); see ``multi_label``.
            sample_weight: a weight a text.
            validation: texts and labels for early stopping and calibration; None holds back a part of ``X``.

        Raises:
            InputError: rows without text or label (the message names them), or an argument out of range.
        """
        from slmkit.tasks.classification.fitting import fit_model

        model, recipe = fit_model(self, self._core(), X, y, sample_weight, validation)
        self.recipe_, self.history_ = recipe, model.about.get("history", [])
        self._take(model)
        return self

    def predict(self, X: Any) -> Any:
        """The most probable label of each text, as an array; a list of labels a text, or a 0/1 matrix, if ``y`` was so.

        One string gives its label alone.
        """
        if isinstance(X, str):
            return self.predict([X])[0]
        model = self._fitted()
        probabilities = model.probabilities(X)
        if model.labels.form == "single":
            return self.classes_[probabilities.argmax(1)]
        chosen = probabilities >= 0.5
        if model.labels.form == "indicator":
            return chosen.astype(np.int64)
        return [[model.labels.values[i] for i in np.flatnonzero(row)] for row in chosen]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrated probabilities ``(n, labels)``, in the order of ``classes_``; ``(labels,)`` for one string."""
        if isinstance(X, str):
            return self.predict_proba([X])[0]
        return self._fitted().probabilities(X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Share of the texts whose label (or whole set of labels) is right.

        Raises:
            InputError: not one row of labels a text, no texts, or labels or weights that ``fit`` would not take.
        """
        labels, found = self._fitted().labels, self.predict(as_texts(X))
        if labels.form == "indicator":
            from sklearn.metrics import accuracy_score

            return float(accuracy_score(y, found, sample_weight=sample_weight))
        # scikit-learn's own score takes float labels for measurements.
        truth = plain_labels(y) if labels.form == "single" else [set(row) for row in label_rows(y)]
        given = found.tolist() if labels.form == "single" else [set(row) for row in found]
        if not given or len(truth) != len(given):
            raise InputError(f"{len(given)} texts and {len(truth)} rows of labels; give one for each, at least one")
        if labels.form == "single" and isinstance(truth[0], str) != (labels.kind is str):
            raise InputError(
                f"y has labels such as {truth[0]!r}, those of this classifier are such as {labels.values[0]!r}"
            )
        right = [a == b for a, b in zip(given, truth, strict=True)]
        return float(
            np.average(right, weights=None if sample_weight is None else row_weights(sample_weight, len(right)))
        )

    def evaluate(self, X: Any, y: Any) -> Evaluation:
        """Compare with known labels: scores, a table by class, the confusions, the surest errors as a frame.

        Args:
            X: list, array or Series of str. y: the right label of each.

        Raises:
            InputError: not one label a text, or this classifier gives several labels a text.
        """
        from slmkit.tasks.evaluation import evaluation

        if self._fitted().labels.form != "single":
            raise InputError("evaluate compares one label a text; use sklearn.metrics on predict for several")
        texts = as_texts(X)
        chances = self.predict_proba(texts) if texts else np.zeros((0, len(self.classes_)))
        return evaluation(texts, list(y), list(self.classes_[chances.argmax(1)]), chances.max(1), as_series_like(X))

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """One ``{"label", "score"}`` a text, for tables; see ``LabelModel.annotate``."""
        return self._fitted().annotate(texts)

    def from_states(self, texts: Sequence[str]) -> FromStates[list[dict[str, Any]]]:
        """As ``annotate``; see ``slmkit.tasks.base.AnswersFromStates``."""
        return self._fitted().from_states(texts)

    def explain(self, text: str, label: Label | None = None, *, tolerance: float = 0.01) -> Explanation:
        """Why a text gets a label; see ``LabelModel.explain``."""
        return self._fitted().explain(text, label, tolerance=tolerance)

    def save(self, folder: str | Path) -> None:
        """Write what was fitted, labels and settings to a folder (a few MB; the core is named, not written)."""
        from slmkit.tasks.classification.settings import settings_to_json

        self._fitted().save(folder, settings=settings_to_json(self.get_params(deep=False)))

    @classmethod
    def load(cls, folder: str | Path, *, slm: SLM | StaticSLM | str | Path | None = None) -> Classifier:
        """Read what ``save`` wrote.

        Args:
            folder: the folder. slm: see the class.

        Raises:
            CheckpointError: the folder is missing, damaged, newer than this package, or belongs to another core.
        """
        from slmkit.tasks.classification.settings import settings_from_json
        from slmkit.tasks.classification.static_model import load_label_model

        model = load_label_model(folder, slm=slm)
        made = cls(**settings_from_json(model.about.get("settings"), folder), slm=slm)
        made._take(model)
        return made

    @property
    def fingerprint(self) -> str:
        """Identifies the fitted model, so that an interrupted table is never finished by another one."""
        return self._fitted().fingerprint

    @property
    def column_types(self) -> dict[str, type]:
        """Types of the result columns, for tables in which every result is empty."""
        return self._fitted().column_types

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_clone__(self) -> Classifier:
        # The core is shared: it never changes, and a copy in every fold would cost its whole size.
        parameters = self.get_params(deep=False)
        core = parameters.pop("slm")
        return type(self)(**copy.deepcopy(parameters), slm=core)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_label = True
        return tags

    def _core(self) -> SLM | StaticSLM:
        if self.slm is None or isinstance(self.slm, (str, Path)):
            from slmkit.core import load

            return load(self.slm, precision="static") if self.method == "static" else load(self.slm)
        if self.method == "static" and self.slm.precision != "static":
            raise InputError("method='static' does not use a core: give slm=None, a folder, or static vectors")
        return self.slm

    def _take(self, model: LabelModel) -> None:
        self.model_ = model
        self.classes_ = model.labels.array

    def _fitted(self) -> LabelModel:
        if not hasattr(self, "model_"):
            raise NotFittedError("this Classifier is not fitted yet; call fit, load or from_labels first")
        return self.model_
