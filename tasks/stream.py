"""A task over a table file of any size: read, annotated and kept chunk by chunk, in flat memory, resumable."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.base import ERROR_COLUMN, NamesColumns, TableTask, require_column, result_columns, task_fingerprint
from slmkit.tasks.cells import Annotations, annotate_cells
from slmkit.tasks.exploding import Exploded, Items, explode
from slmkit.tasks.parts import PartStore, claim
from slmkit.tasks.progress import row_progress
from slmkit.tasks.table_io import Layout, Reader, Writer, format_of, open_reader, open_writer

CHUNK_ROWS = 2048
_HEAD = 1 << 20


@dataclass(frozen=True)
class Asked:
    """What a run over a file was asked; see ``run_file`` for each."""

    column: str = "text"
    id_column: str | None = None
    prefix: str | None = None
    chunk_rows: int | None = None
    encoding: str | None = None
    errors: str = "quarantine"
    resume: bool = False
    overwrite: bool = False
    progress: bool = False
    explode: bool | None = False
    resumable: bool = True

    @property
    def settings(self) -> dict[str, Any]:
        """What a run that is gone on with must be asked again."""
        return {
            "column": self.column,
            "id column": self.id_column,
            "prefix": self.prefix,
            "encoding": self.encoding,
            "errors": self.errors,
        }


@dataclass(frozen=True)
class Table:
    """One of the tables that a run writes.

    Attributes:
        out: Where. shown: Names its result columns.
        of: Takes its annotations out of those of the run's tasks, by their names.
        items: Given where each thing that was found has a row.
    """

    out: Path
    shown: NamesColumns
    of: Callable[[Mapping[str, Annotations]], Annotations]
    items: Items | None = None


@dataclass(frozen=True)
class Job:
    """What a run does with the texts.

    Attributes:
        task: Named in the manifest and beside the progress.
        annotate: The annotations of some cells by the names of tasks; takes what ``annotate_cells`` takes after them.
        tables: What is written; the first has a row for each row of the input, unless things have rows there too.
        settings: More of what a run that is gone on with must be asked again.
    """

    task: TableTask
    annotate: Callable[..., Mapping[str, Annotations]]
    tables: tuple[Table, ...]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Report:
    """What a file run did.

    Attributes:
        out: The annotated file, or the folder of the tables.
        rows: Rows of the input that are in it.
        quarantined: Rows with a reason instead of a result.
        resumed: Rows that an earlier run had finished.
        finished_before: The output was already there; nothing was done and nothing counted.
    """

    out: Path
    rows: int = 0
    quarantined: int = 0
    resumed: int = 0
    finished_before: bool = False


def run_file(
    task: TableTask | Callable[[], TableTask],
    source: str | Path,
    out: str | Path,
    *,
    column: str = "text",
    id_column: str | None = None,
    prefix: str | None = None,
    chunk_rows: int | None = None,
    encoding: str | None = None,
    errors: str = "quarantine",
    resume: bool = False,
    overwrite: bool = False,
    progress: bool = False,
    explode: bool | None = False,
    resumable: bool = True,
) -> Report:
    """Run a task over one column of a CSV, TSV, JSON Lines or Parquet file and write the annotated table.

    Args:
        task: The task, or a function that loads it, called once the files have been looked at.
        source: The table; its suffix tells the format.
        out: The annotated table; its suffix tells the format. It appears only when it is whole.
        column: The column that holds the texts.
        id_column: Write only this column and the results; None writes all columns.
        prefix: Put before the names of the result columns.
        chunk_rows: Rows that are read, annotated and kept at a time; None is 2,048.
        encoding: Encoding of a text file; None is UTF-8. The output is always UTF-8.
        errors: ``"quarantine"`` or ``"raise"``, as in :func:`slmkit.tasks.tables.apply`.
        resume: Go on with a run that was cut off.
        overwrite: Replace an output, or the parts of an unfinished run, that are there.
        progress: Show a progress bar on stderr.
        explode: Write a row for each thing that a task finds in a text, none where it finds nothing, instead of a row
            a text; only for tasks that have ``items``. None does so where the task has them.
        resumable: False keeps nothing of a run that is cut off: of an input that will not be there again.

    Raises:
        InputError: The files, a column or an option cannot be used, or, with ``errors="raise"``, a cell.
        KeyboardInterrupt: With a message that says what is kept.
    """
    source, out = Path(source), Path(out)
    asked = Asked(
        column, id_column, prefix, chunk_rows, encoding, errors, resume, overwrite, progress, explode, resumable
    )
    check_source(source, chunk_rows)
    _check_out(out, source)
    return run_tables(
        lambda: _job_of(task if isinstance(task, TableTask) else task(), out, explode), source, (out,), asked
    )


def _job_of(task: TableTask, out: Path, explode: bool | None) -> Job:
    shown = Exploded(task) if explode or (explode is None and hasattr(task, "items")) else None

    def annotate(cells: Sequence[Any], **keywords: Any) -> dict[str, Annotations]:
        return {task.name: annotate_cells(task, cells, **keywords)}

    table = Table(out, shown or task, lambda found: found[task.name], shown.items if shown else None)
    return Job(task, annotate, (table,), {"a row for each thing": shown is not None})


def run_tables(load: Callable[[], Job], source: Path, outs: Sequence[Path], asked: Asked) -> Report:
    """Run a job over a file, or go on with it, and write its tables.

    Args:
        load: Makes the job, once the input has been looked at.
        source: The input; see ``check_source``.
        outs: The tables of the job, all in one folder.
        asked: See ``run_file``, for what is raised too.
    """
    store = claim(outs, resume=asked.resume, overwrite=asked.overwrite)
    if store is None:
        return Report(outs[0], finished_before=True)
    try:
        return _run(load, source, store, asked)
    except KeyboardInterrupt:
        if not asked.resumable:
            kept = "nothing is kept"
        elif store.parts:
            kept = f"{store.rows:,} rows are kept in {store.folder}; --resume goes on from there"
        else:
            kept = "no part was finished"
        raise KeyboardInterrupt(f"interrupted: {kept}") from None
    finally:
        # Nothing is worth going on with: leave the place as it was found.
        if store.began_here and not (store.parts and asked.resumable) and store.folder.exists():
            store.discard()
        store.close()


def _run(load: Callable[[], Job], source: Path, store: PartStore, asked: Asked) -> Report:
    identity = _identity(source)
    reader = open_reader(source, asked.column, encoding=asked.encoding)
    if asked.id_column is not None:
        require_column(asked.id_column, reader.columns, str(source))
    job = load()
    writers = [_writer(table, reader, asked) for table in job.tables]
    chunk_rows = asked.chunk_rows or store.manifest.get("settings", {}).get("chunk rows", CHUNK_ROWS)
    task = {"task": task_fingerprint(job.task)}
    store.describe({**identity, **task, **asked.settings, "chunk rows": chunk_rows, **job.settings})
    resumed = store.rows
    with row_progress(job.task.name, reader.total, done=resumed, show=asked.progress) as advance:
        for chunk in reader.chunks(chunk_rows, resumed):
            first = store.rows + 1
            found = job.annotate(
                chunk.cells,
                problems=chunk.problems,
                errors=asked.errors,
                name_row=lambda i, first=first: f"row {first + i}",
                advance=advance,
            )
            each = [table.of(found) for table in job.tables]
            data = [
                writer.part(*(explode(chunk, done, table.items) if table.items else (chunk, done)))
                for writer, table, done in zip(writers, job.tables, each, strict=True)
            ]
            store.save(data, rows=len(chunk.cells), quarantined=each[0].quarantined)
    if _identity(source) != identity:
        raise InputError(f"{source} was changed while it was read; start anew with --overwrite")
    report = Report(store.outs[0], store.rows, store.quarantined, resumed)
    store.finish([writer.assemble for writer in writers])
    return report


def _writer(table: Table, reader: Reader, asked: Asked) -> Writer:
    id_column = asked.id_column
    kept = tuple(reader.columns) if id_column is None else (id_column,)
    layout = Layout(kept, result_columns(table.shown, kept, asked.prefix), ERROR_COLUMN, whole=id_column is None)
    return open_writer(table.out, table.shown, layout, reader)


def check_source(source: Path, chunk_rows: int | None) -> None:
    """Refuse what cannot be the input of a run.

    Raises:
        InputError: It is no table file that is there, or chunks would have no rows.
    """
    format_of(source)
    if not source.exists():
        raise InputError(f"there is no file {source}")
    if source.is_dir():
        raise InputError(f"{source} is a folder, not a table file")
    if chunk_rows is not None and chunk_rows < 1:
        raise InputError(f"chunk rows must be at least 1, not {chunk_rows}")


def _check_out(out: Path, source: Path) -> None:
    format_of(out)
    if out.is_dir():
        raise InputError(f"{out} is a folder; name a file in it")
    if out.exists() and out.samefile(source):
        raise InputError(f"{out} is the input; name another output")
    if not out.parent.is_dir():
        raise InputError(f"there is no folder {out.parent}")


def _identity(source: Path) -> dict[str, Any]:
    """Tell the input from another one, or from a later state of itself."""
    try:
        with source.open("rb") as file:
            head = hashlib.sha256(file.read(_HEAD)).hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {source}: {error.strerror or error}") from None
    stat = source.stat()
    return {"input size": stat.st_size, "input time": stat.st_mtime_ns, "input head": head}
