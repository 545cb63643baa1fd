"""Mentions and triples as callers write them down, read into one form."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.inputs import is_missing

_SIDES = ("head", "relation", "tail")
_TYPE_KEYS = ("type", "label")


@dataclass(frozen=True)
class End:
    """One side of a triple, or a mention.

    Attributes:
        name: as it is written. start, end: half-open span of characters, -1 where only the name is given.
        type: "" where it is not known.
    """

    name: str
    start: int = -1
    end: int = -1
    type: str = ""

    @property
    def placed(self) -> bool:
        """Whether its place is known."""
        return self.start >= 0


@dataclass(frozen=True)
class Given:
    """A triple as it was given."""

    head: End
    relation: str
    tail: End


def as_ends(given: Any, text: str, where: str) -> list[End]:
    """The mentions of one text, in the order in which they were given.

    Args:
        given: tuples ``(start, end)`` or ``(start, end, type)``, dicts or objects with start, end and perhaps type, or
            such a list as JSON; None, NaN and an empty cell are none.
        text: that they stand in. where: what an error calls them.

    Raises:
        InputError: not such a thing, or a span that does not lie in the text.
    """
    ends = [_end(each, text, where) for each in _listed(given, where)]
    for end in ends:
        if not end.placed:
            raise InputError(f"{where}: {end.name!r} has no start and end")
    return ends


def as_triples(given: Any, text: str, where: str) -> list[Given]:
    """The triples of one text.

    Args:
        given: dicts or objects with head, relation and tail (in dicts head_type and tail_type too), or three in a row;
            a head or tail is a name, ``(start, end)`` or ``(start, end, type)``, or has start and end, or text, and
            perhaps type. Also such a list as JSON; None, NaN and an empty cell are none.
        text: that they stand in. where: what an error calls them.

    Raises:
        InputError: not such a thing, a relation without a name, or a span that does not lie in the text.
    """
    return [_triple(each, text, where) for each in _listed(given, where)]


def name_of(given: Any, what: str) -> str:
    """The name of a relation or a type.

    Raises:
        InputError: it is no text, blank, or holds half of a surrogate pair, which fits in no file.
    """
    if not isinstance(given, str) or not given.strip():
        raise InputError(f"{what} is {given!r}; give a text such as 'founded by'")
    if any("\ud800" <= character <= "\udfff" for character in given):
        raise InputError(f"{what} is {given!r}, which holds half of a surrogate pair and fits in no file")
    return str(given)


def _listed(given: Any, where: str) -> Iterable[Any]:
    if is_missing(given):
        return ()
    if isinstance(given, str):
        if not given.strip():
            return ()
        try:
            given = json.loads(given)
        except ValueError as error:
            raise InputError(f"{where}: a text that is not JSON ({error}); give a list") from None
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise InputError(f"{where}: a list is needed, not {type(given).__name__}")
    return given


def _triple(given: Any, text: str, where: str) -> Given:
    if isinstance(given, Mapping):
        lacks = [side for side in _SIDES if side not in given]
        if lacks:
            raise InputError(f"{where}: {given!r:.200} has no {lacks[0]!r}; it needs head, relation and tail")
        head, relation, tail = (given[side] for side in _SIDES)
        types = given.get("head_type"), given.get("tail_type")
    elif all(hasattr(given, side) for side in _SIDES):
        (head, relation, tail), types = (getattr(given, side) for side in _SIDES), (None, None)
    elif isinstance(given, Sequence) and not isinstance(given, str) and len(given) == 3:
        (head, relation, tail), types = given, (None, None)
    else:
        raise InputError(f"{where}: {given!r:.200} is no triple of head, relation and tail")
    ends = [_end(side, text, where, kind) for side, kind in zip((head, tail), types, strict=True)]
    return Given(ends[0], name_of(relation, f"{where}: the relation of {given!r:.200}"), ends[1])


def _end(given: Any, text: str, where: str, kind: Any = None) -> End:
    """One side; a place that does not hold the text that is told with it gives way to the text."""
    start: Any
    end: Any
    name: Any
    if isinstance(given, str):
        start = end = None
        name = given
    elif isinstance(given, Mapping):
        start, end, name = given.get("start"), given.get("end"), given.get("text")
        kind = next((given[key] for key in _TYPE_KEYS if not is_missing(given.get(key))), kind)
    elif hasattr(given, "start") and hasattr(given, "end"):
        start, end, name = given.start, given.end, getattr(given, "text", None)
        kind = getattr(given, "type", kind)
    elif isinstance(given, Sequence) and len(given) in (2, 3):
        start, end, name = given[0], given[1], None
        kind = given[2] if len(given) == 3 else kind
    else:
        raise InputError(f"{where}: {given!r:.200} is neither a name nor a place")
    kind = "" if is_missing(kind) or kind == "" else name_of(kind, f"{where}: the type of {given!r:.200}")
    if isinstance(name, str) and name.strip() and not _holds(text, start, end, name):
        return End(name.strip(), type=kind)
    if not _is_place(start) or not _is_place(end) or not 0 <= start < end <= len(text):
        raise InputError(f"{where}: {given!r:.200} is no place in a text of {len(text)} characters")
    kept = text[int(start) : int(end)]
    if not kept.strip():
        raise InputError(f"{where}: {given!r:.200} holds nothing but white space")
    begin = int(start) + len(kept) - len(kept.lstrip())
    return End(kept.strip(), begin, begin + len(kept.strip()), kind)


def _holds(text: str, start: Any, end: Any, name: str) -> bool:
    return _is_place(start) and _is_place(end) and 0 <= start < end and text[int(start) : int(end)] == name


def _is_place(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
