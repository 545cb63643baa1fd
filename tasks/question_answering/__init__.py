"""Question answering over your own documents: an index that survives crashes, searched by meaning and by words.

Importing this package loads neither torch nor FAISS; the first use of a name below does what that name needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmkit.lazy import lazy_names

if TYPE_CHECKING:
    from slmkit.tasks.question_answering.index import DocumentIndex
    from slmkit.tasks.question_answering.records import AddReport, Document, Hit, VerifyReport

_WHERE = {
    "AddReport": "records",
    "Document": "records",
    "DocumentIndex": "index",
    "Hit": "records",
    "VerifyReport": "records",
}
__all__ = ["AddReport", "Document", "DocumentIndex", "Hit", "VerifyReport"]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
