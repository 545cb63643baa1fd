"""A text cut into the places that spelling looks at: English words and single Han characters, with exact offsets."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from slmkit.text.language import is_han
from slmkit.text.sentences import sentence_spans

LONGEST = 320  # of a chunk: letters, a Han character counted as three, since it carries about as much
_MOST, _BACK = 1500, 100  # characters of a piece; how far before its end a place between words is looked for
_STOPS = re.compile(r"[.!?]{50,}")
APOSTROPHES = "'’‘`´ʼ"
"""What is typed for an apostrophe; the first two are right."""
# Characters between which no space is written: never a part of a Latin word that they touch.
_UNSPACED = (
    "\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
)
# Combining accents and marks of no width: a word that holds one is not plain English.
_HIDDEN = "\u00ad\u0300-\u036f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
_RUN = rf"[^\W{_UNSPACED}]+(?:[{_HIDDEN}{APOSTROPHES}]+[^\W{_UNSPACED}]+)*[{_HIDDEN}]*"
_PLACE = re.compile(rf"(?P<run>{_RUN})|[\u3400-\u4dbf\u4e00-\u9fff]")
_PLAIN = re.compile(rf"[A-Za-z]+(?:[{APOSTROPHES}][A-Za-z]+)*")
_WORDY = re.compile(rf"[^\W{_UNSPACED}]|[{_HIDDEN}{APOSTROPHES}]")
_FOLD = {ord(mark): "'" for mark in APOSTROPHES}
LANGUAGES = ("auto", "en", "zh")
BEGIN, END = "<", ">"
"""What stands for the beginning and the end of a chunk where neighbours are looked at."""


class Place(NamedTuple):
    """A place of a text: its half-open span of characters, and whether it is a Han character or an English word."""

    start: int
    end: int
    chinese: bool


def places(text: str, start: int = 0, end: int | None = None) -> Iterator[Place]:
    """The places between two characters of a text.

    An English word is letters with apostrophes inside; the parts of a compound with hyphens are words of their own.
    Words with digits, underscores, letters of other alphabets, accents or hidden marks are no places.
    """
    for match in _PLACE.finditer(text, start, len(text) if end is None else end):
        if match["run"] is None:
            yield Place(match.start(), match.end(), True)
        elif _PLAIN.fullmatch(match[0]):
            yield Place(match.start(), match.end(), False)


def chunks(text: str, longest: int = LONGEST) -> list[tuple[int, int]]:
    """Half-open spans of neighbouring sentences that are read together; a line break ends a chunk.

    A longer sentence is a chunk of its own, one of thousands of characters several. What is not in a chunk is white
    space.
    """
    made: list[tuple[int, int]] = []
    weight = 0
    # Thousands of full stops in a row end no sentence, and looking for its end would take the square of their number.
    sentences = sentence_spans(_STOPS.sub(lambda run: "," * len(run[0]), text))
    for start, end in (piece for span in sentences for piece in _cut(text, *span)):
        own = weight_of(text[start:end])
        if made and weight + own <= longest and made[-1][1] == start and text[start - 1] != "\n":
            made[-1] = made[-1][0], end
            weight += own
        else:
            made.append((start, end))
            weight = own
    return made


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Pieces of about the same length that are not too long, between words where that can be."""
    count = -(-(end - start) // _MOST)
    begin = start
    for number in range(1, count):
        at = start + (end - start) * number // count
        back = at
        while back > at - _BACK and _WORDY.match(text, back - 1):
            back -= 1
        cut = back if back > at - _BACK else at
        yield begin, cut
        begin = cut
    yield begin, end


def weight_of(text: str) -> int:
    """Length of a text, a Han character counted as three letters."""
    return len(text) if text.isascii() else len(text) + 2 * sum(map(is_han, text))


def fold(word: str) -> str:
    """A word as word lists have it: in lower case, with the plain apostrophe."""
    return word.lower().translate(_FOLD)


def neighbours(text: str, span: tuple[int, int], found: Sequence[Place]) -> tuple[list[str], list[str]]:
    """What stands to the left and to the right of each place of a chunk, as bigrams know it.

    That is the mark beside it if there is one, else the neighbouring word or character, folded; see ``BEGIN``.

    Args:
        text: the text. span: of the chunk. found: all its places, in order.
    """
    left, right, before, own = [], [], BEGIN, span[0]
    for number, place in enumerate(found):
        gap = text[own : place.start].strip()
        left.append(before if not gap else "0" if gap[-1].isdigit() else gap[-1])
        if number:
            here = fold(text[place.start : place.end])
            right.append(here if not gap else "0" if gap[0].isdigit() else gap[0])
        before, own = fold(text[place.start : place.end]), place.end
    if found:
        gap = text[own : span[1]].strip()
        right.append(END if not gap else "0" if gap[0].isdigit() else gap[0])
    return left, right


@lru_cache(maxsize=1 << 16)
def code(token: str) -> int:
    """A number of 32 bits for a token, the same on every machine."""
    return zlib.crc32(token.encode("utf-8", "surrogatepass"))
