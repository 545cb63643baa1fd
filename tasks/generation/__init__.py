"""Texts from texts: continuing, writing after instructions, translating; each can be fitted on pairs of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmkit.lazy import lazy_names

if TYPE_CHECKING:
    from slmkit.tasks.generation.fitting import fit_writer
    from slmkit.tasks.generation.generator import Generator
    from slmkit.tasks.generation.translator import Translator
    from slmkit.tasks.generation.writing_model import WritingModel

_WHERE = {
    "Generator": "generator",
    "Translator": "translator",
    "WritingModel": "writing_model",
    "fit_writer": "fitting",
}
__all__ = ["Generator", "Translator", "WritingModel", "fit_writer"]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
