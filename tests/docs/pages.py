"""The pages of the documentation as text: their code blocks, headings and links."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FRONT = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "MODEL_CARD.md")]
PAGES = sorted(DOCS.rglob("*.md"))
_FENCE = re.compile(
    r"(?:<!-- not run: (?P<why>.+?) -->\n)?^```(?P<kind>\w*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE
)
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A code block: its language, its first line in the page, and why it is not run (None where it is)."""

    kind: str
    code: str
    line: int
    why_not: str | None


def name(page):
    return page.relative_to(ROOT).as_posix()


def blocks(page):
    text = page.read_text(encoding="utf-8")
    return [
        Block(found["kind"], found["code"], text.count("\n", 0, found.start("code")) + 1, found["why"])
        for found in _FENCE.finditer(text)
    ]


def prose(page):
    """The page without its code, in blocks and in lines."""
    return re.sub(r"`[^`\n]+`", "``", _FENCE.sub("", page.read_text(encoding="utf-8")))


def links(page):
    return _LINK.findall(prose(page))


def anchors(page):
    """What a link may name after ``#``: headings as Python-Markdown and GitHub both write them."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return {slug(heading) for heading in _HEADING.findall(text)}


def slug(heading):
    bare = re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", bare).strip().lower().replace(" ", "-")
