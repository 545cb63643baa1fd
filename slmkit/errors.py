"""Every error that slmkit raises on purpose. Messages say what was got and what is allowed."""

from __future__ import annotations


class SLMKitError(Exception):
    """Base of all errors of this package; the command line prints it as one line."""


class InputError(SLMKitError, ValueError):
    """A caller's argument or cell is not usable."""


class CheckpointError(SLMKitError):
    """A weights folder is damaged, foreign, or newer than this package."""


class NeedsCoreError(SLMKitError, AttributeError):
    """What was asked for needs the whole core, and only its static vectors were loaded."""


class DataError(SLMKitError):
    """A dataset file is missing, or is not the file that the registry names."""


class IndexDamagedError(SLMKitError):
    """The database of an index is damaged, foreign, or newer than this package."""


class TextTooLongError(InputError):
    """A text needs more than one window and ``truncation="error"`` was asked for."""


class MissingExtraError(SLMKitError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; it comes with: pip install 'slmkit[{extra}]'")
