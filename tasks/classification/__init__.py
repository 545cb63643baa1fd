"""Classification and sentiment: a short branch of the encoder and a linear head, on the shared frozen trunk.

Importing this package loads neither torch nor scikit-learn; the first use of a name below does what that name needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slmkit.tasks.classification.branch_model import BranchModel
    from slmkit.tasks.classification.classifier import Classifier
    from slmkit.tasks.classification.explanation import Explanation
    from slmkit.tasks.classification.sentiment import Sentiment

_WHERE = {
    "BranchModel": "branch_model",
    "Classifier": "classifier",
    "Explanation": "explanation",
    "Sentiment": "sentiment",
}
__all__ = ["BranchModel", "Classifier", "Explanation", "Sentiment"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
