"""Which language a text is in, told by its script, and how its words are joined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

CJK = "\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\u3000-\u30ff\uac00-\ud7af\uff00-\uffef"
"""Ranges for a character class of a regular expression: what ``is_cjk`` holds for."""


def is_han(char: str) -> bool:
    """Whether a character is a Han ideograph (base block, extension A, compatibility)."""
    return "\u4e00" <= char <= "\u9fff" or "\u3400" <= char <= "\u4dbf" or "\uf900" <= char <= "\ufaff"


def is_cjk(char: str) -> bool:
    """Whether a character is Han, a CJK mark, kana, hangul, or a full-width form."""
    return is_han(char) or "\u3000" <= char <= "\u30ff" or "\uac00" <= char <= "\ud7af" or "\uff00" <= char <= "\uffef"


def language(text: str) -> Literal["en", "zh"]:
    """Chinese where Han characters are at least a quarter as many as Latin letters, which make longer words."""
    han = sum(map(is_han, text))
    latin = sum(c.isascii() and c.isalpha() for c in text)
    return "zh" if han and 4 * han >= latin else "en"


def words_apart(text: str) -> list[str]:
    """A text as words with the white space before them; Chinese characters stand alone. Joined they are the text."""
    return re.findall(r"\s*(?:[\u3400-\u9fff]|[A-Za-z0-9_'’-]+|\S)|\s+$", text)


def letters_of(text: str) -> str:
    """Lower-case letters and digits only: the form in which two copies of one text are equal."""
    return "".join(char for char in text.lower() if char.isalnum())


def join_words(words: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """Join words into a text: no space between two of which one is CJK, a single space otherwise.

    Returns:
        The text and the half-open span of each word in it.
    """
    text, spans = "", []
    for word in words:
        if text and word and not (is_cjk(text[-1]) or is_cjk(word[0])):
            text += " "
        spans.append((len(text), len(text) + len(word)))
        text += word
    return text, spans
