"""Split rules of the sets whose label is a text: sides aligned, references gathered, Tatoeba's carve-out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from slmkit.benchmarks.datasets.base import Rows, references
from slmkit.benchmarks.datasets.splits import FromTrain, InPlace
from slmkit.errors import DataError


@dataclass(frozen=True)
class Align(InPlace):
    """Put two files of ``split``, read line by line and labelled by their language, side by side."""

    split: str
    source: str
    target: str

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Align."""
        rows = splits[self.split]
        inputs, labels = (
            [line for line, language in zip(rows.inputs, rows.labels, strict=True) if language == side]
            for side in (self.source, self.target)
        )
        if len(inputs) != len(labels):
            raise DataError(f"{len(inputs)} lines of {self.source} stand against {len(labels)} of {self.target}")
        splits[self.split] = Rows(inputs, labels).take([i for i, a in enumerate(inputs) if a and labels[i]])


@dataclass(frozen=True)
class Gather(InPlace):
    """Make one row of all rows of ``split`` with the same input, in order of the first; its label lists their texts."""

    split: str

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Gather."""
        found: dict[str, dict[str, None]] = {}
        for source, label in zip(splits[self.split].inputs, splits[self.split].labels, strict=True):
            found.setdefault(source, {}).update(dict.fromkeys(references(label)))
        splits[self.split] = Rows(list(found), [list(texts) for texts in found.values()])


@dataclass(frozen=True)
class CarveTatoeba(FromTrain):
    """Move the rows whose English is held back into dev; what stays in train shares no sentence with them.

    The rule is the one by which pretraining leaves these rows out, in either Chinese script. ``english`` says where
    the English stands: ``inputs`` or ``labels``.
    """

    english: str

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Carve."""
        from slmkit.pretraining.pairs import carve

        rows = splits["train"]
        english, chinese = (rows.inputs, rows.labels) if self.english == "inputs" else (rows.labels, rows.inputs)
        held, apart = carve(english, chinese, "bench")
        splits["dev"], splits["train"] = rows.take(held), rows.take(apart)
