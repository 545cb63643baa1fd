"""A held-back part with every class in its share."""

from __future__ import annotations

import numpy as np


def hold_back(classes: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split row numbers into a training part and a held-back part.

    Args:
        classes: class numbers ``(n,)``, split class by class; or 0 and 1 ``(n, k)``, split at random.
        share: of the held-back part. seed: of the choice.

    Returns:
        Two sorted arrays. Every class keeps at least one row in training.
    """
    rng = np.random.default_rng(seed)
    rows = np.arange(len(classes))
    if not share:
        return rows, rows[:0]
    groups = [rows] if classes.ndim == 2 else [np.flatnonzero(classes == c) for c in np.unique(classes)]
    # Shares below one row add up over the classes, so that many small classes still give a part of the wanted size.
    held, owed = [], 0.0
    for group in rng.permutation(len(groups)):
        members = rng.permutation(groups[group])
        owed += share * len(members)
        take = min(int(owed + 1e-9), len(members) - 1)
        owed -= take
        held.append(members[:take])
    back = np.sort(np.concatenate(held))
    return np.setdiff1d(rows, back), back
