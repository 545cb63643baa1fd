"""Whether an extraction fits its document: spans that hold what they say, scores that are numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.knowledge.records import Extraction, Mention, Triple
from slmkit.tasks.knowledge.surfaces import clean


def check(text: str, extraction: Extraction) -> tuple[list[Mention], list[Triple]]:
    """All mentions, in the order of the text and each once, and the triples.

    Raises:
        InputError: a span lies outside of the text or holds something else, or a score is no number from 0 to 1.
    """
    if not isinstance(extraction, Extraction):
        raise InputError(f"the extractor gave a {type(extraction).__name__}, expected an Extraction")
    for triple in extraction.triples:
        _check_triple(text, triple)
    for mention in (*extraction.mentions, *_sides(extraction)):
        _check_mention(text, mention)
    return all_mentions(extraction), list(extraction.triples)


def all_mentions(extraction: Extraction) -> list[Mention]:
    """The mentions, those of triples too, in the order of the text and each once."""
    found: dict[tuple[int, int, str], Mention] = {}
    for mention in (*extraction.mentions, *_sides(extraction)):
        found.setdefault((mention.start, -mention.end, mention.type), mention)
    return [found[place] for place in sorted(found)]


def _sides(extraction: Extraction) -> Iterator[Mention]:
    return (side for triple in extraction.triples for side in (triple.head, triple.tail))


def _check_mention(text: str, mention: Mention) -> None:
    if not isinstance(mention.text, str) or not isinstance(mention.type, str):
        raise InputError(f"a mention's text and type must be str, not {mention.text!r} and {mention.type!r}")
    _check_span(text, mention.start, mention.end, f"mention {mention.text!r}")
    if text[mention.start : mention.end] != mention.text:
        there = text[mention.start : mention.end]
        raise InputError(f"mention {mention.text!r}: the text has {there!r} at [{mention.start}:{mention.end}]")
    if not clean(mention.text):
        raise InputError(f"the mention at [{mention.start}:{mention.end}] is blank")
    _check_score(mention.score, f"mention {mention.text!r}")


def _check_triple(text: str, triple: Triple) -> None:
    if not isinstance(triple.relation, str) or not clean(triple.relation):
        raise InputError(f"the relation between {triple.head.text!r} and {triple.tail.text!r} has no name")
    _check_span(text, triple.start, triple.end, f"the sentence of relation {triple.relation!r}")
    for side in (triple.head, triple.tail):
        if not triple.start <= side.start <= side.end <= triple.end:
            raise InputError(f"mention {side.text!r} lies outside of the sentence of relation {triple.relation!r}")
    _check_score(triple.score, f"relation {triple.relation!r}")


def _check_span(text: str, start: Any, end: Any, what: str) -> None:
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(text):
        raise InputError(f"{what}: [{start}:{end}] is no span of a text of {len(text)} characters")


def _check_score(score: Any, what: str) -> None:
    if isinstance(score, bool) or not isinstance(score, (int, float)) or not 0 <= score <= 1 or math.isnan(score):
        raise InputError(f"{what}: its score is {score!r}, expected a number from 0 to 1")
