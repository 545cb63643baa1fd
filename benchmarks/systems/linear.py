"""TF-IDF with logistic regression: the baseline that every classifier has to beat."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, identity, package_version


class TfidfLogistic:
    """Words 1-2 for English, characters 1-3 for Chinese; sublinear TF; C fixed, not tuned on what is reported."""

    name = "tfidf-lr"
    version = "1"
    C = 10.0

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        self._chinese = dataset.language == "zh"
        self._pipeline: Any = None

    def fingerprint(self) -> str:
        """scikit-learn's version and this adapter's."""
        return identity(self.name, self.version, package_version("scikit-learn"))

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Fit vocabulary and classifier."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        if self._chinese:
            features = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
        else:
            # The default pattern drops one-letter words, "I" and "a" among them.
            features = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", ngram_range=(1, 2), sublinear_tf=True)
        classifier = LogisticRegression(C=self.C, max_iter=1000, random_state=seed)
        self._pipeline = make_pipeline(features, classifier).fit(list(inputs), list(labels))

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """One class name a text."""
        return [str(label) for label in self._pipeline.predict(list(inputs))]

    def size(self) -> Size:
        """Coefficients, and the bytes of the pickled pipeline."""
        classifier = self._pipeline[-1]
        return Size(int(classifier.coef_.size + classifier.intercept_.size), len(pickle.dumps(self._pipeline)))
