"""What systems serve: the tasks and protocols that each can be measured under, and the entry that says so."""

from __future__ import annotations

from dataclasses import dataclass

from slmkit.benchmarks.datasets import Dataset

BOTH = ("en", "zh")
CLASSES = (
    ("classification", "fitted"),
    ("classification", "few-shot"),
    ("sentiment", "fitted"),
    ("sentiment", "few-shot"),
)
SHIPPED_SENTIMENT = (("sentiment", "shipped"),)
SHIPPED_CLASSES = (("classification", "shipped"), *SHIPPED_SENTIMENT)
SIMILARITY = (("similarity", "shipped"),)
RETRIEVAL = (("retrieval", "shipped"),)
SUMMARIES = (("summarization", "fitted"), ("summarization", "shipped"))
TEXTS = (("translation", "fitted"), ("generation", "fitted"))
SHIPPED_TEXTS = (("translation", "shipped"), ("generation", "shipped"), ("continuation", "shipped"))
SPELLING = (("spelling", "shipped"),)
SPELLING_FITTED = (("spelling", "fitted"),)
READING = (("reading", "fitted"), ("reading", "shipped"))
QUESTIONS = (("qa", "shipped"),)
RELATIONS = (("relations", "fitted"),)
ENTITIES = (("entities", "fitted"),)
SHIPPED_ENTITIES = (("entities", "shipped"),)
TYPES = (("types", "shipped"),)


@dataclass(frozen=True)
class SystemEntry:
    """A registered system.

    Attributes:
        target: ``module:callable``; called with ``(dataset, protocol)`` it gives a System.
        serves: The ``(task, protocol)`` pairs it can be measured under.
        packages: Distributions whose versions go into the result.
        default: Whether a run that names no system includes it.
        told_labels: Whether it must be told the names of the classes.
    """

    name: str
    target: str
    about: str
    serves: tuple[tuple[str, str], ...]
    languages: tuple[str, ...] = BOTH
    packages: tuple[str, ...] = ()
    default: bool = True
    told_labels: bool = False

    @property
    def ours(self) -> bool:
        """Whether it is this package, as against a peer."""
        return self.name.partition("-")[0] == "slmkit"

    def can(self, dataset: Dataset, protocol: str) -> bool:
        """Whether the system can be measured on a dataset under a protocol."""
        served = (dataset.task, protocol) in self.serves and dataset.language in self.languages
        return served and (bool(dataset.labels) or not self.told_labels)
