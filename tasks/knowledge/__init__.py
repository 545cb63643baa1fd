"""A knowledge graph of your own documents: one node per thing, where each edge comes from, Cypher to ask with.

Importing this package loads neither the database nor pandas; the first use of a name below does what that name needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmkit.lazy import lazy_names

if TYPE_CHECKING:
    from slmkit.tasks.knowledge.entities.entity import Entity
    from slmkit.tasks.knowledge.entities.recognizer import EntityRecognizer
    from slmkit.tasks.knowledge.graph import KnowledgeGraph
    from slmkit.tasks.knowledge.records import Extraction, Extractor, GrowthReport, Mention, Triple
    from slmkit.tasks.knowledge.relations.extractor import RelationExtractor
    from slmkit.tasks.knowledge.relations.relation import Relation

_WHERE = {
    "Entity": "entities.entity",
    "EntityRecognizer": "entities.recognizer",
    "Extraction": "records",
    "Extractor": "records",
    "GrowthReport": "records",
    "KnowledgeGraph": "graph",
    "Mention": "records",
    "Relation": "relations.relation",
    "RelationExtractor": "relations.extractor",
    "Triple": "records",
}
__all__ = [
    "Entity",
    "EntityRecognizer",
    "Extraction",
    "Extractor",
    "GrowthReport",
    "KnowledgeGraph",
    "Mention",
    "Relation",
    "RelationExtractor",
    "Triple",
]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
