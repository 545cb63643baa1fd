"""What a page takes from elsewhere when the site is built, by a comment in it; nothing is typed twice.

``<!-- include FILE -->``  the page is FILE of the project's root, its links made those of the site
``<!-- api PACKAGE -->``   every public name of PACKAGE, from its docstrings
``<!-- results -->`` … ``<!-- /results -->``  the tables of benchmarks/published
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
INCLUDED = {
    "README.md": "index.md",
    "MODEL_CARD.md": "model-card.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
"""Files of the root that are pages of the site."""
_INCLUDE = re.compile(r"^<!-- include (\S+) -->$", re.MULTILINE)
_API = re.compile(r"^<!-- api (\S+) -->$", re.MULTILINE)
_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """A page with what it takes from elsewhere."""
    found = _INCLUDE.search(markdown)
    if found:
        return included(found[1])
    markdown = _API.sub(lambda match: listed(match[1]), markdown)
    return with_results(markdown) if "<!-- results -->" in markdown else markdown


def included(name: str) -> str:
    """A file of the root as a page: links lead to pages, and result tables to the page that has them."""
    from slmkit.benchmarks.report import MARKS

    text = (ROOT / name).read_text(encoding="utf-8")
    head, begin, rest = text.partition(MARKS[0])
    if begin:
        text = f"{head}The tables are on the page [Benchmarks](docs/benchmarks.md).{rest.partition(MARKS[1])[2]}"
    return _LINK.sub(lambda match: site_link(match[1]), text)


def site_link(target: str) -> str:
    """Where a link from the root leads to on the site.

    Raises:
        ValueError: to nothing that is on it.
    """
    if target in INCLUDED:
        return INCLUDED[target]
    if target.startswith("docs/"):
        return target.removeprefix("docs/")
    raise ValueError(f"{target} is not on the site: link to a file of docs/ or to one of {', '.join(INCLUDED)}")


def public_names(package: str) -> list[str]:
    """Full names of what a package offers, but for those that the package around it offers too."""
    above = package.rpartition(".")[0]
    known = ["__version__", *(getattr(importlib.import_module(above), "__all__", ()) if above else ())]
    return [f"{package}.{name}" for name in importlib.import_module(package).__all__ if name not in known]


def listed(package: str) -> str:
    """The lines that mkdocstrings reads."""
    return "\n\n".join(f"::: {name}" for name in public_names(package))


def with_results(markdown: str) -> str:
    """The page with the tables of the published result files between its marks.

    Raises:
        ValueError: a result file cannot be read.
    """
    from slmkit.benchmarks import results
    from slmkit.benchmarks.report import MARKS
    from slmkit.benchmarks.report.markdown import render

    folder = ROOT / "benchmarks" / "published"
    found, problems = results.read_folder(folder)
    speeds = results.read_speeds(folder, problems)
    if problems:
        raise ValueError(f"benchmarks/published: {problems[0]}")
    head, begin, rest = markdown.partition(MARKS[0])
    _, end, tail = rest.partition(MARKS[1])
    return f"{head}{begin}\n{render(found, speeds)}{end}{tail}"
