"""The spaCy component ``slm_relations``: the relations of a document in ``doc._.relations``.

It is found by spaCy by the entry point ``spacy_factories`` and made with ``nlp.add_pipe("slm_relations")``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacy.language import Language
from spacy.tokens import Doc

from slmkit.tasks.base import cell_problem
from slmkit.tasks.knowledge.relations.extractor import RelationExtractor

if TYPE_CHECKING:
    from slmkit.tasks.knowledge.relations.relation import Relation

BATCH = 64  # documents that are read together


@Language.factory("slm_relations", default_config={"model": None, "threshold": None}, assigns=["doc._.relations"])
def make_relations(nlp: Language, name: str, model: str | None, threshold: float | None) -> RelationsComponent:
    """Make the component.

    Args:
        nlp: the pipeline. name: of the component in it. model: the folder of a saved extractor; None takes the one that
            ships with the package. threshold: see ``RelationExtractor``.
    """
    return RelationsComponent(RelationExtractor(model=model, threshold=threshold), name=name)


class RelationsComponent:
    """Fills ``doc._.relations`` with the dicts of ``Relation.to_dict``, places in characters of the document.

    An extractor that is given the mentions reads them from ``doc.ents``; one that finds them itself leaves the entities
    of the document as they are.

    Args:
        extractor: what finds the relations. name: of the component in its pipeline.
    """

    def __init__(self, extractor: RelationExtractor, name: str = "slm_relations") -> None:
        self.extractor, self.name = extractor, name
        if not Doc.has_extension("relations"):
            Doc.set_extension("relations", default=[])

    def __call__(self, doc: Doc) -> Doc:
        """One document."""
        return next(iter(self.pipe([doc])))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = BATCH) -> Iterator[Doc]:
        """Documents, read in batches."""
        docs = iter(stream)
        while batch := list(islice(docs, max(batch_size, 1))):
            for doc, found in zip(batch, self._found(batch), strict=True):
                doc._.relations = [each.to_dict() for each in found]
                yield doc

    def _found(self, docs: list[Doc]) -> list[list[Relation]]:
        texts: list[Any] = [doc.text for doc in docs]
        if not any(cell_problem(text) is None for text in texts):
            return [[] for _ in docs]
        if not self.extractor.finds:
            ents = [[(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents] for doc in docs]
            return self.extractor.predict(texts, ents)
        return self.extractor.predict(texts)

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Write the extractor into a folder of the pipeline."""
        self.extractor.save(path)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> RelationsComponent:
        """Read what ``to_disk`` wrote."""
        threshold, core = self.extractor.threshold, self.extractor.slm
        self.extractor = RelationExtractor.load(path, slm=core)
        if threshold is not None:
            self.extractor.threshold = threshold
        return self
