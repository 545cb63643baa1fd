"""Classification and sentiment: a short branch of the encoder and a linear head, on the shared frozen trunk.

Importing this package loads neither torch nor scikit-learn; the first use of a name below does what that name needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmkit.lazy import lazy_names

if TYPE_CHECKING:
    from slmkit.tasks.classification.branch_model import BranchModel
    from slmkit.tasks.classification.classifier import Classifier
    from slmkit.tasks.classification.explanation import Explanation
    from slmkit.tasks.classification.sentiment import Sentiment
    from slmkit.tasks.classification.static_model import StaticModel

_WHERE = {
    "BranchModel": "branch_model",
    "Classifier": "classifier",
    "Explanation": "explanation",
    "Sentiment": "sentiment",
    "StaticModel": "static_model",
}
__all__ = ["BranchModel", "Classifier", "Explanation", "Sentiment", "StaticModel"]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
