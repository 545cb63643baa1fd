"""What a run reads and starts from in sixteen hex digits each, by which another run is told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor


def rows_digest(rows: Iterable[Any]) -> str:
    """Digits that change with any row, or their order. Rows are plain data: texts, tuples, dataclasses."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{row!r}\n".encode())
    return digest.hexdigest()[:16]


def weights_digest(state: Mapping[str, Tensor]) -> str:
    """Digits that change with any weight."""
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(name.encode())
        digest.update(state[name].cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]
