"""Tokenised, lower-cased English made to look as people write it: for training on corpora that lost their spelling."""

from __future__ import annotations

import re

_BRACKETS = {"-lrb-": "(", "-rrb-": ")", "lrb": "(", "rrb": ")"}
_RULES = (
    (re.compile(r"``\s*"), '"'),
    (re.compile(r"\s*''"), '"'),
    (re.compile(r"\s+(n't\b|'(?:s|re|ve|ll|d|m)\b)"), r"\1"),  # do n't -> don't, film 's -> film's
    (re.compile(r"\s+([,.;:!?%)\]])"), r"\1"),
    (re.compile(r"([(\[$])\s+"), r"\1"),
    (re.compile(r"\s{2,}"), " "),
)
_I = re.compile(r"(?<![\w'])i(?=$|[\s,.;:!?)]|'(?:m|ve|ll|d)\b)")
_STARTS = re.compile(r"(^[\W_]*|[.!?]\s+)([a-z])")
_CLOSED = re.compile(r"[.!?…\"')]\s*$")


def naturalise(sentence: str) -> str:
    """Join what the tokeniser parted, write capitals where sentences begin, close with a full stop.

    Args:
        sentence: tokens with spaces between them, in lower case.
    """
    text = " ".join(_BRACKETS.get(token, token) for token in sentence.split())
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    text = _I.sub("I", text.strip())
    text = _STARTS.sub(lambda match: match[1] + match[2].upper(), text)
    return text if not text or _CLOSED.search(text) else f"{text}."
