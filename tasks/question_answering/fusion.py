"""Two rankings made one: by their ranks, or by their scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

Ranking = Sequence[tuple[int, float]]
"""Passage and score, best first."""
RANK_CONSTANT = 60  # Cormack, Clarke and Büttcher 2009


def reciprocal_ranks(rankings: Sequence[Ranking], weights: Sequence[float]) -> list[tuple[int, float]]:
    """Add up ``weight / (60 + rank)``: asks nothing of the scores, so unlike ones can be joined."""
    fused: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        for rank, (item, _) in enumerate(ranking, start=1):
            fused[item] = fused.get(item, 0.0) + weight / (RANK_CONSTANT + rank)
    return sorted(fused.items(), key=lambda pair: (-pair[1], pair[0]))


def normalised_scores(rankings: Sequence[Ranking], weights: Sequence[float]) -> list[tuple[int, float]]:
    """Add up the scores, each ranking's stretched to 0 (its last) … 1 (its first); what it lacks counts as 0."""
    fused: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        if not ranking:
            continue
        low, high = ranking[-1][1], ranking[0][1]
        for item, score in ranking:
            share = (score - low) / (high - low) if high > low else 1.0
            fused[item] = fused.get(item, 0.0) + weight * share
    return in_order(fused.items())


FUSIONS: Mapping[str, Callable[[Sequence[Ranking], Sequence[float]], list[tuple[int, float]]]] = {
    "rrf": reciprocal_ranks,
    "scores": normalised_scores,
}


def in_order(scored: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
    """Best first; what differs by less than arithmetic can tell goes by number, so that batches change no order."""
    return sorted(scored, key=lambda pair: (-round(pair[1], 6), pair[0]))
