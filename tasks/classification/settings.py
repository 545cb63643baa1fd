"""The estimator's parameters as JSON and back, mappings with the type of their keys kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from slmkit.errors import CheckpointError

LEFT_OUT = ("slm", "random_state", "verbose")  # they belong to the machine and the run, not to the model


def settings_to_json(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data of ``get_params``."""
    return {name: _plain(value) for name, value in parameters.items() if name not in LEFT_OUT}


def settings_from_json(data: Any, source: object) -> dict[str, Any]:
    """What ``settings_to_json`` was given; nothing for a model that was saved without settings.

    Raises:
        CheckpointError: not that; the message names ``source``.
    """
    from slmkit.tasks.classification.classifier import Classifier

    if data is None:
        return {}
    known = set(Classifier().get_params(deep=False)) - set(LEFT_OUT)
    try:
        unknown = sorted(set(data) - known)
        if unknown:
            raise CheckpointError(f"{source}: settings {unknown} are not known to this slmkit")
        return {name: dict(map(tuple, value)) if isinstance(value, list) else value for name, value in data.items()}
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{source}: its settings cannot be read ({error!r})") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):  # JSON would turn the keys into strings
        return [[_plain(key), _plain(item)] for key, item in value.items()]
    return value.item() if isinstance(value, np.generic) else value
