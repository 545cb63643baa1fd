"""What is never touched: addresses, names with @ and #, code, paths, placeholders, the caller's words and patterns.

Every expression takes time linear in the text: what opens and is never closed runs to the end, and what repeats starts
at the beginning of its run only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

from slmkit.errors import InputError
from slmkit.tasks.spelling.places import Place, fold

_NAME = r"[A-Za-z0-9_.-]"
# Each with the characters of which a text must hold one.
# A Latin letter stands apart from a Chinese character beside it, which ``\b`` and ``\w`` do not know.
_W = "A-Za-z0-9_"
_SAFE = [
    ("`~", r"(?ms)^[ \t>]*(?P<fence>`{3,}|~{3,}).*?(?:^[ \t>]*(?P=fence)|\Z)"),
    ("`", r"``[^\n]*?(?:``|$)|`[^`\n]+`"),
    ("<", r"(?s)<!--.*?(?:-->|\Z)"),
    ("<", r"</?[A-Za-z!?][^<>\n]{0,400}>"),
    ("&", r"&#?\w{1,12};"),
    (":", rf"(?<![{_W}])[A-Za-z][A-Za-z0-9+.-]{{1,15}}://[^\s<>\"'，。；！？、（）《》]+"),
    (":", rf"(?<![{_W}])mailto:[^\s<>]+|:[a-z0-9_+-]{{1,30}}:|(?<![{_W}])[{_W}]+(?:::[{_W}]+)+"),
    ("w", rf"(?<![{_W}])www\.[^\s<>\"'，。；！？、（）《》]+"),
    ("@", rf"(?<![{_W}.+-])[A-Za-z0-9_.+-]{{1,64}}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|@[\w-]{{1,30}}"),
    ("#", rf"(?<![{_W}])#[A-Za-z0-9_-]+|#[^#\s]{{1,40}}#"),
    ("/", rf"(?<![{_W}/])(?:~|\.{{1,2}})?/(?:{_NAME}|[@+])+(?:/(?:{_NAME}|[@+])*)*"),
    (
        "/",
        rf"(?<!{_NAME}){_NAME}+(?:/{_NAME}+){{2,}}/?"
        rf"|(?<!{_NAME}){_NAME}+/(?:{_NAME}+\.[A-Za-z][{_W}]{{0,4}}(?![{_W}])|(?!\w))",
    ),
    ("\\", rf"(?<![{_W}])[A-Za-z]:\\[^\s\"<>|]*|\\[A-Za-z]+|(?<![{_W}])\\\\[^\s\"<>|]+"),
    (".", r"(?<![A-Za-z0-9_.-])\.?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+"),
    ("-", rf"(?<![{_W}-])(?:--[A-Za-z][A-Za-z0-9-]*|-[A-Za-z](?![{_W}]))"),
    ("$%{", rf"\$\{{?[A-Za-z0-9_]+\}}?|\{{[^{{}}\n]{{1,80}}\}}|%\(\w+\)s|%[a-z](?![{_W}])"),
    ("(", rf"(?<![{_W}])[A-Za-z_][{_W}]*\(\)|\]\([^()\s]*\)"),
    ("=", rf"(?<![{_W}])[A-Za-z_][{_W}]*=[^\s,;。，]+"),
]
_SHOUTED = 3  # words in capitals that make capitals a manner of writing rather than acronyms


class Guard:
    """Tells which characters of a text are not to be touched.

    Args:
        words: never touched; one of plain letters is meant in any case, any other text just as it stands.
        patterns: regular expressions whose matches are never touched.

    Raises:
        InputError: a pattern is no regular expression, or a word is no text.
    """

    def __init__(self, words: Iterable[str] = (), patterns: Iterable[str | re.Pattern[str]] = ()) -> None:
        given = _listed("words", words)
        self.words = frozenset(fold(word) for word in given if word.isascii() and word.isalpha())
        literal = sorted((word for word in given if fold(word) not in self.words), key=len, reverse=True)
        self._own = [re.compile("|".join(map(re.escape, literal)))] if literal else []
        for pattern in _listed("patterns", patterns):
            try:
                self._own.append(re.compile(pattern))
            except re.error as error:
                raise InputError(f"pattern {pattern!r} is no regular expression: {error}") from None

    @cached_property
    def _safe(self) -> list[tuple[str, re.Pattern[str]]]:
        return [(needed, re.compile(pattern)) for needed, pattern in _SAFE]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Half-open spans of characters that are not to be touched, in order and apart from each other."""
        found = [
            match.span()
            for needed, pattern in self._safe
            if any(mark in text for mark in needed)
            for match in pattern.finditer(text)
        ]
        found += [match.span() for pattern in self._own for match in pattern.finditer(text)]
        merged: list[tuple[int, int]] = []
        for start, end in sorted(found):
            if merged and start < merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            elif start < end:
                merged.append((start, end))
        return merged

    def open_places(self, text: str, found: Sequence[Place], spans: Sequence[tuple[int, int]]) -> list[bool]:
        """Which places of a chunk may be touched.

        Words in mixed case (``camelCase``) may not, and words in capitals only where capitals are how the chunk is
        written.

        Args:
            text: the text. found: places of a chunk, in order. spans: what ``spans`` gave for the text.
        """
        shouted = _is_shouted([text[p.start : p.end] for p in found if not p.chinese])
        made, at = [], _first_after(spans, found[0].start) if found else 0
        for place in found:
            while at < len(spans) and spans[at][1] <= place.start:
                at += 1
            free = at == len(spans) or spans[at][0] >= place.end
            made.append(free and (place.chinese or self._plain(text[place.start : place.end], shouted)))
        return made

    def _plain(self, word: str, shouted: bool) -> bool:
        if fold(word) in self.words:
            return False
        return word[1:].islower() or len(word) == 1 or _lower_but_first(word) or (shouted and word.isupper())


def _lower_but_first(word: str) -> bool:
    """``don't`` and ``I'm``, of which ``islower`` knows all but the first letter."""
    return word[1:] == word[1:].lower()


def _is_shouted(words: Sequence[str]) -> bool:
    long = [word for word in words if len(word) > 1]
    loud = sum(word.isupper() for word in long)
    return loud >= _SHOUTED and 2 * loud > len(long)


def _first_after(spans: Sequence[tuple[int, int]], start: int) -> int:
    """The first span that ends after a character."""
    low, high = 0, len(spans)
    while low < high:
        middle = (low + high) // 2
        if spans[middle][1] <= start:
            low = middle + 1
        else:
            high = middle
    return low


def _listed(name: str, values: Iterable[str | re.Pattern[str]]) -> list[str]:
    listed = [values] if isinstance(values, str) else list(values)
    for value in listed:
        if not isinstance(value, (str, re.Pattern)) or not value:
            raise InputError(f"{name}: got {value!r}, expected texts")
    return listed  # type: ignore[return-value]
