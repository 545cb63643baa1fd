"""The numbers in a text and their values, in digits and in words, English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = {word: value for value, word in enumerate(_SMALL)} | {word: 20 + 10 * n for n, word in enumerate(_TENS)}
_SCALES = {
    **{"hundred": 10**2, "thousand": 10**3, "million": 10**6, "mn": 10**6, "billion": 10**9, "bn": 10**9},
    **{"trillion": 10**12, "tn": 10**12, "百": 10**2, "千": 10**3, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8},
}
_LETTERS = {"k": 10**3, "m": 10**6}
_DIGITS = {char: value for value, char in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
_UNITS = {"十": 10, **{char: scale for char, scale in _SCALES.items() if len(char) == 1}}
# Of one character each, so that places stay. The letters are those that count as another's capital or small letter.
_PLAIN = {ord("０") + digit: ord("0") + digit for digit in range(10)} | str.maketrans("．ſıİ\u212a", ".siik")

_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_LATIN_SCALE = "|".join(scale for scale in _SCALES if len(scale) > 1)
_NUMBER = re.compile(
    rf"(?P<digits>(?<![A-Za-z\d.])\d+(?:,\d+)*(?:\.\d+)?)"
    rf"(?:[ -]?(?P<scale>(?:{_LATIN_SCALE})\b|[十百千万萬]?[万萬亿億]|[百千])|(?P<letter>[mk])\b)?"
    rf"|\b(?P<word>{_WORD})(?:[ -](?P<second>{_WORD}))?(?:[ -](?P<wordscale>{_LATIN_SCALE}))?\b"
    rf"|(?P<han>[{''.join(_DIGITS)}{''.join(_UNITS)}]+)",
    re.IGNORECASE,
)
_LARGEST = 40  # digits of the longest number that is read as one


@dataclass(frozen=True)
class Number:
    """A number in a text.

    Attributes:
        start, end: its characters. value: what it comes to.
        vague: it may be no number at all, as the "one" of "one of them" or the "一" of "一种".
    """

    start: int
    end: int
    value: Decimal
    vague: bool = False


def numbers(text: str) -> Iterator[Number]:
    """The numbers of a text in order; signs and units are left aside."""
    text = text.translate(_PLAIN)
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        if match["digits"]:
            value = _scaled(Decimal(match["digits"].replace(",", "")[:_LARGEST]), match["scale"] or "")
            if match["letter"] and text[start - 1 : start] in tuple("$£€¥￥"):  # £5m, but not 5m of rope
                value *= _LETTERS[match["letter"].lower()]
            yield Number(start, end, value)
        elif match["word"]:
            yield from _in_words(match)
        else:
            yield Number(start, end, Decimal(_chinese(match["han"])), vague=_is_vague(match["han"]))


def _in_words(match: re.Match[str]) -> Iterator[Number]:
    """Twenty-five is one number; two in a row that do not make one are two."""
    start, end = match.span()
    value, second = _WORDS[match["word"].lower()], _WORDS.get((match["second"] or "").lower())
    scale = match["wordscale"] or ""
    if second is not None and value in range(20, 100, 10) and 0 < second < 10:
        value += second
    elif second is not None:
        yield Number(start, match.end("word"), Decimal(value), vague=value < 2)
        value, start = second, match.start("second")
    yield Number(start, end, _scaled(Decimal(value), scale), vague=value < 2 and not scale)


def _scaled(value: Decimal, scale: str) -> Decimal:
    whole = scale.lower()
    if whole in _SCALES:
        return value * _SCALES[whole]
    for unit in whole:
        value *= _SCALES[unit]
    return value


def _is_vague(han: str) -> bool:
    """One character, or units alone, which often are part of a word (十分, 千万)."""
    return len(han) < 2 or not any(char in _DIGITS for char in han)


def _chinese(han: str) -> int:
    """三十五 -> 35, 一千二百万 -> 12000000; digits without units are read one by one (二〇〇四 -> 2004)."""
    if not any(char in _UNITS for char in han):
        return int("".join(str(_DIGITS[char]) for char in han[:_LARGEST]))
    total = section = digit = 0
    for char in han[:_LARGEST]:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif _UNITS[char] < 10**4:
            section += max(digit, 1) * _UNITS[char]
            digit = 0
        else:
            total = (total + max(section + digit, 1)) * _UNITS[char]
            section = digit = 0
    return total + section + digit
