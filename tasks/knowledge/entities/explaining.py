"""Why an entity was found, or was not: every span that was thought of, what it might be, and what decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from slmkit.tasks.knowledge.entities.entity import Entity
from slmkit.tasks.knowledge.entities.recognizer_model import RecognizerModel

LEAST = 0.02
"""Spans that no type is as likely for are not told of."""


def explained(
    model: RecognizerModel, text: str, found: Sequence[Entity], threshold: float, least: float = LEAST
) -> list[dict[str, Any]]:
    """Every span of a text that was thought of; see ``EntityRecognizer.explain``.

    Args:
        model: that read it. text: one. found: what is given for it, rules and all. threshold: that was asked.
        least: probability from which a type of a span is told.
    """
    thought = _thought_of(model, text, least)
    given = {(each.start, each.end): each for each in found}
    ruled: dict[tuple[int, int], dict[str, float]] = {span: {} for span in given if span not in thought}
    rows = [_row(text, span, chances, given, threshold) for span, chances in (thought | ruled).items()]
    return sorted(rows, key=lambda row: (row["start"], -row["end"]))


def _thought_of(model: RecognizerModel, text: str, least: float) -> dict[tuple[int, int], dict[str, float]]:
    candidates = model.candidates([text])[0]
    chances = model.calibration.probabilities(np.array(candidates.score, dtype=np.float64))
    spans: dict[tuple[int, int], dict[str, float]] = {}
    for start, end, kind, chance in zip(candidates.start, candidates.end, candidates.kind, chances, strict=True):
        if chance >= least:
            own = spans.setdefault((start, end), {})
            own[model.types[kind]] = max(float(chance), own.get(model.types[kind], 0.0))
    return spans


def _row(
    text: str,
    span: tuple[int, int],
    chances: dict[str, float],
    given: dict[tuple[int, int], Entity],
    threshold: float,
) -> dict[str, Any]:
    best = max(chances.values(), default=0.0)
    own = given.get(span)
    if own is not None:
        reason = "found" if own.score == chances.get(own.type) else "given by a rule"
        chances = chances | {own.type: own.score}
    elif best < threshold:
        reason = f"below the threshold of {threshold:.2f}"
    else:
        near = next((e for (a, b), e in given.items() if a < span[1] and span[0] < b), None)
        reason = f"in the way of {near.text!r}" if near is not None else "vetoed by a rule"
    return {
        "text": text[span[0] : span[1]],
        "start": span[0],
        "end": span[1],
        "found": own is not None,
        "reason": reason,
        "alternatives": [{"type": kind, "score": chances[kind]} for kind in sorted(chances, key=lambda k: -chances[k])],
    }
