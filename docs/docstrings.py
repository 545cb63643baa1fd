"""Docstrings as the reference reads them: several short entries may share a line, and mkdocstrings wants one each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import griffe

_SECTION = re.compile(r"(Args|Attributes):\s*")
_NAMES = r"\*{0,2}[A-Za-z_]\w*(?:, \*{0,2}[A-Za-z_]\w*)*"
_ENTRY = re.compile(rf"({_NAMES}): ")
_NEXT = re.compile(rf"(?<=[.!?\)…]) (?={_NAMES}: )")


class OneEntryALine(griffe.Extension):
    """Parts ``path: the folder. slm: the core.`` and ``text, id: columns.`` into an entry for each name."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring before it is read."""
        if obj.docstring is not None:
            obj.docstring.value = "\n".join(_parted(obj.docstring.value.split("\n")))


def _parted(lines: list[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        if line and not line.startswith(" "):
            inside = _SECTION.fullmatch(line) is not None
            yield line
        elif inside and line.startswith("    "):
            depth = len(line) - len(line.lstrip())
            for part in _NEXT.split(line.strip()):
                yield from _one_each(part, "    " if _ENTRY.match(part) else " " * max(depth, 8))
        else:
            yield line


def _one_each(part: str, indent: str) -> Iterator[str]:
    names = _ENTRY.match(part)
    if names is None or "," not in names[1]:
        yield indent + part
        return
    for name in names[1].split(", "):
        yield f"{indent}{name}: {part[names.end() :]}"
