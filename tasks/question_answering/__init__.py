"""Question answering over your own documents: an index that survives crashes, searched by meaning and by words.

Importing this package loads neither torch nor FAISS; the first use of a name below does what that name needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slmkit.tasks.question_answering.index import DocumentIndex as DocumentIndex
    from slmkit.tasks.question_answering.records import AddReport as AddReport
    from slmkit.tasks.question_answering.records import Document as Document
    from slmkit.tasks.question_answering.records import Hit as Hit
    from slmkit.tasks.question_answering.records import VerifyReport as VerifyReport

_HOMES = {
    "AddReport": "records",
    "Document": "records",
    "DocumentIndex": "index",
    "Hit": "records",
    "VerifyReport": "records",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
