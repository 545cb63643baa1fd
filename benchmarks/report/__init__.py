"""Results as a page or as Markdown."""

from __future__ import annotations

from pathlib import Path

from slmkit.benchmarks import results
from slmkit.errors import DataError, InputError

MARKS = ("<!-- results -->", "<!-- /results -->")


def write(folder: Path, out: Path) -> list[str]:
    """Write the results of ``folder`` to ``out`` (.html or .md); answers a line about each file left out.

    A Markdown file that is there and has the two ``MARKS`` keeps all that stands outside them.

    Raises:
        InputError: ``out`` has another ending.
        DataError: The folder holds no result.
    """
    if out.suffix not in (".html", ".md"):
        raise InputError(f"--out must end in .html or .md, got {out.name!r}")
    read, problems = results.read_folder(folder)
    found = results.latest(read, problems)
    speeds = results.read_speeds(folder, problems)
    if not found and not speeds:
        raise DataError(f"{folder} holds no result files" + (f"; first problem: {problems[0]}" if problems else ""))
    if out.suffix == ".md":
        from slmkit.benchmarks.report import markdown

        results.write_text(out, _placed(out, markdown.render(found, speeds)))
    else:
        from slmkit.benchmarks import left_out
        from slmkit.benchmarks.report import page

        results.write_text(out, page.render(found, speeds, left_out.read(folder, problems)))
    return problems


def _placed(out: Path, rendered: str) -> str:
    before = out.read_text(encoding="utf-8") if out.suffix == ".md" and out.is_file() else ""
    head, begin, rest = before.partition(MARKS[0])
    _, end, tail = rest.partition(MARKS[1])
    return f"{head}{begin}\n{rendered}{end}{tail}" if end else rendered
