"""A task over many table files: a folder, a pattern, or files by name; an annotated file for each, resumable."""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.base import TableTask
from slmkit.tasks.stream import run_file
from slmkit.tasks.table_io import format_of

_MAGIC = "*?["


@dataclass(frozen=True)
class FilesReport:
    """What a run over many files did.

    Attributes:
        out: the folder. files: that were annotated by this run. rows, quarantined, resumed: over all of these.
        finished_before: files that an earlier run had finished. failed: why a file has no output, by its name.
    """

    out: Path
    files: int = 0
    rows: int = 0
    quarantined: int = 0
    resumed: int = 0
    finished_before: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)


def is_many(sources: Sequence[str]) -> bool:
    """Whether these name more than one file, or could: several names, a folder, a pattern."""
    return len(sources) != 1 or Path(sources[0]).is_dir() or _is_pattern(sources[0])


def table_files(sources: Sequence[str], out: Path | None = None) -> dict[Path, Path]:
    """The table files that names, folders and patterns stand for -> their places below the folder of the output.

    Of a folder all tables at any depth are taken, in the order of their names, but those whose name, or a folder's,
    begins with a dot or an underscore, as engines mark what is no data; its structure is kept.

    Args:
        sources: The names, folders and patterns.
        out: The folder of the output. Where it lies inside a source, what it holds is not taken: the next run would
            annotate the results of this one.

    Raises:
        InputError: a name stands for nothing, or two files would be written to one place.
    """
    found = _found(sources, out)
    places: dict[Path, Path] = {}
    for path, place in found.items():
        if place in places:
            raise InputError(f"{places[place]} and {path} would both be written to {place}; run them apart")
        places[place] = path
    return found


def run_files(
    task: TableTask | Callable[[], TableTask],
    sources: Sequence[str],
    out: str | Path,
    *,
    resume: bool = False,
    overwrite: bool = False,
    **keywords: Any,
) -> FilesReport:
    """Run a task over one column of many table files; each gets an annotated file of its name and format.

    A file that cannot be read, or lacks the column, is reported and costs the others nothing.

    Args:
        task: The task, or a function that loads it; it is loaded once.
        sources: Names of files, folders, patterns such as ``reviews/*.csv``.
        out: The folder of the annotated files; made where it is not there. It may lie inside a source.
        resume: Go on with a run that was cut off; files that are finished are left as they are.
        overwrite: Replace outputs that are there.
        **keywords: See :func:`slmkit.tasks.stream.run_file`.

    Raises:
        InputError: Nothing to read, an output that is there, a task that drew an option (a key) anew and cannot go
            on as the earlier run did, or with ``errors="raise"`` a cell.
        KeyboardInterrupt: With a message that says what is kept.
    """
    folder = Path(out)
    files = table_files(sources, folder)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; many tables are written to a folder")
    there = [place for place in files.values() if (folder / place).exists()]
    if there and not (resume or overwrite):
        raise InputError(f"{folder / there[0]} is there; go on with --resume, or replace it with --overwrite")
    passed_over = [] if resume or overwrite else [path for path in _found(sources) if path not in files]
    if passed_over:
        raise InputError(
            f"{passed_over[0]} lies in the folder of the output and would not be read; name another folder, or if "
            "an earlier run wrote it, give --resume or --overwrite"
        )
    load = lru_cache(maxsize=1)(lambda: task if isinstance(task, TableTask) else task())
    if there and len(there) < len(files) and not overwrite:
        _check_goes_on(load(), folder)
    reports, failed = [], {}
    for number, (path, place) in enumerate(files.items()):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        try:
            reports.append(run_file(load, path, folder / place, resume=resume, overwrite=overwrite, **keywords))
        except InputError as error:
            if keywords.get("errors") == "raise":
                raise
            failed[str(path)] = str(error)
        except KeyboardInterrupt as error:
            told = f"{error}; {number} of {len(files)} files are done, --resume goes on with the rest"
            raise KeyboardInterrupt(told) from None
    done = [report for report in reports if not report.finished_before]
    return FilesReport(
        folder,
        len(done),
        sum(report.rows for report in done),
        sum(report.quarantined for report in done),
        sum(report.resumed for report in done),
        len(reports) - len(done),
        failed,
    )


def _is_pattern(source: str) -> bool:
    return any(mark in source for mark in _MAGIC) and not Path(source).exists()


def _found(sources: Sequence[str], out: Path | None = None) -> dict[Path, Path]:
    """As ``table_files``, but two files may have one place."""
    found: dict[Path, Path] = {}
    for source in sources:
        own, told = _of_folder(Path(source)) if Path(source).is_dir() else _of_name(source), ""
        if out is not None and _root(source).resolve() in out.resolve().parents:
            folder, told = out.resolve(), f" outside {out}"
            own = {path: place for path, place in own.items() if not path.parent.resolve().is_relative_to(folder)}
        if not own:
            raise InputError(f"{source} holds no table file{told}")
        found |= own
    return found


def _root(source: str) -> Path:
    """What is looked through for a source: itself, or what stands before the first mark of a pattern."""
    path = Path(source)
    return Path(*takewhile(lambda part: not set(_MAGIC) & set(part), path.parts)) if _is_pattern(source) else path


def _check_goes_on(task: TableTask, folder: Path) -> None:
    """Refuse to finish files as an earlier run would not have: it drew its options, and this one drew others.

    Raises:
        InputError: the task has ``drawn_options``.
    """
    for name in getattr(task, "drawn_options", {}):
        raise InputError(
            f"cannot go on in {folder}: {task.name} drew its own {name}, another one than the run before; start anew "
            f"with --overwrite, and give {name}=… (on the command line --option {name}=…) to be able to go on"
        )


def _of_folder(folder: Path) -> dict[Path, Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and _is_table(path))
    places = {path: path.relative_to(folder) for path in files}
    return {path: place for path, place in places.items() if not any(part[0] in "._" for part in place.parts)}


def _of_name(source: str) -> dict[Path, Path]:
    if not _is_pattern(source):
        if not Path(source).exists():
            raise InputError(f"there is no file {source}")
        return {Path(source): Path(Path(source).name)}
    found = sorted(map(Path, glob.glob(source, recursive=True)))
    return {path: Path(path.name) for path in found if path.is_file() and _is_table(path)}


def _is_table(path: Path) -> bool:
    try:
        format_of(path)
    except InputError:
        return False
    return True
