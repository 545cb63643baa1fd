"""English corrections, word by word: how many errors were fixed, and how many right words were broken.

Words are runs of letters and digits, with apostrophes inside; marks and layout are not compared, case is. Source, right
text and output are aligned by words (``alignment.stands_for``). A word of the source is an *error* where something else
stands for it in the right text, *fixed* where the same stands for it in the output; any other word is *right*, and
*broken* where something else stands for it in the output.

``fixed`` is the main score, and ``broken`` stands beside it. They are not blended into one figure, since what a right
word is worth against an error is the reader's to say: at 5 % errors a system that breaks one word in a hundred spoils
one for every five errors. F0.5 of all changes is there for whoever needs a single number.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slmkit.benchmarks.metrics.alignment import stands_for
from slmkit.benchmarks.words import WORD


def counts(gold: Sequence[tuple[str, str]], predicted: Sequence[str]) -> np.ndarray:
    """Errors, errors fixed, right words, right words broken, and words changed of each row ``(n, 5)``.

    Args:
        gold: source and right text of each row. predicted: the output.
    """
    return np.array([_row(source, right, made) for (source, right), made in zip(gold, predicted, strict=True)])


def _row(source: str, right: str, made: str) -> tuple[int, int, int, int, int]:
    items = WORD.findall(source)
    wanted, found = stands_for(items, WORD.findall(right)), stands_for(items, WORD.findall(made))
    rows = [(w != (item,), f == w, f != (item,)) for item, w, f in zip(items, wanted, found, strict=True)]
    errors, fixed = sum(e for e, _, _ in rows), sum(e and hit for e, hit, _ in rows)
    broken = sum(c for e, _, c in rows if not e)
    return errors, fixed, len(rows) - errors, broken, sum(c for _, _, c in rows)


def fixed(total: np.ndarray) -> float:
    """Share of the errors that were fixed, of summed counts ``(5,)``."""
    return float(total[1] / total[0]) if total[0] else 0.0


def broken(total: np.ndarray) -> float:
    """Share of the right words that were broken, of summed counts ``(5,)``."""
    return float(total[3] / total[2]) if total[2] else 0.0


def words_changed(total: np.ndarray) -> float:
    """Share of all words that were changed, of summed counts ``(5,)``."""
    return float(total[4] / (total[0] + total[2])) if total[0] + total[2] else 0.0


def f05(total: np.ndarray) -> float:
    """F0.5 of summed counts ``(5,)``: precision is the share of changes that fixed an error, recall is ``fixed``."""
    weight = 0.5**2
    below = total[4] + weight * total[0]  # (1 + w) P R / (w P + R), with P = fixed / changed and R = fixed / errors
    return float((1 + weight) * total[1] / below) if below else 0.0
