"""Words of a treebank put together as people write them, with the place of each."""

from __future__ import annotations

from collections.abc import Sequence

_WRITTEN = {
    "-LRB-": "(",
    "-RRB-": ")",
    "-LSB-": "[",
    "-RSB-": "]",
    "-LCB-": "{",
    "-RCB-": "}",
    "``": '"',
    "''": '"',
    "`": "'",
}
_CLOSING = frozenset(".,;:!?)]}%…")
_OPENING = frozenset("([{$#")
_CLITICS = frozenset({"'s", "'S", "'m", "'re", "'ve", "'ll", "'d", "n't", "'"})


def join_natural(words: Sequence[str]) -> tuple[str, list[tuple[int, int]]]:
    """A text of these words, no space where none is written, and the half-open span of each in it.

    Args:
        words: tokens of the Penn Treebank's kind, brackets and quotes in its escapes.
    """
    text, spans, glued = "", [], True
    for word in words:
        shown = _WRITTEN.get(word, word)
        opens = shown in _OPENING or word in ("``", "`")
        closes = shown in _CLOSING or word in ("''", *_CLITICS)
        if not glued and not closes:
            text += " "
        spans.append((len(text), len(text) + len(shown)))
        text += shown
        glued = opens
    return text, spans
