"""The word lists that merging stands on: titles, legal forms, nicknames, names with well-known other names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Words:
    """The lists of ``words.json``; suffixes come longest first."""

    families: Mapping[str, str]
    titles: frozenset[str]
    civil: frozenset[str]
    degrees: frozenset[str]
    surnames_zh: frozenset[str]
    titles_zh: tuple[str, ...]
    legal: frozenset[str]
    legal_zh: tuple[str, ...]
    place_zh: tuple[str, ...]
    institution_zh: tuple[str, ...]
    stop: frozenset[str]
    generic: frozenset[str]
    contrast: frozenset[str]
    nicknames: Mapping[str, str]
    aliases: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=1)
def words() -> Words:
    """The lists, read once."""
    data: dict[str, Any] = json.loads(files(__package__).joinpath("words.json").read_text(encoding="utf-8"))

    def longest(name: str) -> tuple[str, ...]:
        return tuple(sorted(data[name], key=lambda word: (-len(word), word)))

    return Words(
        families={label: family for family, labels in data["families"].items() for label in (family, *labels)},
        titles=frozenset(data["titles"]),
        civil=frozenset(data["civil"]),
        degrees=frozenset(data["degrees"]),
        surnames_zh=frozenset(data["surnames_zh"]),
        titles_zh=longest("titles_zh"),
        legal=frozenset(data["legal"]),
        legal_zh=longest("legal_zh"),
        place_zh=longest("place_zh"),
        institution_zh=longest("institution_zh"),
        stop=frozenset(data["stop"]),
        generic=frozenset(data["generic"]),
        contrast=frozenset(data["contrast"]),
        nicknames=data["nicknames"],
        aliases=tuple(map(tuple, data["aliases"])),
    )


def family_of(label: str) -> str:
    """What kind of thing a type label stands for: labels of one kind agree, "" agrees with every kind."""
    plain = label.strip().casefold()
    return words().families.get(plain, plain)
