"""The demo's second part: the news of its table as documents, and questions about them in both languages."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from slmkit.tasks.demo import TABLE

if TYPE_CHECKING:
    from slmkit.tasks.question_answering.answer import Answer

QUESTIONS = (
    "How many stalls will the covered market have?",
    "When did the first train leave?",
    "市图书馆周末闭馆推迟到几点？",
    "货船上装的是什么？",
    "Who invented the telephone?",
)
"""The last of them is answered by no document."""


def ask_about_news() -> list[Answer]:
    """Index the table's news in a temporary folder and ask the questions."""
    import pandas as pd

    from slmkit.tasks.question_answering import DocumentIndex, QuestionAnswerer

    with as_file(files("slmkit.tasks") / "demo_data" / TABLE) as path:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    with TemporaryDirectory() as folder, DocumentIndex.create(Path(folder) / "news") as index:
        index.add(table[table["kind"] == "news"], text="text", id="id")
        return QuestionAnswerer(index, k=3).ask(list(QUESTIONS))


def shown(answers: list[Answer]) -> str:
    """One line a question: the answer, how sure it is and the document that says so, or why there is none."""
    return "\n".join(
        f"{each.question}  {each.text}  ({each.score:.2f}, document {each.document})"
        if each
        else f"{each.question}  no answer: {each.reason}"
        for each in answers
    )
