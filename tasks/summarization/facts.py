"""Names and numbers of a summary that do not stand in its source."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from slmkit.tasks.summarization.names import WORD, chinese_names, latin_names
from slmkit.tasks.summarization.numbers import numbers
from slmkit.tasks.summarization.summary import Flag

if TYPE_CHECKING:
    from decimal import Decimal

    from slmkit.text.tokenizer import Tokenizer

_CAPITALS = re.compile(r"(?:\b[A-Z]\w*(?:[ -]|\s+(?:of|the|and|for|de)\s+)?)+")
# Italian, Italians and Italy are one name; so are Iran and Iranian, China and Chinese.
_ENDINGS = ("ians", "ian", "ans", "an", "ns", "n", "ese", "is", "i", "s", "")
_COUNTRY = ("", "a", "y", "s", "ia")
_SHORTEST_STEM = 3
_LONGEST_ROW = 12  # capitalised words whose first letters may be a name
# What everyday words end in where the vocabulary has them in two pieces.
_SUFFIXES = {"s", "es", "d", "ed", "ing", "ly", "er", "ers", "ion", "ions", "able", "al", "ally", "ment", "ise", "ize"}


class Facts:
    """What a source says by name and number. Nothing changes after construction.

    Args:
        source: the text. is_common: see ``latin_names``.
    """

    def __init__(self, source: str, is_common: Callable[[str], bool]) -> None:
        self.source, self.is_common = source, is_common

    @cached_property
    def _words(self) -> set[str]:
        words = {_plain(match[0]) for match in WORD.finditer(self.source)}
        return words | {part for word in words for part in re.split(r"[-&']", word)}

    @cached_property
    def _initials(self) -> set[str]:
        """UN for the United Nations: first letters of capitalised words in a row, small words between them left out."""
        found: set[str] = set()
        for match in _CAPITALS.finditer(self.source):
            letters = "".join(word[0] for word in re.findall(r"\w+", match[0]) if word[0].isupper())[:_LONGEST_ROW]
            ends = [(start, end) for start in range(len(letters)) for end in range(start + 2, len(letters) + 1)]
            found.update(letters[start:end].lower() for start, end in ends)
        return found

    @cached_property
    def _values(self) -> set[Decimal]:
        return {number.value for number in numbers(self.source)}

    @cached_property
    def _squeezed(self) -> str:
        return re.sub(r"\s+", "", self.source)

    def flags(self, summary: str) -> tuple[Flag, ...]:
        """Names and numbers that do not stand in the source, in the summary's order."""
        spans = {
            **{span: "name" for span in latin_names(summary, self.is_common) if not self._names(summary[slice(*span)])},
            **{span: "name" for span in chinese_names(summary) if summary[slice(*span)] not in self._squeezed},
            **{
                (number.start, number.end): "number"
                for number in numbers(summary)
                if not number.vague and number.value not in self._values
            },
        }
        return tuple(Flag(summary[start:end], start, end, kind) for (start, end), kind in sorted(spans.items()))

    def _names(self, word: str) -> bool:
        plain = _plain(word[:-1] if word.endswith("s") and word[:-1].isupper() else word)  # CNNs are CNN
        parts = [part for part in re.split(r"[-&']", plain) if part]
        return plain in self._initials or self._knows(plain) or all(map(self._knows, parts))

    def _knows(self, word: str) -> bool:
        if word in self._words:
            return True
        stems = (word[: len(word) - len(ending)] for ending in _ENDINGS if word.endswith(ending))
        longer = chain.from_iterable((stem + ending for ending in _COUNTRY) for stem in stems if _is_stem(stem))
        return any(form in self._words for form in longer)


def common_words(tokenizer: Tokenizer) -> Callable[[str], bool]:
    """Whether a lower-case word is an everyday one: unlike most names, the vocabulary has it, or all but its ending."""

    def is_common(word: str) -> bool:
        pieces = [tokenizer.token(number) for number in tokenizer.encode(word).ids]
        return len(pieces) == 1 or (len(pieces) == 2 and len(pieces[0]) > 4 and pieces[1] in _SUFFIXES)

    return is_common


def _plain(word: str) -> str:
    """Lower case, without the dots of U.S. and the ending of Italy's."""
    lowered = word.lower().replace("’", "'").replace(".", "")
    return lowered[:-2] if lowered.endswith("'s") else lowered.rstrip("'")


def _is_stem(stem: str) -> bool:
    return len(stem) >= _SHORTEST_STEM
