"""Summaries and titles: written by the decoder, or made of the text's own sentences; both say what they rest on.

Importing this package loads no torch; the first use of a name below does what that name needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slmkit.tasks.summarization.summarizer import Summarizer
    from slmkit.tasks.summarization.summary import Flag, Summary, SummarySentence, Support

_WHERE = {
    "Flag": "summary",
    "Summarizer": "summarizer",
    "Summary": "summary",
    "SummarySentence": "summary",
    "Support": "summary",
}
__all__ = ["Flag", "Summarizer", "Summary", "SummarySentence", "Support"]


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
