"""What a recognizer finds, ``Entity``, and spans as callers hand them over, read into one form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from numbers import Integral
from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.inputs import as_rows, is_missing
from slmkit.tasks.knowledge.records import Mention

Span = tuple[int, int, str]
"""``(start, end, type)``: a half-open span of characters and what stands there."""

COLUMNS = ("text", "start", "end", "type", "score")
_TYPE_KEYS = ("type", "label", "entity_type", "entity", "tag")


@dataclass(frozen=True)
class Entity(Mention):
    """A mention that a recognizer found; a ``KnowledgeGraph`` takes it as it is.

    Attributes:
        text: as it is written. start, end: half-open span of characters, so that ``document[start:end] == text``.
        type: what it is. score: how likely it is that it stands there and is of this type, 0 to 1.
    """

    def to_dict(self) -> dict[str, Any]:
        """``{text, start, end, type, score}``."""
        return asdict(self)


def as_spans(given: Any, text: str, where: str = "the spans") -> list[Span]:
    """Spans of one text as ``(start, end, type)``, in order, each once, without the white space at their ends.

    Args:
        given: tuples or lists of three, dicts or objects with start, end (or start_offset, end_offset) and type (or
            label), or such a list as JSON; None, NaN and an empty cell are no spans.
        text: that they stand in. where: what an error calls them.

    Raises:
        InputError: not such a thing, a span outside of the text, or one with nothing but white space.
    """
    found = {_trimmed(*_span(each, where), text, where) for each in _listed(given, where)}
    return sorted(found, key=lambda span: (span[0], -span[1], span[2]))


def all_spans(given: Any, texts: Sequence[str], what: str = "the spans") -> list[list[Span]]:
    """``as_spans`` of each text; an error names the row.

    Raises:
        InputError: not one entry a text, or one that cannot be read.
    """
    rows = as_rows(given, what)
    if len(rows) != len(texts):
        raise InputError(f"{len(texts)} texts and {len(rows)} rows of spans; give one list of spans a text")
    pairs = zip(rows, texts, strict=True)
    return [as_spans(row, text, f"row {number} of {what}") for number, (row, text) in enumerate(pairs)]


def _listed(given: Any, where: str) -> Iterable[Any]:
    if is_missing(given):
        return ()
    if isinstance(given, str):
        if not given.strip():
            return ()
        try:
            given = json.loads(given)
        except ValueError as error:
            raise InputError(f"{where}: a text that is not JSON ({error}); give a list of (start, end, type)") from None
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise InputError(f"{where}: a list of (start, end, type) is needed, not {type(given).__name__}")
    return given


def _span(given: Any, where: str) -> tuple[Any, Any, Any]:
    if isinstance(given, Mapping):
        kind = next((given[key] for key in _TYPE_KEYS if key in given), None)
        start, end = (given.get(side, given.get(f"{side}_offset")) for side in ("start", "end"))  # the latter: doccano
        return start, end, kind
    if hasattr(given, "start") and hasattr(given, "end"):
        return given.start, given.end, getattr(given, "type", None)
    if hasattr(given, "__getitem__") and not isinstance(given, (str, bytes)) and len(given) == 3:
        return given[0], given[1], given[2]
    raise InputError(f"{where}: {given!r} is no (start, end, type) and has no start, end and type")


def _trimmed(start: Any, end: Any, kind: Any, text: str, where: str) -> Span:
    if not isinstance(kind, str) or not kind.strip():
        raise InputError(f"{where}: ({start!r}, {end!r}, {kind!r}) has no type; give a text such as 'person'")
    # A column of whole numbers in which one is missing comes as floats.
    start, end = (int(place) if isinstance(place, float) and place.is_integer() else place for place in (start, end))
    if not all(isinstance(place, Integral) and not isinstance(place, bool) for place in (start, end)):
        raise InputError(f"{where}: ({start!r}, {end!r}, {kind!r}) has a place that is no whole number")
    if not 0 <= start < end <= len(text):
        raise InputError(
            f"{where}: ({start}, {end}, {kind!r}) does not lie in the text, which has {len(text)} characters"
        )
    kept = text[start:end]
    begin = int(start) + len(kept) - len(kept.lstrip())
    if not kept.strip():
        raise InputError(f"{where}: ({start}, {end}, {kind!r}) holds nothing but white space")
    return begin, begin + len(kept.strip()), kind
