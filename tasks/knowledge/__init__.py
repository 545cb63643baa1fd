"""A knowledge graph of your own documents: one node per thing, where each edge comes from, Cypher to ask with.

Importing this package loads neither the database nor pandas; the first use of a name below does what that name needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmkit.lazy import lazy_names

if TYPE_CHECKING:
    from slmkit.tasks.knowledge.graph import KnowledgeGraph
    from slmkit.tasks.knowledge.records import Extraction, Extractor, GrowthReport, Mention, Triple

_WHERE = {
    "Extraction": "records",
    "Extractor": "records",
    "GrowthReport": "records",
    "KnowledgeGraph": "graph",
    "Mention": "records",
    "Triple": "records",
}
__all__ = ["Extraction", "Extractor", "GrowthReport", "KnowledgeGraph", "Mention", "Triple"]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
