"""Texts from texts: continuing, writing after instructions, translating; each can be fitted on pairs of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slmkit.tasks.generation.fitting import fit_writer as fit_writer
    from slmkit.tasks.generation.generator import Generator as Generator
    from slmkit.tasks.generation.translator import Translator as Translator
    from slmkit.tasks.generation.writing_model import WritingModel as WritingModel

_HOMES = {
    "Generator": "slmkit.tasks.generation.generator",
    "Translator": "slmkit.tasks.generation.translator",
    "WritingModel": "slmkit.tasks.generation.writing_model",
    "fit_writer": "slmkit.tasks.generation.fitting",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
