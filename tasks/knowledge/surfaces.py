"""How a name is written, and what of that tells things apart: spelling, titles, legal forms, initials."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from slmkit.tasks.knowledge.words import Words, words
from slmkit.text.language import is_han

_SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_JOINERS = re.compile(r"[-‐-―_/·•・‧∙]")
_LOST = re.compile(r"['’‘`´\".“”,;:!?()（）「」『』《》\[\]]")
_POSSESSIVE = re.compile(r"['’]s$")
_ACRONYM = re.compile(r"[A-Z](?:[A-Z]|\.(?=[A-Z.]|$)){1,9}\.?")
PLACE_SUFFIX = "place suffix"


@dataclass(frozen=True)
class Form:
    """A written name, taken apart.

    Attributes:
        surface: as written, white space collapsed. family: the kind of thing, see ``family_of``.
        folded: without case, width, accents and marks. core: ``folded`` without title, article, legal form or
            place suffix. dropped: which of these it had, in order. title: the titles before or after the name.
        suffix: the legal form or place suffix in Chinese that was dropped.
        tokens: of the core, parted at spaces and marks. han: whether it is written in Chinese characters.
        acronym: the letters of an acronym such as "WHO", lower case, else "". civil: whether the title is one
            that many people bear, such as "Mr.", and names nobody alone.
    """

    surface: str
    family: str
    folded: str
    core: str
    dropped: tuple[str, ...]
    title: str
    suffix: str
    tokens: tuple[str, ...]
    han: bool
    acronym: str
    civil: bool

    @property
    def full(self) -> bool:
        """Whether a person's name is more than a surname or a given name alone."""
        if self.han and len(self.tokens) == 1:
            return len(self.core) > 1 and not (self.title and self.core in words().surnames_zh)
        return len(self.tokens) > 1


def clean(text: str) -> str:
    """A surface as it is kept: composed, white space collapsed, without control characters and lone surrogates."""
    whole = _SURROGATES.sub("\ufffd", unicodedata.normalize("NFC", text))
    return " ".join(_CONTROL.sub("", whole).split())


def safe(text: str) -> str:
    """A text of the same length that the database takes: lone surrogates replaced."""
    return _SURROGATES.sub("\ufffd", text)


@lru_cache(maxsize=8192)
def fold(surface: str) -> str:
    """Without case, width, accents and marks; the same for all spellings of a name."""
    text = unicodedata.normalize("NFKC", surface)
    text = _POSSESSIVE.sub("", text).replace("&", " and ")
    text = _LOST.sub("", _JOINERS.sub(" ", text)).casefold()
    if not text.isascii():
        parts = unicodedata.normalize("NFD", text)
        text = unicodedata.normalize("NFC", "".join(c for c in parts if not 0x300 <= ord(c) <= 0x36F))
    return " ".join(text.split()) or surface.casefold()


@lru_cache(maxsize=8192)
def analyse(surface: str, family: str) -> Form:
    """Take a (cleaned) surface apart."""
    folded, lists = fold(surface), words()
    han = any(map(is_han, folded))
    core, dropped, title, suffix = folded, [], "", ""
    if family == "person":
        core, title = _strip_title_zh(folded, lists) if han else _strip_titles(folded, lists)
        dropped += ["title"] if title else []
    else:
        core, dropped, suffix = _strip_forms(folded, family, lists, han)
    found = _ACRONYM.fullmatch(unicodedata.normalize("NFKC", surface))
    acronym = "".join(c for c in folded if c.isalpha()) if found and not han else ""
    civil = bool(title) and all(word in lists.civil for word in title.split())
    tokens = tuple(core.split())
    return Form(surface, family, folded, core, tuple(dropped), title, suffix, tokens, han, acronym, civil)


def _strip_titles(folded: str, lists: Words) -> tuple[str, str]:
    tokens = folded.split()
    start = 0
    while start < len(tokens) - 1 and (tokens[start] in lists.titles or (start and tokens[start] == "the")):
        start += 1
    rest = tokens[start:]
    while len(rest) > 1 and rest[-1] in lists.degrees:
        rest = rest[:-1]
    return " ".join(rest), " ".join(tokens[:start])


def _strip_title_zh(folded: str, lists: Words) -> tuple[str, str]:
    for title in lists.titles_zh:
        if folded.endswith(title) and len(folded) > len(title):
            # 王总 is a title; a name of three characters that ends like one is a name.
            if len(title) == 1 and len(folded) > 2:
                continue
            return folded[: -len(title)].strip(), title
    for title in lists.titles_zh:
        if len(title) > 1 and folded.startswith(title) and len(folded) - len(title) >= 2:
            return folded[len(title) :].strip(), title
    if len(folded) == 2 and folded[0] in "老小":
        return folded[1], "某"
    return folded, ""


def _strip_forms(folded: str, family: str, lists: Words, han: bool) -> tuple[str, list[str], str]:
    core, dropped = folded, []
    if core.startswith("the ") and len(core) > 4:
        core, dropped = core[4:], ["article"]
    if family == "organization" and not han:
        tokens = core.split()
        while len(tokens) > 1 and (tokens[-1] in lists.legal or (tokens[-1] == "and" and "legal form" in dropped)):
            tokens = tokens[:-1]
            dropped += [] if "legal form" in dropped else ["legal form"]
        core = " ".join(tokens)
    suffixes = {"organization": lists.legal_zh, "location": lists.place_zh}.get(family, ()) if han else ()
    for suffix in suffixes:
        # 镇 ends names too: 景德镇 is a city.
        if core.endswith(suffix) and len(core) - len(suffix) >= (3 if suffix == "镇" else 2):
            what = "legal form" if family == "organization" else PLACE_SUFFIX
            return core[: -len(suffix)], [*dropped, what], suffix
    return core, dropped, ""


def initials(form: Form) -> frozenset[str]:
    """The acronyms that a name of several words can have, with and without its small words."""
    if form.han:
        return frozenset()
    stop, found = words().stop, set()
    for text in {form.folded, form.core}:
        tokens = text.split()
        for chosen in (tokens, [token for token in tokens if token not in stop]):
            if len(chosen) > 1:
                found.add("".join(token[0] for token in chosen))
    return frozenset(found)


def given_name(token: str) -> str:
    """A given name in its long form, where it is a usual short one."""
    return words().nicknames.get(token, token)
