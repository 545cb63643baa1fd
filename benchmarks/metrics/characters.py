"""Chinese corrections, by sentence and by character, after the scripts in use.

Positions are compared one by one where output and source are equally long, aligned else. A *place* is a character of
the source that something else stands for.

By sentence:

- ``sentence``: a sentence with errors is right when the output is the right text (correction), or when just the wrong
  places were changed (detection); only a right sentence that was changed is a false positive. So the bake-offs define
  it, and for correction pycorrector's ``utils.evaluate_utils.eval_model_batch`` does. Where nearly all sentences have
  errors, precision then says little.
- ``strict``: any changed sentence that is not right counts against precision, as in ReaLiSe's script, which papers call
  the official one, and in the CCL 2022 track (``eval_sent_level``).

By character:

- ``character``: pycorrector's ``macbert.evaluate_util.compute_corrector_prf``, where correction looks only at places
  rightly found, so it does not fall when other places are broken.
- ``place``: of all places changed and of all errors, those that became right (``compute_corrector_prf_faspell``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from slmkit.benchmarks.metrics.alignment import stands_for

_Changes = dict[int, tuple[str, ...]]


@dataclass(frozen=True)
class Row:
    """One sentence: what should have been changed, what was, and whether the output is the right text."""

    wanted: _Changes
    made: _Changes
    right: bool


def row(source: str, right: str, output: str) -> Row:
    """Compare source, right text and output."""
    return Row(_changes(source, right), _changes(source, output), right == output)


def _changes(source: str, other: str) -> _Changes:
    # As the scripts do it: no alignment can move what is equally long.
    found = [(c,) for c in other] if len(other) == len(source) else stands_for(source, other)
    changes = {i: there for i, (c, there) in enumerate(zip(source, found, strict=True)) if there != (c,)}
    return changes or ({} if source == other else {0: (other,)})


def _lenient(good: bool, r: Row) -> tuple[int, int, int]:
    hit = bool(r.wanted) and good
    return int(hit), int(not r.wanted and bool(r.made)), int(bool(r.wanted) and not hit)


def _strict(good: bool, r: Row) -> tuple[int, int, int]:
    hit = bool(r.made) and good
    return int(hit), int(bool(r.made) and not hit), int(bool(r.wanted) and not hit)


def _character_correction(r: Row) -> tuple[int, int, int]:
    found = [i for i in r.made if i in r.wanted]
    hits, said = sum(r.made[i] == r.wanted[i] for i in found), {r.made[i] for i in found}
    missed = sum(there not in said for there in r.wanted.values()) if found else 0
    return hits, len(found) - hits, missed


def _places(hits: int, r: Row) -> tuple[int, int, int]:
    return hits, len(r.made) - hits, len(r.wanted) - hits


_KINDS: dict[str, Callable[[Row], tuple[int, int, int]]] = {
    "sentence_correction": lambda r: _lenient(r.right, r),
    "sentence_detection": lambda r: _lenient(set(r.made) == set(r.wanted), r),
    "strict_correction": lambda r: _strict(r.right, r),
    "strict_detection": lambda r: _strict(set(r.made) == set(r.wanted), r),
    "character_correction": _character_correction,
    "character_detection": lambda r: _places(len(set(r.made) & set(r.wanted)), r),
    "place_correction": lambda r: _places(sum(r.wanted.get(i) == there for i, there in r.made.items()), r),
}
KINDS = tuple(_KINDS)


def counts(gold: Sequence[tuple[str, str]], predicted: Sequence[str], *, kind: str) -> np.ndarray:
    """Hits, false alarms and misses of each row ``(n, 3)``, one of ``KINDS``.

    Args:
        gold: source and right text of each row. predicted: the output.
    """
    count = _KINDS[kind]
    return np.array([count(row(source, right, made)) for (source, right), made in zip(gold, predicted, strict=True)])


def precision(total: np.ndarray) -> float:
    """Precision of summed counts ``(3,)``."""
    return float(total[0] / (total[0] + total[1])) if total[0] else 0.0


def recall(total: np.ndarray) -> float:
    """Recall of summed counts ``(3,)``."""
    return float(total[0] / (total[0] + total[2])) if total[0] else 0.0


def f1(total: np.ndarray) -> float:
    """F1 of summed counts ``(3,)``: of precision and recall."""
    return float(2 * total[0] / (2 * total[0] + total[1] + total[2])) if total[0] else 0.0


def row_changed(gold: Sequence[str], predicted: Sequence[str]) -> np.ndarray:
    """1.0 where an output is not the text that was right as it stood. Shape: ``(n,)``."""
    return np.array([float(text != made) for text, made in zip(gold, predicted, strict=True)])


def changed(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """Share of right sentences that were changed."""
    return float(row_changed(gold, predicted).mean())
