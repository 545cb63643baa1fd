"""scikit-learn's manners for what holds a core, without scikit-learn's import, which would delay a first result."""

from __future__ import annotations

import copy
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from slmkit.errors import CheckpointError

if TYPE_CHECKING:
    from slmkit.core import SLM
    from slmkit.tasks.saved_part import SavedPart

_Estimator = TypeVar("_Estimator", bound="Parameters")


class Parameters:
    """The constructor stores its parameters under their own names; one of them is ``slm``.

    Attributes:
        model_: there after ``fit``.
    """

    slm: SLM | str | Path | None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the constructor, as scikit-learn asks for them."""
        names = [name for name in inspect.signature(type(self).__init__).parameters if name != "self"]
        return {name: getattr(self, name) for name in names}

    def set_params(self: _Estimator, **parameters: Any) -> _Estimator:
        """Change parameters of the constructor; returns the object.

        Raises:
            ValueError: there is no such parameter.
        """
        known = self.get_params()
        for name, value in parameters.items():
            if name not in known:
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}; it has {', '.join(known)}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        told = [f"{name}={value!r}" for name, value in self.get_params().items() if value != defaults[name].default]
        return f"{type(self).__name__}({', '.join(told)})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_clone__(self: _Estimator) -> _Estimator:
        # The core is shared: it never changes, and a copy in every fold would cost its whole size.
        parameters = self.get_params(deep=False)
        core = parameters.pop("slm")
        return type(self)(**{**copy.deepcopy(parameters), "slm": core})

    def _take_settings(self, model: SavedPart, folder: str | Path) -> None:
        """Set the parameters that were saved along with a model.

        Raises:
            CheckpointError: they are not parameters of this class; the message names ``folder``.
        """
        try:
            self.set_params(**(model.about.get("settings") or {}))
        except (TypeError, ValueError) as error:
            raise CheckpointError(f"{folder}: its settings cannot be read ({error})") from error

    def _core(self) -> SLM:
        if self.slm is None or isinstance(self.slm, (str, Path)):
            from slmkit.core import load

            return load(self.slm)
        return self.slm
