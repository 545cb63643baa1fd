"""What a corrected text holds, and how changes become a text again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from slmkit.errors import InputError
from slmkit.tasks.spelling.features import FEATURES, reason_of
from slmkit.tasks.spelling.slots import Chunk, Slot, applied
from slmkit.text.spans import replaced

_SHOWN, _LEAST = 3, 0.01  # alternatives that are named, and the probability from which one is


class Correction(dict[str, Any]):
    """``{"source", "target", "errors", "left_alone"}`` of a text, plain data; a notebook shows it as a diff.

    ``errors`` are ``{"start", "end", "wrong", "right", "score", "alternatives"}`` in order, characters of ``source``;
    ``left_alone`` are ``{"start", "end", "reason"}`` of parts that are in no language or script that is known.
    """

    def _repr_html_(self) -> str:
        from slmkit.tasks.spelling.diff import Diff

        return Diff([self])._repr_html_()


def apply_errors(source: str, errors: Sequence[Mapping[str, Any]]) -> str:
    """The source with each error's characters replaced by what is right.

    Raises:
        InputError: the errors are not in order, overlap, or are not the source's.
    """
    at = 0
    for error in errors:
        start, end = error["start"], error["end"]
        if not at <= start <= end <= len(source) or source[start:end] != error["wrong"]:
            raise InputError(f"the text does not have {error['wrong']!r} at {start} to {end}: these are not its errors")
        at = end
    return replaced(source, ((error["start"], error["end"], error["right"]) for error in errors))


def corrected(text: str, errors: Sequence[Mapping[str, Any]], left_alone: Sequence[tuple[int, int, str]]) -> Correction:
    """The correction of a text.

    Args:
        text: the source. errors: in order. left_alone: characters and reason of each part that was, in order.
    """
    parts: list[dict[str, Any]] = []
    for start, end, reason in left_alone:
        if parts and parts[-1]["end"] == start and parts[-1]["reason"] == reason:
            parts[-1]["end"] = end
        else:
            parts.append({"start": start, "end": end, "reason": reason})
    return Correction(source=text, target=apply_errors(text, errors), errors=list(errors), left_alone=parts)


def as_row(made: Correction) -> dict[str, Any]:
    """A correction as the columns of a table: the errors as JSON, and what was left alone and why, or None."""
    return {
        "target": made["target"],
        "errors": json.dumps(made["errors"], ensure_ascii=False),
        "reason": "; ".join(f"{a['start']}-{a['end']}: {a['reason']}" for a in made["left_alone"]) or None,
    }


class Making:
    """Corrections of texts in the making, chunk by chunk.

    Args:
        texts: the sources. thresholds: by language, the probability from which a change is made.
    """

    def __init__(self, texts: Sequence[str], thresholds: Mapping[str, float]) -> None:
        self.texts, self.thresholds = texts, thresholds
        self._curly = ["’" in text and "'" not in text for text in texts]
        self._errors: list[list[dict[str, Any]]] = [[] for _ in texts]
        self._left: list[list[tuple[int, int, str]]] = [[] for _ in texts]

    def take(self, chunks: Iterable[tuple[int, Chunk]], chances: Sequence[Sequence[np.ndarray]]) -> None:
        """Add chunks, each with the number of its text, and the chances of the candidates of their slots."""
        for (number, chunk), own in zip(chunks, chances, strict=True):
            self._errors[number] += chunk_errors(chunk, own, self.thresholds, curly=self._curly[number])
            if chunk.reason is not None:
                self._left[number].append((chunk.start, chunk.start + len(chunk.text), chunk.reason))

    def made(self) -> list[Correction]:
        """One for each text."""
        return [corrected(*each) for each in zip(self.texts, self._errors, self._left, strict=True)]


def chunk_errors(
    chunk: Chunk, chances: Sequence[np.ndarray], thresholds: Mapping[str, float], *, curly: bool
) -> list[dict[str, Any]]:
    """The changes of a chunk that are likely enough; of two that meet the likelier.

    Args:
        chunk: of a text. chances: of the candidates of each slot. thresholds: by language.
        curly: the text writes ``’``.
    """
    wanted = []
    for slot, chance in zip(chunk.slots, chances, strict=True):
        best = int(chance.argmax())
        if best and chance[best] >= thresholds["zh" if slot.chinese else "en"]:
            start, end, right = applied(chunk, slot, best, curly=curly)
            if chunk.text[start:end] != right:
                wanted.append((float(chance[best]), start, end, right, slot, chance))
    taken: set[int] = set()
    errors = []
    for score, start, end, right, slot, chance in sorted(wanted, key=lambda each: (-each[0], each[1])):
        if not taken.isdisjoint(range(start, end)):
            continue
        taken.update(range(start, end))
        errors.append(
            {
                "start": start + chunk.start,
                "end": end + chunk.start,
                "wrong": chunk.text[start:end],
                "right": right,
                "score": round(score, 4),
                "alternatives": _others(chunk, slot, chance, right, curly),
            }
        )
    return sorted(errors, key=lambda error: error["start"])


def _others(chunk: Chunk, slot: Slot, chance: np.ndarray, right: str, curly: bool) -> list[dict[str, Any]]:
    ranked = ranked_candidates(chunk, slot, chance, curly=curly)
    return [
        {"right": each["right"], "score": each["score"]}
        for each in ranked
        if each["right"] != right and each["score"] >= _LEAST
    ][:_SHOWN]


def ranked_candidates(chunk: Chunk, slot: Slot, chance: np.ndarray, *, curly: bool = False) -> list[dict[str, Any]]:
    """The candidates of a slot, the likeliest first: ``{"start", "end", "right", "score", "reason"}``."""
    made = []
    for number in np.argsort(-chance, kind="stable").tolist():
        start, end, right = applied(chunk, slot, number, curly=curly)
        named = dict(zip(FEATURES, slot.options.features[number].tolist(), strict=True))
        reason = "as it stands" if number == 0 else reason_of(named)
        made.append(
            {
                "start": start + chunk.start,
                "end": end + chunk.start,
                "right": right,
                "score": round(float(chance[number]), 4),
                "reason": reason,
            }
        )
    return made
