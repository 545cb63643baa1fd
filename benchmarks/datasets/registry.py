"""All datasets by name."""

from __future__ import annotations

from slmkit.benchmarks.datasets.base import Dataset
from slmkit.benchmarks.datasets.entities import FITTED_ENTITIES
from slmkit.benchmarks.datasets.entities_shipped import SHIPPED_ENTITIES, TYPES_BY_NAME
from slmkit.benchmarks.datasets.generation import GENERATION
from slmkit.benchmarks.datasets.pairs import PAIRS
from slmkit.benchmarks.datasets.reading import READING
from slmkit.benchmarks.datasets.relations import RELATIONS
from slmkit.benchmarks.datasets.retrieval import ENGLISH_RETRIEVAL
from slmkit.benchmarks.datasets.retrieval_zh import CHINESE_RETRIEVAL
from slmkit.benchmarks.datasets.sentiment import SENTIMENT
from slmkit.benchmarks.datasets.spans import SPANS
from slmkit.benchmarks.datasets.spelling import ENGLISH_SPELLING
from slmkit.benchmarks.datasets.spelling_zh import CHINESE_SPELLING
from slmkit.benchmarks.datasets.summaries import SUMMARIES
from slmkit.benchmarks.datasets.topics import TOPICS
from slmkit.benchmarks.datasets.translations import TRANSLATIONS
from slmkit.errors import InputError

REGISTRY: dict[str, Dataset] = {
    entry.name: entry
    for entry in (
        *SENTIMENT,
        *TOPICS,
        *PAIRS,
        *SPANS,
        *FITTED_ENTITIES,
        *SHIPPED_ENTITIES,
        *TYPES_BY_NAME,
        *RELATIONS,
        *READING,
        *SUMMARIES,
        *TRANSLATIONS,
        *GENERATION,
        *ENGLISH_RETRIEVAL,
        *CHINESE_RETRIEVAL,
        *ENGLISH_SPELLING,
        *CHINESE_SPELLING,
    )
}


def names() -> list[str]:
    """Names of all datasets, in registry order."""
    return list(REGISTRY)


def get(name: str) -> Dataset:
    """The entry called ``name``."""
    try:
        return REGISTRY[name]
    except KeyError:
        raise InputError(f"unknown dataset {name!r}; allowed: {', '.join(REGISTRY)}") from None
