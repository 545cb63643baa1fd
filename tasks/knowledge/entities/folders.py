"""Which folder a recognizer is read from: one that is given, or the one that ships with this package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from slmkit.errors import CheckpointError
from slmkit.tasks.base import weights_folder

if TYPE_CHECKING:
    from slmkit.core import SLM
    from slmkit.tasks.knowledge.entities.recognizer_model import RecognizerModel

SHIPPED = "shipped"


def shipped_recognizer() -> Path:
    """The folder of the recognizer's weights inside the package."""
    return weights_folder("recognizer")


def has_shipped() -> bool:
    """Whether a recognizer ships with this package."""
    return (shipped_recognizer() / "config.json").is_file()


def folder_of(given: str | Path | None) -> Path:
    """The folder of a saved recognizer; None is that of the shipped one.

    Raises:
        CheckpointError: none is given, and none ships with this package.
    """
    if given is not None:
        return Path(given)
    if not has_shipped():
        raise CheckpointError(
            f"no recognizer is in this installation ({shipped_recognizer()}); fit one with "
            "EntityRecognizer().fit(texts, spans) and save it, or give the folder of a saved one as model= (on the "
            "command line --model)"
        )
    return shipped_recognizer()


def read_start(given: str | Path | None, slm: SLM) -> RecognizerModel | None:
    """The recognizer that a fit goes on from; see ``start`` of ``EntityRecognizer``.

    Args:
        given: "shipped", the folder of a saved recognizer, or None. slm: the core that it was fitted on.

    Raises:
        CheckpointError: it is not there, is damaged, or belongs to another core.
    """
    if given is None:
        return None
    from slmkit.tasks.knowledge.entities.recognizer_model import RecognizerModel

    return RecognizerModel.load(folder_of(None if given == SHIPPED else given), slm=slm)
