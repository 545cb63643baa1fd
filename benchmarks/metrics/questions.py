"""Answers to questions alone, from a whole corpus: how right they are, and whether the right document is cited.

Gold is ``{"answers": [...], "documents": [ids]}`` a row, predicted ``{"answer": text, "document": id}``; an empty
answer and a document of None say that the corpus does not tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from slmkit.benchmarks.metrics import scripts

Rows = Sequence[Mapping[str, Any]]


def f1(gold: Rows, predicted: Rows) -> np.ndarray:
    """F1 of each answer by CMRC 2018's script. Shape: ``(n,)``."""
    return scripts.cmrc_f1([row["answers"] for row in gold], [row["answer"] for row in predicted])


def exact(gold: Rows, predicted: Rows) -> np.ndarray:
    """Whether each answer is exact, by CMRC 2018's script. Shape: ``(n,)``."""
    return scripts.cmrc_exact([row["answers"] for row in gold], [row["answer"] for row in predicted])


def citation(gold: Rows, predicted: Rows) -> np.ndarray:
    """Whether the cited document is one that the question was asked of. Shape: ``(n,)``."""
    pairs = zip(gold, predicted, strict=True)
    return np.array([float(said["document"] in right["documents"]) for right, said in pairs])
