"""A document as stretches to be written anew and what stands between them: line breaks, bullets, bars of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from slmkit.text.sentences import sentence_spans

_EDGES = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)
# What a line begins with before its words: headings, bullets, boxes to tick, quotes, numbers of a list.
_MARKS = re.compile(
    r"(?:(?:[-*+–—#]+|\[[ xX]\]|\(?\d{1,3}[.)])(?=\s)\s*"
    r"|(?:[>|•·●○■□◆]|\d{1,3}[、．）]|[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}、)\s*)+"
)
_CELLS = re.compile(r"(\s*[|\t]\s*)")


@dataclass(frozen=True)
class Stretch:
    """A stretch of a document: ``before + text + after`` of all of them are the document.

    Attributes:
        text: a sentence, or a cell of a table. before, after: what stands around it, of which nothing is a sentence.
    """

    text: str
    before: str
    after: str

    @property
    def runs_on(self) -> bool:
        """Whether nothing but a space, or nothing at all, parts it from the next one."""
        return not self.after.strip(" ")


def stretches(text: str) -> Iterator[Stretch]:
    """The stretches of a document, in order."""
    for start, end in sentence_spans(text):
        match = _EDGES.fullmatch(text[start:end])
        before, body, after = match.groups() if match else ("", text[start:end], "")
        if "\n" in before or not text[:start].strip(" \t") or text[:start].rstrip(" \t").endswith("\n"):
            marks = _MARKS.match(body)
            if marks:
                before, body = before + marks[0], body[marks.end() :]
        *inner, last = _CELLS.split(body)
        for cell, bar in zip(inner[::2], inner[1::2], strict=True):
            yield Stretch(cell, before, bar)
            before = ""
        yield Stretch(last, before, after)
