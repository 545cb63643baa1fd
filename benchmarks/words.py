"""What an English word is, to those who misspell, correct and count them."""

from __future__ import annotations

import re

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")  # letters and digits, apostrophes inside


def in_case_of(model: str, word: str) -> str:
    """``word`` in capitals where ``model`` is (of two letters or more), with a capital where that has one."""
    if len(model) > 1 and model.isupper():
        return word.upper()
    return word[:1].upper() + word[1:] if model[:1].isupper() else word
