"""Rankings against graded documents, query by query, by ir_measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from slmkit.errors import MissingExtraError

Grades = Sequence[Mapping[str, int]]
Rankings = Sequence[Sequence[str]]


def row_values(gold: Grades, predicted: Rankings, *, measure: str) -> np.ndarray:
    """The measure of each query; a query with nothing found has 0.

    Args:
        gold: ``{document id: grade}`` a query. predicted: document ids a query, best first, none twice.
        measure: as ir_measures writes it, such as ``nDCG@10``.

    Returns:
        ``(n,)``.
    """
    try:
        import ir_measures
    except ModuleNotFoundError as error:
        raise MissingExtraError("ir-measures", "bench") from error
    judged = {str(i): dict(grades) for i, grades in enumerate(gold)}
    # The order is all that counts: scores of our making leave no ties, which trec_eval would break by id.
    run = {
        str(i): {key: float(len(keys) - rank) for rank, key in enumerate(keys)}
        for i, keys in enumerate(predicted)
        if len(keys)
    }
    values = np.zeros(len(gold))
    if run:
        for found in ir_measures.iter_calc([ir_measures.parse_measure(measure)], judged, run):
            values[int(found.query_id)] = found.value
    return values


def mean_value(gold: Grades, predicted: Rankings, *, measure: str) -> float:
    """The mean over queries."""
    return float(row_values(gold, predicted, measure=measure).mean())


def scores(measure: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The score over all queries, and that of each."""
    return partial(mean_value, measure=measure), partial(row_values, measure=measure)
