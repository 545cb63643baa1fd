"""Corrections to look at: in the terminal, in a notebook, in a report."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.text import Text

_GONE = "background:rgba(255,80,80,0.25);text-decoration:line-through"
_NEW = "background:rgba(60,180,90,0.3);text-decoration:none;border-radius:3px"


class Diff:
    """Shows what was changed, and nothing else of it as changed.

    ``print(diff)`` marks changes as ``[-wrong-]{+right+}``; rich prints it in colours; a notebook shows ``to_html()``.

    Args:
        corrections: what ``SpellCorrector.predict`` gives, for one text or for many.
        name: of the file that they are of; each changed line then begins with it, its number and the column.
    """

    def __init__(self, corrections: Mapping[str, Any] | Sequence[Mapping[str, Any]], *, name: str = "") -> None:
        self.corrections = [corrections] if isinstance(corrections, Mapping) else list(corrections)
        self.name = name

    def __len__(self) -> int:
        """Number of changes."""
        return sum(len(each["errors"]) for each in self.corrections)

    def __str__(self) -> str:
        return "\n".join(
            prefix + "".join(kept + _marked(wrong, right) for kept, wrong, right in parts) + rest
            for prefix, parts, rest in self._lines()
        )

    def __rich__(self) -> Text:
        from rich.text import Text

        made = Text(no_wrap=False)
        for number, (prefix, parts, rest) in enumerate(self._lines()):
            made.append("\n" if number else "").append(prefix, style="dim")
            for kept, wrong, right in parts:
                made.append(kept).append(wrong, style="red strike").append(right, style="bold green")
            made.append(rest)
        return made

    def to_html(self) -> str:
        """A block for each text, its changes struck out and underlaid; all of the text is shown."""
        blocks = []
        for each in self.corrections:
            made, at = [], 0
            for error in each["errors"]:
                told = html.escape(", ".join(filter(None, [error.get("reason"), f"{error['score']:.2f}"])))
                made.append(html.escape(each["source"][at : error["start"]]))
                if error["wrong"]:
                    made.append(f'<del style="{_GONE}">{html.escape(error["wrong"])}</del>')
                if error["right"]:
                    made.append(f'<ins style="{_NEW}" title="{told}">{html.escape(error["right"])}</ins>')
                at = error["end"]
            made.append(html.escape(each["source"][at:]))
            blocks.append(f'<div style="white-space:pre-wrap;line-height:1.7">{"".join(made)}</div>')
        return "\n".join(blocks)

    def _repr_html_(self) -> str:
        return self.to_html()

    def _lines(self) -> Iterator[tuple[str, list[tuple[str, str, str]], str]]:
        """Every line with a change: what it begins with, its parts up to each change, and the rest."""
        for each in self.corrections:
            source, errors = each["source"], list(each["errors"])
            number, counted = 1, 0
            while errors:
                begin = source.rfind("\n", 0, errors[0]["start"]) + 1
                found = source.find("\n", errors[0]["end"])
                end = found if found >= 0 else len(source)
                inside = [error for error in errors if error["start"] < end]
                errors = errors[len(inside) :]
                number += source.count("\n", counted, begin)
                counted = begin
                parts, at = [], begin
                for error in inside:
                    parts.append((source[at : error["start"]], error["wrong"], error["right"]))
                    at = error["end"]
                place = f"{self.name}:{number}:{inside[0]['start'] - begin + 1}: " if self.name else ""
                yield place, parts, source[at:end].rstrip("\r")


def _marked(wrong: str, right: str) -> str:
    return (f"[-{wrong}-]" if wrong else "") + (f"{{+{right}+}}" if right else "")
