"""Which rows a fit learns from, which it holds back, and how often each is read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LARGEST, SMALLEST, SHARE = 400, 20, 0.1


def hold_back(
    groups: Sequence[str], weights: np.ndarray, share: float | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers to learn from, and row numbers that are held back: all rows of a group go one way.

    Args:
        groups: of the rows, as their passages. weights: how often each row counts ``(n,)``; what weighs more is held
            back sooner.
        share: of the rows; None is a tenth, at most 400, and nothing where that would be under 20. seed: of the choice.
    """
    n = len(groups)
    if share is None:
        share = 0.0 if n * SHARE < SMALLEST else min(SHARE, LARGEST / n)
    names = {text: number for number, text in enumerate(dict.fromkeys(groups))}
    owner = np.array([names[text] for text in groups], dtype=np.int64)
    counts = np.bincount(owner)
    mean = np.bincount(owner, weights) / counts
    # Drawn without replacement in proportion to the weights (Efraimidis & Spirakis 2006).
    chance = np.random.default_rng(seed).gumbel(size=len(counts))
    order = np.argsort(-(np.log(np.maximum(mean, 1e-12)) + chance), kind="stable")
    before = np.cumsum(counts[order]) - counts[order]
    chosen = np.zeros(len(counts), dtype=bool)
    chosen[order[before < share * n]] = True
    if chosen.all():  # one group at least is left to learn from
        chosen[order[-1]] = False
    held = chosen[owner]
    return np.flatnonzero(~held), np.flatnonzero(held)


def order_of(weights: np.ndarray, epoch: int, seed: int) -> np.ndarray:
    """The rows that an epoch reads, in order: a row of weight 0.3 is in three epochs of ten, one of 2 twice in each.

    Args:
        weights: of the rows ``(n,)``, mean 1. epoch: from 0. seed: of order and choice.
    """
    phase = np.random.default_rng(seed).random(len(weights))
    times = np.floor(weights * (epoch + 1) + phase) - np.floor(weights * epoch + phase)
    rows = np.repeat(np.arange(len(weights)), times.astype(np.int64))
    return np.random.default_rng([seed, epoch]).permutation(rows)
