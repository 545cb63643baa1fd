"""F1 of relations: triples of a text, and the relation of two given mentions.

Counts are, for each row, what is right, what was said and what there is ``(n, 3)``, the micro F1 of which is taken of
their sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slmkit.benchmarks.datasets.relation_readers import NONE

SEMEVAL = (
    "Cause-Effect",
    "Component-Whole",
    "Content-Container",
    "Entity-Destination",
    "Entity-Origin",
    "Instrument-Agency",
    "Member-Collection",
    "Message-Topic",
    "Product-Producer",
)
"""The nine relations of SemEval 2010 task 8, without their directions."""


def triples(gold: Sequence[Sequence[Any]], predicted: Sequence[Sequence[Any]]) -> np.ndarray:
    """Of texts: head, relation and tail have to be written the same; types do not count."""
    return _counts([{tuple(t[:3]) for t in row} for row in gold], [{tuple(t[:3]) for t in row} for row in predicted])


def strict(gold: Sequence[Mapping[str, Any]], predicted: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Of texts with places: both mentions' places and types, and the relation (SpERT's strict setting)."""
    return _counts([_links(row) for row in gold], [_links(row) for row in predicted])


def mentions(gold: Sequence[Mapping[str, Any]], predicted: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Of texts with places: the place and type of each mention."""
    sets = [[{tuple(each) for each in row["entities"]} for row in rows] for rows in (gold, predicted)]
    return _counts(*sets)


def labels(gold: Sequence[str], predicted: Sequence[str]) -> np.ndarray:
    """Of given pairs: the relation; that there is none does not count."""
    said = [set() if label == NONE else {label} for label in predicted]
    return _counts([set() if label == NONE else {label} for label in gold], said)


def f1(total: np.ndarray) -> float:
    """Micro F1 of summed counts ``(3,)``."""
    right, said, there = map(int, total)
    return 2 * right / (said + there) if said + there else 0.0


def precision(total: np.ndarray) -> float:
    """Of summed counts ``(3,)``."""
    return float(total[0] / total[1]) if total[1] else 0.0


def recall(total: np.ndarray) -> float:
    """Of summed counts ``(3,)``."""
    return float(total[0] / total[2]) if total[2] else 0.0


def semeval(gold: Sequence[str], predicted: Sequence[str]) -> np.ndarray:
    """Right, said and there of each of the nine relations ``(n, 27)``: right is the direction too."""
    made = np.zeros((len(gold), len(SEMEVAL), 3), dtype=np.int64)
    for row, (there, said) in enumerate(zip(gold, predicted, strict=True)):
        for label, column in ((said, 1), (there, 2)):
            name = label.partition("(")[0]
            if name in SEMEVAL:
                made[row, SEMEVAL.index(name), column] = 1
        if said == there and there.partition("(")[0] in SEMEVAL:
            made[row, SEMEVAL.index(there.partition("(")[0]), 0] = 1
    return made.reshape(len(gold), -1)


def semeval_macro(total: np.ndarray) -> float:
    """The official score of summed counts ``(27,)``: mean F1 of the nine relations, "Other" left out."""
    return float(np.mean([f1(each) for each in total.reshape(-1, 3)]))


def _links(row: Mapping[str, Any]) -> set[tuple[Any, ...]]:
    return {(tuple(head), relation, tuple(tail)) for head, relation, tail in row["triples"]}


def _counts(gold: Sequence[set[Any]], predicted: Sequence[set[Any]]) -> np.ndarray:
    pairs = list(zip(gold, predicted, strict=True))
    return np.array([(len(a & b), len(b), len(a)) for a, b in pairs], dtype=np.int64).reshape(-1, 3)
