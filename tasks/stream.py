"""A task over a table file of any size: read, annotated and kept chunk by chunk, in flat memory, resumable."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slmkit.errors import InputError
from slmkit.tasks.base import ERROR_COLUMN, TableTask, require_column, result_columns, task_fingerprint
from slmkit.tasks.cells import Annotations, annotate_cells
from slmkit.tasks.exploding import Exploded, explode
from slmkit.tasks.parts import PartStore, claim
from slmkit.tasks.progress import row_progress
from slmkit.tasks.table_io import Chunk, Layout, format_of, open_reader, open_writer

CHUNK_ROWS = 2048
_HEAD = 1 << 20


@dataclass(frozen=True)
class _Options:
    column: str
    id_column: str | None
    prefix: str | None
    chunk_rows: int | None
    encoding: str | None
    errors: str
    progress: bool
    explode: bool | None


@dataclass(frozen=True)
class Report:
    """What a file run did.

    Attributes:
        out: The annotated file.
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

    Raises:
        InputError: The files, a column or an option cannot be used, or, with ``errors="raise"``, a cell.
        KeyboardInterrupt: With a message that says what is kept.
    """
    source, out = Path(source), Path(out)
    _check_paths(source, out, chunk_rows)
    options = _Options(column, id_column, prefix, chunk_rows, encoding, errors, progress, explode)
    store = claim(out, resume=resume, overwrite=overwrite)
    if store is None:
        return Report(out, finished_before=True)
    try:
        return _run(task, source, store, options)
    except KeyboardInterrupt:
        if store.parts:
            kept = f"{store.rows:,} rows are kept in {store.folder}; --resume goes on from there"
        else:
            kept = "no part was finished"
        raise KeyboardInterrupt(f"interrupted: {kept}") from None
    finally:
        # Nothing is worth going on with: leave the place as it was found.
        if store.began_here and not store.parts and store.folder.exists():
            store.discard()
        store.close()


def _run(task: TableTask | Callable[[], TableTask], source: Path, store: PartStore, options: _Options) -> Report:
    identity = _identity(source)
    reader = open_reader(source, options.column, encoding=options.encoding)
    id_column = options.id_column
    if id_column is not None:
        require_column(id_column, reader.columns, str(source))
    task = task if isinstance(task, TableTask) else task()
    kept = tuple(reader.columns) if id_column is None else (id_column,)
    explodes = hasattr(task, "items") if options.explode is None else options.explode
    shown = Exploded(task) if explodes else task
    layout = Layout(kept, result_columns(shown, kept, options.prefix), ERROR_COLUMN, whole=id_column is None)
    writer = open_writer(store.out, shown, layout, reader)
    before = store.manifest.get("settings", {})
    settings = {
        **identity,
        "task": task_fingerprint(task),
        "column": options.column,
        "id column": id_column,
        "prefix": options.prefix,
        "chunk rows": options.chunk_rows or before.get("chunk rows", CHUNK_ROWS),
        "encoding": options.encoding,
        "errors": options.errors,
        "a row for each thing": explodes,
    }
    store.describe(settings)
    resumed = store.rows
    with row_progress(task.name, reader.total, done=resumed, show=options.progress) as advance:
        for chunk in reader.chunks(settings["chunk rows"], resumed):
            done = _annotate(task, chunk, store.rows + 1, options.errors, advance)
            written = explode(chunk, done, shown.items) if isinstance(shown, Exploded) else (chunk, done)
            store.save(writer.part(*written), rows=len(chunk.cells), quarantined=done.quarantined)
    if _identity(source) != identity:
        raise InputError(f"{source} was changed while it was read; start anew with --overwrite")
    report = Report(store.out, store.rows, store.quarantined, resumed)
    store.finish(writer.assemble)
    return report


def _annotate(task: TableTask, chunk: Chunk, first: int, errors: str, advance: Callable[[int], None]) -> Annotations:
    return annotate_cells(
        task,
        chunk.cells,
        problems=chunk.problems,
        errors=errors,
        name_row=lambda i: f"row {first + i}",
        advance=advance,
    )


def _check_paths(source: Path, out: Path, chunk_rows: int | None) -> None:
    format_of(source)
    format_of(out)
    if not source.exists():
        raise InputError(f"there is no file {source}")
    if source.is_dir():
        raise InputError(f"{source} is a folder, not a table file")
    if out.is_dir():
        raise InputError(f"{out} is a folder; name a file in it")
    if out.exists() and out.samefile(source):
        raise InputError(f"{out} is the input; name another output")
    if not out.parent.is_dir():
        raise InputError(f"there is no folder {out.parent}")
    if chunk_rows is not None and chunk_rows < 1:
        raise InputError(f"chunk rows must be at least 1, not {chunk_rows}")


def _identity(source: Path) -> dict[str, Any]:
    """Tell the input from another one, or from a later state of itself."""
    try:
        with source.open("rb") as file:
            head = hashlib.sha256(file.read(_HEAD)).hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {source}: {error.strerror or error}") from None
    stat = source.stat()
    return {"input size": stat.st_size, "input time": stat.st_mtime_ns, "input head": head}
