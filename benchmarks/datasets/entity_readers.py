"""Readers of entity sets, and the rule that carves every tenth sentence. Labels are lists of ``(start, end, type)``.

Words of English sets are put together as people write them, Chinese characters as they stand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from slmkit.benchmarks.datasets.base import DataFile, Reader, Rows
from slmkit.benchmarks.datasets.readers import decoded, rows_of
from slmkit.benchmarks.datasets.splits import FromTrain, normalised
from slmkit.tasks.knowledge.entities.carving import in_dev
from slmkit.tasks.knowledge.entities.sources import token_lessons
from slmkit.tasks.knowledge.entities.tags import columns, tagged


def column_entities(*, prefix: str = "", first_character: bool = False) -> Reader:
    """A word a line, its tag at the end, blank lines between sentences.

    Args:
        prefix: taken off each word. first_character: of a word alone is the word (what follows numbers its place).
    """

    def read(file: DataFile, content: bytes) -> Rows:
        found = columns(decoded(file, content), prefix=prefix)
        return rows_of(tagged([w[:1] for w in words] if first_character else words, tags) for words, tags in found)

    return read


def token_entities(file: DataFile, content: bytes) -> Rows:
    """A JSON list of words with entities."""
    return rows_of(token_lessons(decoded(file, content)))


@dataclass(frozen=True)
class EveryTenth(FromTrain):
    """Every tenth row of train, in the order of the file, is dev; what also stands among the others is dropped."""

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Carve."""
        rows = splits["train"]
        splits["train"] = rows.take([i for i in range(len(rows)) if not in_dev(i)])
        seen = {normalised(text) for text in splits["train"].inputs}
        dev = [i for i in range(len(rows)) if in_dev(i) and normalised(rows.inputs[i]) not in seen]
        splits["dev"] = rows.take(dev)
