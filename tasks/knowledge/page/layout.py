"""Where the nodes of a page stand: laid out here, so that the page is there at once, the same every time.

Each connected part is drawn by forces (Fruchterman and Reingold 1991): edges pull, nodes push. In large parts each
node is pushed by a few drawn nodes in place of all, another few at each step, which comes to the same on the whole. The
parts then stand in rows, the largest first.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

GAP = 60.0  # of neighbours, in the page's units
_STEPS, _SAMPLE, _SEED = 150, 64, 7


def lay_out(count: int, edges: Sequence[tuple[int, int]]) -> np.ndarray:
    """Positions float32 ``(count, 2)`` of nodes 0 to count - 1."""
    places = np.zeros((count, 2))
    parts = _parts(count, edges)
    of = {node: (number, at) for number, part in enumerate(parts) for at, node in enumerate(part)}
    inner: list[list[tuple[int, int]]] = [[] for _ in parts]
    for a, b in edges:
        if a != b:
            inner[of[a][0]].append((of[a][1], of[b][1]))
    drawn = [_draw(len(part), np.array(pairs or [(0, 0)])) for part, pairs in zip(parts, inner, strict=True)]
    for part, corner, local in zip(
        parts, _pack([np.ptp(each, axis=0) + 2 * GAP for each in drawn]), drawn, strict=True
    ):
        places[part] = local - local.min(axis=0) + corner
    return places.astype(np.float32)


def _parts(count: int, edges: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The connected parts, the largest first."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not count:
        return []
    pairs = np.array(edges, dtype=np.int64).reshape(-1, 2)
    links = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    labels = connected_components(links, directed=False)[1]
    parts: dict[int, list[int]] = {}
    for node, label in enumerate(labels.tolist()):
        parts.setdefault(label, []).append(node)
    return sorted(parts.values(), key=lambda part: (-len(part), part[0]))


def _draw(count: int, edges: np.ndarray) -> np.ndarray:
    random = np.random.default_rng(_SEED)
    if count < 2:
        return np.zeros((count, 2))
    places = (random.standard_normal((2, count)) * GAP * np.sqrt(count)).astype(np.float32)
    heat = GAP * np.sqrt(count)
    degree = np.bincount(edges.ravel(), minlength=count).clip(1)
    for step in range(_STEPS):
        sample = np.arange(count) if count <= _SAMPLE else random.choice(count, _SAMPLE, replace=False)
        x, y = (axis[:, None] - axis[sample] for axis in places)  # (count, sample)
        near = GAP**2 * count / len(sample) / (x * x + y * y + 1)
        push = np.stack([(x * near).sum(1), (y * near).sum(1)])
        along = places[:, edges[:, 1]] - places[:, edges[:, 0]]
        pull = along * (np.hypot(*along) / GAP)
        force = push - places * (0.02 * np.sqrt(count))
        for axis in (0, 1):
            force[axis] += np.bincount(edges[:, 0], pull[axis], count) - np.bincount(edges[:, 1], pull[axis], count)
        force /= np.sqrt(degree)
        length = np.hypot(*force).clip(1e-9)
        places += (force / length * np.minimum(length, heat * (1 - step / _STEPS))).astype(np.float32)
    return places.T.astype(np.float64)


def _pack(sizes: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Corners of boxes in rows, about as wide as high in all."""
    if not sizes:
        return []
    width = max(float(np.sqrt(sum(float(w * h) for w, h in sizes)) * 1.3), float(sizes[0][0]))
    corners, x, y, row = [], 0.0, 0.0, 0.0
    for wide, high in sizes:
        if x and x + wide > width:
            x, y, row = 0.0, y + row, 0.0
        corners.append(np.array([x, y]))
        x, row = x + float(wide), max(row, float(high))
    return corners
