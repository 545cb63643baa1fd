"""A text as the pieces a summary is made of: its sentences, with headings told apart and endless lines cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from slmkit.tasks.summarization.words import HAN
from slmkit.text.language import is_cjk
from slmkit.text.sentences import sentence_spans

LONGEST = 600  # columns of a piece, a Chinese character taking two; what has no end mark for longer is cut
HEADING = 120  # columns of the longest heading
_ENDED = re.compile(r"[.!?。！？；…:：;,，、][\"'”’」』）)]*$")
# A full stop after a title, an initial or such does not end a sentence.
_ABBREVIATED = re.compile(
    r"(?:^|[\s(\"'“‘])(?:Mr|Mrs|Ms|Dr|Prof|Gen|Sen|Rep|Gov|Sgt|Lt|Capt|St|vs|Fig|e\.g|i\.e|[A-Z])\.$"
)
# Between Chinese characters a Latin mark needs no space after it to end a sentence.
_UNSPACED_END = re.compile(rf"(?<=[{HAN}）)])[.!?](?=[{HAN}])")
_BREAKS = re.compile(r"[,，、;；:：]\s*|\s+")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")


@dataclass(frozen=True)
class Pieces:
    """The pieces of a text, in order.

    Attributes:
        text: the caller's. spans: half-open character spans, without the white space around them.
        headings: which of them are headings. cut: pieces that were cut out of longer ones.
    """

    text: str
    spans: list[tuple[int, int]]
    headings: list[bool]
    cut: int

    def __len__(self) -> int:
        return len(self.spans)

    def shown(self, number: int) -> str:
        """A piece on one line."""
        start, end = self.spans[number]
        return one_line(self.text[start:end])


def one_line(text: str) -> str:
    """The text without line breaks: a space in their place, nothing between Chinese characters."""
    parts = [part for part in map(str.strip, text.splitlines()) if part]
    line = parts[0] if parts else ""
    for part in parts[1:]:
        line += part if is_cjk(line[-1]) or is_cjk(part[0]) else f" {part}"
    return line


def split_pieces(text: str) -> Pieces:
    """The pieces of a text; none for a text of white space."""
    spans: list[tuple[int, int]] = []
    cut = 0
    for start, end in _joined(text):
        parts = list(_parts(text, start, end))
        cut += len(parts) if len(parts) > 1 else 0
        spans += parts
    return Pieces(text, spans, _headings(text, spans), cut)


def columns(text: str) -> int:
    """How wide a text is, Chinese characters taking two."""
    return len(text) if text.isascii() else len(text) + sum(map(is_cjk, text))


def _joined(text: str) -> list[tuple[int, int]]:
    """Sentence spans without outer white space; one that goes on after an abbreviation or a wrapped line is whole."""
    soft = set(_soft_breaks(text))
    spans: list[tuple[int, int]] = []
    for start, end in _sentences(text):
        inner = text[start:end]
        start, end = start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip())
        if spans and _goes_on(text, spans[-1], start, soft):
            start = spans.pop()[0]
        spans.append((start, end))
    return spans


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    for start, end in sentence_spans(text):
        for match in _UNSPACED_END.finditer(text, start, end):
            yield start, match.end()
            start = match.end()
        yield start, end


def _goes_on(text: str, span: tuple[int, int], start: int, soft: set[int]) -> bool:
    between = text[span[1] : start]
    tail = text[max(span[0], span[1] - 12) : span[1]]
    if "\n" not in between:
        return bool(_ABBREVIATED.search(tail))
    return span[1] + between.index("\n") in soft and (not _ENDED.search(tail) or tail[-1] in ",，、:：")


def _soft_breaks(text: str) -> Iterator[int]:
    """Places of the line breaks that only keep lines short: those of paragraphs whose lines are about equally long."""
    at = 0
    for block in _BLANK_LINE.split(text):
        at = text.index(block, at)
        lines = block.strip("\n").split("\n")
        if len(lines) > 2:
            widths = [columns(line.strip()) for line in lines]
            if 40 <= max(widths) <= 120 and min(widths[:-1]) >= 0.75 * max(widths):
                yield from (at + match.start() for match in re.finditer("\n", block))
        at += len(block)


def _parts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A span, cut where it is longer than ``LONGEST``: after a comma or a space in its last third, else anywhere."""
    while columns(text[start : min(end, start + LONGEST + 1)]) > LONGEST:
        width = 0
        limit = start
        while width < LONGEST:
            width += 1 + is_cjk(text[limit])
            limit += 1
        breaks = [match.end() for match in _BREAKS.finditer(text, start + 2 * (limit - start) // 3, limit)]
        stop = breaks[-1] if breaks else limit
        yield from _stripped(text, start, stop)
        start = stop
    yield from _stripped(text, start, end)


def _stripped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    inner = text[start:end]
    if inner.strip():
        yield start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip())


def _headings(text: str, spans: list[tuple[int, int]]) -> list[bool]:
    """Which pieces are headings: short lines of their own without an end mark, as long as most pieces are none."""
    found = []
    for number, (start, end) in enumerate(spans):
        before = number == 0 or "\n" in text[spans[number - 1][1] : start]
        after = number + 1 < len(spans) and "\n" in text[end : spans[number + 1][0]]
        short = end - start <= HEADING and columns(text[start:end]) <= HEADING
        found.append(before and after and short and not _ENDED.search(text[max(start, end - 12) : end]))
    return found if 2 * sum(found) < len(found) else [False] * len(found)
