"""Table files in and out, a chunk at a time: CSV, TSV, JSON Lines (also gzipped) and Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from slmkit.tasks.table_io.chunks import Chunk, Layout, Reader, Writer
from slmkit.tasks.table_io.formats import Format, format_of

if TYPE_CHECKING:
    from slmkit.tasks.base import NamesColumns

__all__ = ["Chunk", "Format", "Layout", "Reader", "Writer", "format_of", "open_reader", "open_writer"]


def open_reader(path: Path, column: str, *, encoding: str | None = None) -> Reader:
    """Look through a table file once and return its reader.

    Args:
        path: The file; its suffix tells the format.
        column: The column that holds the texts.
        encoding: Encoding of a text file; None is UTF-8, with or without a byte order mark.
    """
    form = format_of(path)
    if form.kind == "parquet":
        from slmkit.tasks.table_io.parquet import ParquetReader

        return ParquetReader(path, column)
    if form.kind == "jsonl":
        from slmkit.tasks.table_io.jsonl import JsonlReader

        return JsonlReader(path, column, encoding)
    from slmkit.tasks.table_io.delimited import DelimitedReader

    return DelimitedReader(path, column, encoding, form.delimiter)


def open_writer(path: Path, task: NamesColumns, layout: Layout, reader: Reader) -> Writer:
    """Return the writer for a path; its suffix tells the format."""
    form = format_of(path)
    if form.kind == "parquet":
        from slmkit.tasks.table_io.parquet import ParquetWriter

        return ParquetWriter(layout, reader.schema(), getattr(task, "column_types", {}))
    if form.kind == "jsonl":
        from slmkit.tasks.table_io.jsonl import JsonlWriter

        return JsonlWriter(layout, gzipped=form.gzipped)
    from slmkit.tasks.table_io.delimited import DelimitedReader, DelimitedWriter

    # What was read with semicolons is written so, by the same suffix.
    delimiter = form.delimiter
    if isinstance(reader, DelimitedReader) and format_of(reader.path).delimiter == delimiter:
        delimiter = reader.delimiter
    return DelimitedWriter(layout, delimiter=delimiter, gzipped=form.gzipped)
