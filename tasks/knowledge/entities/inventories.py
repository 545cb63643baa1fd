"""The types of the labelled sets in words, English and Chinese; and the general types of the shipped recognizer."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from slmkit.errors import InputError

ALTERNATIVES = "|"
"""Parts several wordings of one type."""
GENERAL: Mapping[str, str] = MappingProxyType(
    {
        "person": "person|人物",
        "organisation": "organisation|组织机构",
        "location": "location|地点",
        "title": "job title|职位",
        "product": "product|产品",
        "work": "title of a work|作品",
        "event": "event|事件",
        "time": "date or time|日期",
    }
)
"""The types of the shipped recognizer, and the words that it knows them by."""


@dataclass(frozen=True)
class NamedType:
    """A type of a set.

    Attributes:
        label: in the set. general: the general type that all of it belongs to; "" where there is none, or where the set
            leaves some of that type unmarked. en, zh: wordings, the first is the plainest.
    """

    label: str
    general: str
    en: tuple[str, ...]
    zh: tuple[str, ...]

    @property
    def words(self) -> str:
        """The plainest wording in each language, as ``from_types`` takes them."""
        return ALTERNATIVES.join((self.en[0], self.zh[0]))


@lru_cache(maxsize=1)
def _read() -> dict[str, dict[str, NamedType]]:
    found: dict[str, dict[str, NamedType]] = {}
    text = files("slmkit.tasks.knowledge.entities").joinpath("inventories.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        en, zh = (tuple(row[code].split(ALTERNATIVES)) for code in ("en", "zh"))
        found.setdefault(row["set"], {})[row["label"]] = NamedType(row["label"], row["general"], en, zh)
    return found


def inventory(name: str) -> dict[str, NamedType]:
    """The types of a set by their labels.

    Raises:
        InputError: there is no such set.
    """
    known = _read()
    if name not in known:
        raise InputError(f"the types of {name!r} are not in words; those of these sets are: {', '.join(known)}")
    return dict(known[name])


def has_inventory(name: str) -> bool:
    """Whether the types of a set are in words."""
    return name in _read()


def labels_of_general(name: str) -> dict[str, str]:
    """General type -> the one label of a set that is of it; general types of none or of several labels are left out.

    Raises:
        InputError: there is no such set.
    """
    found: dict[str, list[str]] = {}
    for named in inventory(name).values():
        found.setdefault(named.general, []).append(named.label)
    return {general: labels[0] for general, labels in found.items() if general and len(labels) == 1}
