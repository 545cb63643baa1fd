"""Summaries and titles: written by the decoder, or made of the text's own sentences; both say what they rest on.

Importing this package loads no torch; the first use of a name below does what that name needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmkit.lazy import lazy_names

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

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
