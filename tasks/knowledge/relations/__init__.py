"""Relations: which two things a sentence joins and how, found in a text or told for entities that are given.

Importing this package loads neither torch nor scikit-learn; the first use of a name below does what that name needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmkit.lazy import lazy_names

if TYPE_CHECKING:
    from slmkit.tasks.knowledge.relations.extractor import RelationExtractor
    from slmkit.tasks.knowledge.relations.relation import Relation
    from slmkit.tasks.knowledge.relations.relation_model import RelationModel

_WHERE = {"Relation": "relation", "RelationExtractor": "extractor", "RelationModel": "relation_model"}
__all__ = ["Relation", "RelationExtractor", "RelationModel"]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
