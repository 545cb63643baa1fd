"""The rule that makes a set of questions over a whole corpus of rows that each bring their own paragraph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from slmkit.benchmarks.datasets.base import Rows


@dataclass(frozen=True)
class Corpus:
    """Of ``(question, paragraph)`` with answers: inputs are the questions, labels their answers and documents.

    All paragraphs of ``split`` and of ``more`` are the documents; a text that occurs several times is one. Ids are
    numbers in order of appearance. A question that is asked of several paragraphs is one, with the answers of all.
    """

    split: str
    more: str

    @property
    def changes(self) -> frozenset[str]:
        """The split."""
        return frozenset((self.split,))

    @property
    def needs(self) -> frozenset[str]:
        """The split, and the further paragraphs."""
        return frozenset((self.split, self.more))

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Put questions and paragraphs apart."""
        rows = splits[self.split]
        texts = dict.fromkeys(text for _, text in (*rows.inputs, *splits[self.more].inputs) if text.strip())
        ids = {text: str(number) for number, text in enumerate(texts)}
        found: dict[str, dict[str, list[Any]]] = {}
        for (question, text), answers in zip(rows.inputs, rows.labels, strict=True):
            if question.strip() and text in ids:
                label = found.setdefault(question, {"answers": [], "documents": []})
                label["answers"] += answers
                label["documents"] += [ids[text]] if ids[text] not in label["documents"] else []
        splits[self.split] = Rows(list(found), list(found.values()), {key: text for text, key in ids.items()})
