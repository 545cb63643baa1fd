"""Question answering over your own documents: an index that survives crashes, a reader that cites, answers from both.

Importing this package loads neither torch nor FAISS; the first use of a name below does what that name needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmkit.lazy import lazy_names

if TYPE_CHECKING:
    from slmkit.tasks.question_answering.answer import Answer, Evidence
    from slmkit.tasks.question_answering.answerer import QuestionAnswerer
    from slmkit.tasks.question_answering.index import DocumentIndex
    from slmkit.tasks.question_answering.reader import Reader
    from slmkit.tasks.question_answering.reading_model import ReadingModel
    from slmkit.tasks.question_answering.records import AddReport, Document, Hit, VerifyReport
    from slmkit.tasks.question_answering.retriever import Retriever

_WHERE = {
    "AddReport": "records",
    "Answer": "answer",
    "Document": "records",
    "DocumentIndex": "index",
    "Evidence": "answer",
    "Hit": "records",
    "QuestionAnswerer": "answerer",
    "Reader": "reader",
    "ReadingModel": "reading_model",
    "Retriever": "retriever",
    "VerifyReport": "records",
}
__all__ = [
    "AddReport",
    "Answer",
    "Document",
    "DocumentIndex",
    "Evidence",
    "Hit",
    "QuestionAnswerer",
    "Reader",
    "ReadingModel",
    "Retriever",
    "VerifyReport",
]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
