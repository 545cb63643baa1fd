"""slmkit where relations are told or found: ``RelationExtractor`` with its defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import slmkit
from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.datasets.relation_readers import NONE, OTHER, places_of
from slmkit.benchmarks.systems.base import Size, identity
from slmkit.benchmarks.systems.ours import CORE, NAME, digest, size_of_fitted
from slmkit.errors import InputError

_CODE = (*CORE, "training/*.py", "tasks/base.py", "tasks/knowledge/pointing.py", "tasks/knowledge/relations/*.py")
NOTHING = {"relation_f1": NONE, "semeval_f1": OTHER}
"""What a set calls a pair without a relation, by its metric; in others every pair has one."""


class Relations:
    """``RelationExtractor``, fitted.

    Args:
        dataset, protocol: what is measured. slm: the core; None takes the shipped one.
        **settings: of the extractor.
    """

    name = NAME
    version = slmkit.__version__

    def __init__(self, dataset: Dataset, protocol: str, *, slm: Any = None, **settings: Any) -> None:
        self._none, self._slm, self._settings = NOTHING.get(dataset.metric), slm, settings
        self._model: Any = None

    def fingerprint(self) -> str:
        """The core's fingerprint and the code that fits and finds."""
        return identity(NAME, "relations", (self._slm or slmkit.load()).fingerprint, digest(*_CODE), self._settings)

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Fit a branch and its pointers."""
        from slmkit.tasks.knowledge.relations import RelationExtractor

        self._pairs, self._marked = isinstance(inputs[0], tuple), isinstance(labels[0], dict)
        mode = "given" if self._pairs else "found"
        made = RelationExtractor(entities=mode, random_state=seed, slm=self._slm, **self._settings)
        if self._pairs:
            rows = [places_of(row) for row in inputs]
            triples = [
                [] if label == self._none or head == tail else [(head, label, tail)]
                for (_, head, tail), label in zip(rows, labels, strict=True)
            ]
            made.fit([row[0] for row in rows], triples, [row[1:] for row in rows])
        elif self._marked:
            made.fit(list(inputs), [row["triples"] for row in labels], [row["entities"] for row in labels])
        else:
            made.fit(list(inputs), [[as_triple(each) for each in row] for row in labels])
        self._model = made

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """One relation a pair; else triples, with the mentions where these are asked for."""
        if self._model is None:
            raise InputError("this system is measured fitted; fit it first")
        if self._pairs:
            rows = [places_of(row) for row in inputs]
            found = self._model.predict([row[0] for row in rows], [row[1:] for row in rows])
            # Without a name for "no relation" every pair has one; a pair of one place with itself gets the first.
            nothing = self._none if self._none is not None else self._model.classes_[0]
            return [each[0].relation if each else nothing for each in found]
        if self._marked:
            return [_marked(each) for each in self._model.extract(list(inputs))]
        return [
            [(each.head.text, each.relation, each.tail.text) for each in row]
            for row in self._model.predict(list(inputs))
        ]

    def size(self) -> Size:
        """The core, and branch and pointers as saved."""
        return size_of_fitted(self._model)


def as_triple(label: Sequence[str]) -> dict[str, Any]:
    """A label's triple as ``RelationExtractor.fit`` takes it, by names."""
    head, relation, tail, head_type, tail_type = label
    return {"head": head, "relation": relation, "tail": tail, "head_type": head_type, "tail_type": tail_type}


def _marked(found: Any) -> dict[str, Any]:
    def side(mention: Any) -> tuple[int, int, str]:
        return mention.start, mention.end, mention.type

    triples = [(side(each.head), each.relation, side(each.tail)) for each in found.triples]
    ends = {end for head, _, tail in triples for end in (head, tail)}
    return {"entities": sorted({side(each) for each in found.mentions} | ends), "triples": triples}
