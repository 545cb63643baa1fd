"""A pipeline over a table file: one table a run with a row for each text, and one for each task that finds things."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from slmkit.errors import InputError
from slmkit.tasks.cells import Annotations
from slmkit.tasks.exploding import Exploded
from slmkit.tasks.pipeline.pipeline import Pipeline
from slmkit.tasks.pipeline.together import annotate_together, joined
from slmkit.tasks.stream import Asked, Job, Report, Table, check_source, run_tables

ROWS = "rows"
"""The table with a row for each text."""


@dataclass(frozen=True)
class _Columns:
    """Names the columns of the tasks that have one result a text."""

    name: str
    columns: tuple[str, ...]
    column_types: Mapping[str, type]


def run_folder(
    pipeline: Pipeline | Callable[[], Pipeline], source: str | Path, folder: str | Path, asked: Asked
) -> Report:
    """Run a pipeline over one column of a table file and write its tables into a folder.

    ``rows`` has the caller's columns, those of the tasks that have one result a text, and ``slm_error``. Each task that
    finds several things in a text has a table of its name, with a row for each of them. The tables have the format of
    the input. They appear when all of them are whole, and a run that was cut off can be gone on with: see
    ``slmkit.tasks.stream.run_file``, which this shares its workings with.

    Args:
        pipeline: It, or a function that makes it, called once the file is known to be there.
        source: The table; its suffix tells the format.
        folder: Made where it is not there; what else lies in it stays.
        asked: Column and options; ``explode=False`` writes ``rows`` alone, with the columns of all tasks.

    Raises:
        InputError: As ``run_file``.
        KeyboardInterrupt: With a message that says what is kept.
    """
    source, folder = Path(source), Path(folder)
    check_source(source, asked.chunk_rows)
    pipeline = pipeline if isinstance(pipeline, Pipeline) else pipeline()
    tables = _tables(pipeline, source, folder, apart=asked.explode is not False)
    made_here = _make(folder)

    def load() -> Job:
        annotate = partial(annotate_together, pipeline.tasks)
        return Job(pipeline, annotate, tables, {"tables": [table.out.name for table in tables]})

    try:
        return replace(run_tables(load, source, [table.out for table in tables], asked), out=folder)
    finally:
        if made_here:
            with suppress(OSError):  # something is in it
                folder.rmdir()


def _tables(pipeline: Pipeline, source: Path, folder: Path, *, apart: bool) -> tuple[Table, ...]:
    suffix = "".join(source.suffixes[-2:] if source.suffix.lower() == ".gz" else source.suffixes[-1:])
    several = pipeline.several if apart else {}
    if ROWS in several:
        raise InputError(f"a task named {ROWS!r} would write over the table of that name; name it otherwise")
    single = [name for name in pipeline.tasks if name not in several]
    columns = tuple(
        f"{name}_{column}" for name, task in pipeline.tasks.items() if name in single for column in task.columns
    )
    types = {column: kind for column, kind in pipeline.column_types.items() if column in columns}
    shown = _Columns(pipeline.name, columns, types)
    tables = [Table(folder / f"{ROWS}{suffix}", shown, partial(joined, columns=single))]
    for name, task in several.items():
        each = Exploded(task)
        tables.append(Table(folder / f"{name}{suffix}", each, partial(_of, name), each.items))
    for table in tables:
        if table.out.exists() and table.out.samefile(source):
            raise InputError(f"{table.out} is the input; name another folder")
    return tuple(tables)


def _of(name: str, found: Mapping[str, Annotations]) -> Annotations:
    return found[name]


def _make(folder: Path) -> bool:
    """Make the folder; whether it was not there."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file; a pipeline writes a folder")
    there = folder.exists()
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder}: {error.strerror or error}") from None
    return not there
