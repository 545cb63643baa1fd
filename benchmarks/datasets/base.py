"""What a dataset entry is: files and their origin, a reader, rules that make the splits, the protocols it serves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

PROTOCOLS = ("shipped", "fitted", "few-shot")
SPLITS = ("dev", "test")


@dataclass(frozen=True)
class DataFile:
    """One file of a dataset and where the public original stands.

    Attributes:
        split: The split that the file holds, before any rule is applied.
        path: Place inside the data directory; a name ending in ``.xz`` is kept compressed.
        sha256: Checksum of the file as it lies in the data directory.
        repo: GitHub repository of the original, ``owner/name``.
        commit: Commit of that repository.
        source: Path in the repository; ``archive.zip!member`` for a file inside an archive.
        raw_sha256: Checksum of the uncompressed content, where known.
        derived: Set when the file is not the original as it stands; says what was done to it. Such a file cannot be
            fetched.
    """

    split: str
    path: str
    sha256: str
    repo: str
    commit: str
    source: str
    raw_sha256: str = ""
    derived: str = ""


@dataclass(frozen=True)
class Rows:
    """Inputs and labels of one split, in order.

    Inputs are strings, pairs of strings (similarity) or ``(context, question)`` (reading). Labels are class names,
    numbers, lists of ``(start, end, type)`` (entities) or lists of accepted answers (reading).
    """

    inputs: Sequence[Any]
    labels: Sequence[Any]

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, indices: Sequence[int]) -> Rows:
        """The rows at ``indices``, in that order."""
        return Rows([self.inputs[i] for i in indices], [self.labels[i] for i in indices])

    def digest(self) -> str:
        """A hash of every input and label: two splits with the same digest give the same measurement."""
        return hashlib.sha256(
            json.dumps([list(self.inputs), list(self.labels)], ensure_ascii=True, separators=(",", ":")).encode()
        ).hexdigest()


Reader = Callable[[DataFile, bytes], Rows]


class Rule(Protocol):
    """A step that turns the files' splits into the splits that are measured.

    ``changes`` names the splits that the rule writes, ``needs`` those that it reads to do so.
    """

    @property
    def changes(self) -> frozenset[str]: ...  # noqa: D102

    @property
    def needs(self) -> frozenset[str]: ...  # noqa: D102

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Change ``splits`` in place; ``other(dataset, split)`` reads a split of another dataset."""
        ...


@dataclass(frozen=True)
class Dataset:
    """A registered dataset.

    Attributes:
        name: Registry name, as given to ``--dataset``.
        version: Raised whenever reader or rules change, so that results before and after are told apart.
        task: ``classification``, ``sentiment`` (a kind of classification), ``similarity``, ``entities``, ``reading``.
        language: ``en`` or ``zh``.
        licence: Licence of the data as far as its publishers state one.
        files: The files, per split.
        reader: Turns one file's uncompressed content into rows.
        columns: What a row holds, in order: the input column or columns, then the label.
        metric: Main metric, a name in ``slmkit.benchmarks.metrics``.
        protocols: Which of ``shipped``, ``fitted`` and ``few-shot`` the set is measured under.
        rules: Applied in order to the files' splits.
        train_per_class: When set, ``fitted`` draws that many training rows a class by the run's seed.
        notes: What a reader of a result should know.
    """

    name: str
    version: str
    task: str
    language: str
    licence: str
    files: tuple[DataFile, ...]
    reader: Reader = field(repr=False)
    columns: tuple[str, ...]
    metric: str
    protocols: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    train_per_class: int | None = None
    notes: str = ""

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of all splits, those made by rules included."""
        found = [f.split for f in self.files]
        for rule in self.rules:
            found.extend(sorted(rule.changes))
        return tuple(dict.fromkeys(found))

    def serves(self, task: str) -> bool:
        """Whether ``--task task`` selects this dataset; sentiment is a kind of classification."""
        return task == self.task or (task == "classification" and self.task == "sentiment")
