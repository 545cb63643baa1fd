"""Sentence spans by end marks, English and Chinese alike; offsets are exact and nothing is dropped."""

from __future__ import annotations

import re

# An end mark with its closing quotes; a Latin full stop ends a sentence only before a space, so "3.5" stays whole.
# A run of marks is tried from its first alone, or a long one that ends no sentence would take quadratic time.
_END = re.compile(r"""(?:[。！？；…]+[”’」』）)"']*|(?<![.!?])[.!?]+["'”’)]*(?=\s)|\n+)\s*""")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Half-open character spans of the sentences of ``text``, back to back, white space with the sentence before it."""
    spans, start = [], 0
    for match in _END.finditer(text):
        if text[start : match.end()].strip():
            spans.append((start, match.end()))
            start = match.end()
    if text[start:].strip():
        spans.append((start, len(text)))
    elif spans and start < len(text):
        spans[-1] = (spans[-1][0], len(text))
    return spans
