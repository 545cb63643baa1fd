"""``Sentiment``: positive, negative or neutral, English and Chinese, without training."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks.base import weights_folder
from slmkit.tasks.inputs import as_series_like, as_texts

if TYPE_CHECKING:
    import numpy as np

    from slmkit.core import SLM
    from slmkit.from_states import FromStates
    from slmkit.tasks.classification.branch_model import BranchModel
    from slmkit.tasks.classification.explanation import Explanation

POSITIVE, NEGATIVE, NEUTRAL = "positive", "negative", "neutral"


class Sentiment:
    """The shipped sentiment of a text.

    ``score`` is the probability of the label for positive and negative. Between them lies a band of texts that lean
    neither way: there the label is neutral and the score is ``1 - 2 |p - 0.5|``, 1 where both sides are equally likely.

    Args:
        neutral_band: texts whose probability of being positive is nearer to 0.5 than this are neutral; 0 turns it off.
        path: a folder with a classifier of the labels "positive" and "negative"; None takes the one that ships.
        slm: the core; None takes the one that ships.
    """

    name = "sentiment"
    columns = ("label", "score")

    def __init__(self, neutral_band: float = 0.1, *, path: str | Path | None = None, slm: SLM | None = None) -> None:
        if not 0 <= neutral_band <= 0.5:
            raise InputError(f"neutral_band {neutral_band}: give 0 to 0.5")
        self.neutral_band, self.path, self.slm = float(neutral_band), path, slm

    @property
    def column_types(self) -> dict[str, type]:
        """Types of the result columns, for tables in which every result is empty."""
        return {"label": str, "score": float}

    @property
    def fingerprint(self) -> str:
        """Identifies model and band, so that an interrupted table is never finished by another one."""
        return f"{self.model.fingerprint}/{self.neutral_band:g}"

    @cached_property
    def model(self) -> BranchModel:
        """The weights, loaded at the first use.

        Raises:
            CheckpointError: they are missing, damaged, of another core, or of other labels.
        """
        from slmkit.tasks.classification.branch_model import BranchModel

        folder = Path(self.path) if self.path is not None else shipped_sentiment()
        if self.path is None and not folder.is_dir():
            raise CheckpointError(f"the sentiment weights are not in this installation ({folder}); install slmkit anew")
        model = BranchModel.load(folder, slm=self.slm)
        if set(model.labels.values) != {POSITIVE, NEGATIVE} or model.labels.multi:
            raise CheckpointError(f"{folder} has the labels {model.labels.values}, not {POSITIVE} and {NEGATIVE}")
        return model

    def predict(self, texts: Any) -> Any:
        """``{"label", "score"}`` for a string; a list of them for many; a frame with its index for a Series.

        Raises:
            InputError: rows that are not strings; ``slmkit.tasks.tables.apply`` takes those.
        """
        if isinstance(texts, str):
            return self.annotate([texts])[0]
        found = self.annotate(as_texts(texts))
        index = as_series_like(texts)
        if index is None:
            return found
        import pandas as pd

        return pd.DataFrame(found, columns=list(self.columns), index=index)

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """One ``{"label", "score"}`` a text."""
        return self._judged(self.model.probabilities(texts))

    def from_states(self, texts: Sequence[str]) -> FromStates[list[dict[str, Any]]]:
        """As ``annotate``; see ``slmkit.tasks.base.AnswersFromStates``."""
        return self.model.chances(texts).then(self._judged)

    def explain(self, text: str, label: str | None = None, *, tolerance: float = 0.01) -> Explanation:
        """Why a text is positive or negative; None explains the likelier of the two. See ``Explanation``."""
        return self.model.explain(text, label, tolerance=tolerance)

    def _judged(self, probabilities: np.ndarray) -> list[dict[str, Any]]:
        return [self._judge(float(chance)) for chance in probabilities[:, self.model.labels.number(POSITIVE)]]

    def _judge(self, chance: float) -> dict[str, Any]:
        lean = abs(chance - 0.5)
        if lean < self.neutral_band:
            return {"label": NEUTRAL, "score": 1 - 2 * lean}
        return {"label": POSITIVE if chance >= 0.5 else NEGATIVE, "score": 0.5 + lean}


def shipped_sentiment() -> Path:
    """The folder of the sentiment weights inside the package."""
    return weights_folder("sentiment")
