"""Which names are compared at all: a name is kept under some keys and looks under some, never at all names.

A pair of names is compared when one looks under a key that the other is kept under. Keys are so narrow that few names
share one, and no list of names is ever cut short, so that it does not matter which of two names came first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from slmkit.tasks.knowledge.surfaces import Form, fold, given_name, initials
from slmkit.tasks.knowledge.words import words

SHORTEST_TOKEN = 6  # of a word that may be misspelt
SHORTEST_WORD = 8  # of a name of one word that may be misspelt
SHORTEST_HAN, SHORTEST_HAN_NAME = 7, 4


@dataclass(frozen=True)
class Keys:
    """Under which keys a name is kept, and under which it looks for others."""

    kept: frozenset[str]
    sought: frozenset[str]


def keys_of(form: Form) -> Keys:
    """The keys of a name; the first letter of each tells its rule."""
    kept: set[str] = set()
    sought: set[str] = set()
    for rule in (_same, _known, _acronym, _abbreviation, _person, _misspelt):
        for here, there in rule(form):
            kept.update([here] if here else [])
            sought.update([there] if there else [])
    return Keys(frozenset(kept), frozenset(sought))


Pairs = Iterator[tuple[str, str]]


def _same(form: Form) -> Pairs:
    key = f"c {form.family} {form.core}"
    yield key, key
    yield (f"k {form.core}", f"u {form.core}") if form.family else (f"u {form.core}", f"k {form.core}")


def _known(form: Form) -> Pairs:
    group = known_group(form)
    if group is not None:
        yield f"a {group}", f"a {group}"


def _acronym(form: Form) -> Pairs:
    if form.acronym:
        yield f"r {form.family} {form.acronym}", f"l {form.family} {form.acronym}"
    if form.family != "person" or len(form.tokens) > 2:
        for letters in initials(form):
            yield f"l {form.family} {letters}", f"r {form.family} {letters}"


def _abbreviation(form: Form) -> Pairs:
    if form.family != "organization" or not form.han or " " in form.core:
        return
    first = form.core[:1]
    if 2 <= len(form.core) <= 4:
        yield f"s {first}{form.core[-1]}", f"f {first}{form.core[-1]}"
    if len(form.folded) >= 4:
        start = 1 if form.folded.endswith(words().institution_zh) else 2
        for last in {*form.folded[start:]}:
            yield f"f {first}{last}", f"s {first}{last}"


def _person(form: Form) -> Pairs:
    if form.family != "person" or form.han or len(form.tokens) < 2:
        return
    given, surname = given_name(form.tokens[0]), form.tokens[-1]
    yield f"o {' '.join(sorted(form.tokens))}", f"o {' '.join(sorted(form.tokens))}"
    if len(given) > 1:
        key = f"g {surname} {given}"
        yield key, key
        yield f"n {surname} {given[0]}", f"i {surname} {given[0]}"
    else:
        yield f"i {surname} {given}", f"n {surname} {given}"
        yield "", f"i {surname} {given}"


def _misspelt(form: Form) -> Pairs:
    if form.family == "location" or any(char.isdigit() for char in form.core):
        return
    tokens, family = form.tokens, form.family
    if form.han and len(tokens) == 1:
        if family != "person" and len(form.core) >= SHORTEST_HAN:
            yield from ((key, key) for key in _halves(f"h {family}", form.core))
        return
    shortest = SHORTEST_HAN_NAME if form.han else SHORTEST_TOKEN
    if len(tokens) == 1:
        if len(form.core) >= SHORTEST_WORD and family != "person":
            yield from ((key, key) for key in _halves(f"h {family}", form.core))
        return
    for place, token in enumerate(tokens):
        if len(token) >= shortest:
            masked = " ".join([*tokens[:place], token[: 1 if form.han else 2] + "~", *tokens[place + 1 :]])
            yield f"m {family} {masked}", f"m {family} {masked}"


def _halves(prefix: str, core: str) -> Iterator[str]:
    """Texts within one edit share their first or their last half; for two lengths, since an edit may change it."""
    for half in {(len(core) - 1) // 2, len(core) // 2}:
        yield f"{prefix} < {core[:half]} {core[-1]}"
        yield f"{prefix} > {core[0]} {core[-half:]}"


@lru_cache(maxsize=1)
def _groups() -> dict[tuple[str, str], int]:
    return {(family, fold(name)): number for number, (family, *names) in enumerate(words().aliases) for name in names}


def known_group(form: Form) -> int | None:
    """The number of the list of well-known aliases that a name is in."""
    groups = _groups()
    return groups.get((form.family, form.folded), groups.get((form.family, form.core)))
