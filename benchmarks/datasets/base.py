"""What a dataset entry is: files and their origin, a reader, rules that make the splits, the protocols it serves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

PROTOCOLS = ("shipped", "fitted", "few-shot")
SPLITS = ("dev", "test")
# A task whose sets are also selected by the name of a wider one.
_KIND_OF = {"sentiment": "classification", "continuation": "generation", "types": "entities"}


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

    Inputs are strings, pairs of strings (similarity), ``(context, question)`` (reading) or a text with two places in it
    (relations). Labels are class names, numbers, lists of ``(start, end, type)`` (entities), triples (relations; see
    ``relation_readers``), lists of accepted answers (reading), ``{document id: grade}`` (retrieval),
    ``{"answers", "documents"}`` (qa), or a text that was written for the input, or a list of such texts.

    ``documents`` are what the inputs of a set for retrieval or qa are searched in: the text of each id.
    """

    inputs: Sequence[Any]
    labels: Sequence[Any]
    documents: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, indices: Sequence[int]) -> Rows:
        """The rows at ``indices``, in that order; the documents stay whole."""
        return Rows([self.inputs[i] for i in indices], [self.labels[i] for i in indices], self.documents)

    def digest(self) -> str:
        """A hash of all inputs, labels and documents: two splits with the same digest give the same measurement."""
        parts: list[Any] = [list(self.inputs), list(self.labels)]
        if self.documents:
            parts.append(dict(self.documents))
        return hashlib.sha256(json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


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
class Writing:
    """What is asked for where a system writes a text.

    Attributes:
        target: Language of the text; empty where it is that of the input.
        style: ``summary`` or ``title``.
        sentences: How many sentences a system takes that picks them from the source: a whole number, or a share of the
            source's (a float).
        extractive: Whether the references themselves are made of the source's sentences.
        start: What our own generator is told to write.
    """

    target: str = ""
    style: str = "summary"
    sentences: int | float = 1
    extractive: bool = False
    start: str = ""


def references(label: str | Sequence[str]) -> list[str]:
    """The texts of a label: one, or several that are equally right."""
    return [label] if isinstance(label, str) else list(label)


@dataclass(frozen=True)
class Dataset:
    """A registered dataset.

    Attributes:
        name: Registry name, as given to ``--dataset``.
        version: Raised whenever reader, rules or ``writing`` change, so that results before and after are told apart.
        task: ``classification``, ``sentiment`` (a kind of classification), ``similarity``, ``entities``, ``reading``,
            ``summarization``, ``translation``, ``generation``, ``continuation`` (a kind of generation), ``retrieval``,
            ``qa`` (questions over a corpus), ``spelling``, ``relations``, ``types`` (entities of types by name).
        language: ``en`` or ``zh``, of the input.
        licence: Licence of the data as far as its publishers state one.
        files: The files, per split.
        reader: Turns one file's uncompressed content into rows.
        columns: What a row holds, in order: the input column or columns, then the label.
        metric: Main metric, a name in ``slmkit.benchmarks.metrics``.
        protocols: Which of ``shipped``, ``fitted`` and ``few-shot`` the set is measured under.
        rules: Applied in order to the files' splits.
        train_per_class: When set, ``fitted`` draws that many training rows a class by the run's seed.
        fit_on: Dataset whose training rows ``fitted`` takes; empty for this one's own.
        writing: What is asked for, where the label is a text that a system writes.
        labels: Names of the classes, for a system that learns nothing and must be told them; empty where none asks.
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
    fit_on: str = ""
    writing: Writing | None = None
    labels: tuple[str, ...] = ()
    notes: str = ""

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of all splits, those made by rules included."""
        found = [f.split for f in self.files]
        for rule in self.rules:
            found.extend(sorted(rule.changes))
        return tuple(dict.fromkeys(found))

    def serves(self, task: str) -> bool:
        """Whether ``--task task`` selects this dataset: by its own task, or by the wider one that it is a kind of."""
        return task in (self.task, _KIND_OF.get(self.task))
