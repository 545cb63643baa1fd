"""Whether two names may be one thing's, by their letters alone: one rule, one score."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from slmkit.errors import MissingExtraError
from slmkit.tasks.knowledge.blocking import SHORTEST_HAN, SHORTEST_HAN_NAME, SHORTEST_TOKEN, SHORTEST_WORD, known_group
from slmkit.tasks.knowledge.surfaces import Form, given_name, initials
from slmkit.tasks.knowledge.words import words
from slmkit.text.pinyin import readings

try:
    from rapidfuzz.distance import OSA
except ImportError as error:
    raise MissingExtraError("rapidfuzz", "graph") from error

_SCORES = {
    "spelling": 0.99,
    "known alias": 0.95,
    "word order": 0.9,
    "acronym": 0.85,
    "initials": 0.85,
    "nickname": 0.8,
    "type not given": 0.8,
    "abbreviation": 0.75,
}
_UNVOICED = {"b": "p", "d": "t", "g": "k", "j": "q", "zh": "ch", "z": "c"}
_VOICED = re.compile("^(?:zh|[bdgjz])")
_STRIPPED = 0.96
_BARE_TITLE = 0.8


@dataclass(frozen=True)
class Link:
    """Two names that may be one thing's.

    Attributes:
        rule: which rule says so. score: 0 to 1.
        points: 0 where either name is as good; 1 where the first is a short form of the second, which holds only
            while it is the short form of nothing else; -1 the other way round.
        weak: whether the contexts in which the names stand may veto it.
    """

    rule: str
    score: float
    points: int = 0
    weak: bool = False

    def turned(self) -> Link:
        """The same, with the names the other way round."""
        return Link(self.rule, self.score, -self.points, self.weak)


def compare(a: Form, b: Form) -> Link | None:
    """The best link between two names, or None; ``compare(b, a)`` is the same one turned round."""
    if a.family != b.family:
        return _untyped(a, b)
    if a.family == "location" and a.suffix and b.suffix and a.suffix != b.suffix:
        return None  # 吉林省 is a province, 吉林市 a city
    for rule in (_same_core, _known, _swapped, _acronym, _person, _abbreviation, _misspelt):
        link = rule(a, b)
        if link is not None:
            return link
    return None


def _untyped(a: Form, b: Form) -> Link | None:
    if a.core != b.core or (a.family and b.family):
        return None
    return Link("type not given", _SCORES["type not given"], 1 if not a.family else -1)


def _same_core(a: Form, b: Form) -> Link | None:
    if a.folded == b.folded:
        return Link("spelling", _SCORES["spelling"])
    if a.core != b.core:
        return None
    rule = ", ".join(dict.fromkeys([*a.dropped, *b.dropped])) or "spelling"
    if a.family == "location" and a.suffix != b.suffix:  # 吉林 may be either
        return Link(rule, _STRIPPED, -1 if a.suffix else 1)
    if a.family == "person" and not (a.full and b.full):
        if bool(a.title) == bool(b.title):
            return None  # Dr. Smith and Senator Smith
        return Link(rule, _BARE_TITLE, -1 if a.title else 1, weak=True)
    return Link(rule, _STRIPPED)


def _known(a: Form, b: Form) -> Link | None:
    group = known_group(a)
    return None if group is None or group != known_group(b) else Link("known alias", _SCORES["known alias"])


def _swapped(a: Form, b: Form) -> Link | None:
    if a.family != "person" or len(a.tokens) != 2 or a.han or a.tokens != b.tokens[::-1]:
        return None
    return Link("word order", _SCORES["word order"])


def _acronym(a: Form, b: Form) -> Link | None:
    for short, long, points in ((a, b, 1), (b, a, -1)):
        if short.acronym and not long.acronym and is_acronym(short, long):
            return Link("acronym", _SCORES["acronym"], points, weak=True)
    return None


def is_acronym(short: Form, long: Form) -> bool:
    """Whether the letters of ``short`` are the initials of ``long``."""
    return (long.family != "person" or len(long.tokens) > 2) and short.acronym in initials(long)


def _person(a: Form, b: Form) -> Link | None:
    if a.family != "person" or a.han or b.han or min(len(a.tokens), len(b.tokens)) < 2 or a.tokens[-1] != b.tokens[-1]:
        return None
    shorter, longer = _stands_for(a.tokens[:-1], b.tokens[:-1]), _stands_for(b.tokens[:-1], a.tokens[:-1])
    if not shorter and not longer:
        return None
    rule = "nickname" if "nickname" in (shorter, longer) else "initials"
    points = 0 if shorter and longer else 1 if shorter else -1
    return Link(rule, _SCORES[rule], points, weak=True)


def _stands_for(short: tuple[str, ...], long: tuple[str, ...]) -> str:
    """Which rule makes given names a short form of others: they are the first of them, or their initials."""
    if len(short) > len(long):
        return ""
    rule = "initials"
    for token, whole in zip(short, long, strict=False):
        if not _same_given(token, whole):
            return ""
        if token != whole and len(token) > 1:
            rule = "nickname"
    return rule


def _same_given(short: str, long: str) -> bool:
    if len(short) == 1:
        return given_name(long).startswith(short) or long.startswith(short)
    return len(long) > 1 and given_name(short) == given_name(long)


def _abbreviation(a: Form, b: Form) -> Link | None:
    for short, long, points in ((a, b, 1), (b, a, -1)):
        if is_abbreviation(short, long):
            return Link("abbreviation", _SCORES["abbreviation"], points, weak=True)
    return None


def is_abbreviation(short: Form, long: Form) -> bool:
    """Whether a Chinese organisation's name is made of first characters of another's words (北大, 中石化).

    Words are taken to have two characters each, which most have; the last character may also end the long name.
    """
    brief, whole = short.core, long.folded
    if short.family != "organization" or long.family != "organization" or not (short.han and long.han):
        return False
    if not 2 <= len(brief) <= 4 or len(whole) < len(brief) + 2 or brief[0] != whole[0] or brief in words().generic:
        return False
    if whole.startswith(brief):
        return whole[len(brief) :] in words().institution_zh
    at = 0
    for place, char in enumerate(brief):
        found = whole.find(char, at)
        while found >= 0 and not (found % 2 == 0 or found == at or found == len(whole) - 1):
            found = whole.find(char, found + 1)
        if found < 0 or (place == 0 and found):
            return False
        at = found + 1
    return True


def _misspelt(a: Form, b: Form) -> Link | None:
    # Places that differ in one letter are two more often than not: Shanxi and Shaanxi, Colombia and Columbia.
    if a.family == "location" or a.han != b.han or len(a.tokens) != len(b.tokens):
        return None
    if any(c.isdigit() for c in a.core + b.core):
        return None
    unlike = [pair for pair in zip(a.tokens, b.tokens, strict=True) if pair[0] != pair[1]]
    if len(unlike) != 1 or not _one_slip(*unlike[0], a):
        return None
    return Link("likeness", round(OSA.normalized_similarity(a.core, b.core), 3), weak=True)


def _one_slip(one: str, other: str, form: Form) -> bool:
    """Whether two words are one word, once misspelt or transcribed otherwise."""
    short, alone, person = min(len(one), len(other)), len(form.tokens) == 1, form.family == "person"
    if one[0] != other[0] or (alone and person):
        return False
    if form.han:
        least = SHORTEST_HAN if alone else SHORTEST_HAN_NAME
        changed = {*one} ^ {*other}
        if short < least or changed & words().contrast or OSA.distance(one, other) != 1:
            return False
        return _sound_alike(one, other, transcribed=person)
    if short < (SHORTEST_WORD if alone else SHORTEST_TOKEN) or (not alone and one[:2] != other[:2]):
        return False
    if person and one[-1] != other[-1]:
        return False  # Christian, Christina, Christine
    return OSA.distance(one, other) <= (1 if alone or short < 12 else 2)


def _sound_alike(one: str, other: str, *, transcribed: bool) -> bool:
    """Whether a character that stands for another one sounds like it: 化学研究所 and 力学研究所 are two institutes.

    Where a name is transcribed 蒂 and 提 are alike; elsewhere tones count. Without pypinyin nothing is alike.
    """
    unlike = [pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]]
    if len(one) != len(other) or len(unlike) != 1:
        return True  # one character more or less, or two that changed places
    here, there = (_sounds(char, transcribed) for char in unlike[0])
    return bool(here & there)


@lru_cache(maxsize=8192)
def _sounds(char: str, transcribed: bool) -> frozenset[str]:
    try:
        read = readings([char])[0]
    except MissingExtraError:
        return frozenset()
    if not transcribed:
        return frozenset(syllable + tone for syllable, tone in read)
    return frozenset(_VOICED.sub(lambda match: _UNVOICED[match[0]], syllable) for syllable, _ in read)
