"""Entities, English and Chinese: which things a text names, where they stand, and what they are.

Importing this package loads no torch; the first use of a name below does what that name needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmkit.lazy import lazy_names

if TYPE_CHECKING:
    from slmkit.tasks.knowledge.entities.entity import Entity, Span, as_spans
    from slmkit.tasks.knowledge.entities.formats import (
        Marked,
        from_columns,
        from_docbin,
        from_frame,
        from_jsonl,
        from_tags,
    )
    from slmkit.tasks.knowledge.entities.recognizer import EntityRecognizer
    from slmkit.tasks.knowledge.entities.recognizer_model import RecognizerModel

_WHERE = {
    "Entity": "entity",
    "EntityRecognizer": "recognizer",
    "Marked": "formats",
    "RecognizerModel": "recognizer_model",
    "Span": "entity",
    "as_spans": "entity",
    "from_columns": "formats",
    "from_docbin": "formats",
    "from_frame": "formats",
    "from_jsonl": "formats",
    "from_tags": "formats",
}
__all__ = [
    "Entity",
    "EntityRecognizer",
    "Marked",
    "RecognizerModel",
    "Span",
    "as_spans",
    "from_columns",
    "from_docbin",
    "from_frame",
    "from_jsonl",
    "from_tags",
]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
