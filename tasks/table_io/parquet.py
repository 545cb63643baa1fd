"""Parquet. Columns keep their types; the results' types are settled when all parts are known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from slmkit.errors import InputError
from slmkit.tasks.base import require_column
from slmkit.tasks.table_io import chunks as chunking
from slmkit.tasks.table_io.arrow import DECLARED, as_array, cast
from slmkit.tasks.table_io.chunks import Chunk, Layout

if TYPE_CHECKING:
    from slmkit.tasks.cells import Annotations

_BATCH_ROWS = 128
_GROUP_ROWS, _GROUP_BYTES = 65536, 64_000_000
SCHEMA_VERSION = 1  # of the columns that results have; in the file's metadata, under "slmkit"


class ParquetReader:
    """Rows of a Parquet file."""

    def __init__(self, path: Path, column: str) -> None:
        self.path, self.column = path, column
        with self._open() as file:
            self._schema = file.schema_arrow
            self.total = file.metadata.num_rows
            self._groups = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
        self.columns = self._schema.names
        require_column(column, self.columns, str(path))

    def _open(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self.path)
        except pa.ArrowInvalid as error:
            raise InputError(f"{self.path} is not a whole Parquet file: {str(error).splitlines()[0]}") from None
        except OSError as error:
            raise InputError(f"cannot read {self.path}: {error.strerror or error}") from None

    def chunks(self, rows: int, skip: int) -> Iterator[Chunk]:
        """Yield chunks of at most ``rows`` rows, after the first ``skip`` rows."""
        first = 0
        while first < len(self._groups) and self._groups[first] <= skip:
            skip -= self._groups[first]
            first += 1
        for table in self._tables(rows, skip, range(first, len(self._groups))):

            def values(name: str, table: pa.Table = table) -> list[Any]:
                return table.column(name).to_pylist()

            yield Chunk(values(self.column), [None] * table.num_rows, values, table=table)

    def _tables(self, rows: int, skip: int, groups: range) -> Iterator[pa.Table]:
        held: list[pa.RecordBatch] = []
        count = size = 0
        with self._open() as file:
            for batch in self._batches(file, groups):
                dropped = min(skip, batch.num_rows)
                skip -= dropped
                batch = batch.slice(dropped)
                while batch.num_rows:
                    head = batch.slice(0, rows - count)
                    batch = batch.slice(head.num_rows)
                    held.append(head)
                    count += head.num_rows
                    size += head.nbytes
                    if count >= rows or size >= chunking.CHUNK_CHARACTERS:
                        yield pa.Table.from_batches(held, self._schema)
                        held, count, size = [], 0, 0
        if held:
            yield pa.Table.from_batches(held, self._schema)

    def _batches(self, file: pq.ParquetFile, groups: range) -> Iterator[pa.RecordBatch]:
        try:
            yield from file.iter_batches(_BATCH_ROWS, row_groups=list(groups))
        except (pa.ArrowException, OSError) as error:
            raise InputError(f"{self.path} is damaged: {str(error).splitlines()[0]}") from None

    def schema(self) -> pa.Schema:
        """Return the file's schema."""
        return self._schema


class ParquetWriter:
    """Rows as Parquet."""

    def __init__(self, layout: Layout, schema: pa.Schema, declared: Mapping[str, type]) -> None:
        self.layout = layout
        kept = [schema.field(name) for name in layout.kept]
        # pandas' notes on the index hold only while all columns are there.
        about = {"schema": SCHEMA_VERSION, "added": layout.added}
        own = {b"slmkit": json.dumps(about, ensure_ascii=False).encode("utf-8", "surrogatepass")}
        self.schema = pa.schema(kept, metadata={**((schema.metadata or {}) if layout.whole else {}), **own})
        self.declared = {layout.added[key]: DECLARED.get(kind) for key, kind in declared.items()}
        self.declared[layout.added[layout.error]] = pa.string()

    def part(self, chunk: Chunk, done: Annotations) -> bytes:
        """Return the chunk's rows with the results."""
        if chunk.table is not None:
            table = chunk.table.select(list(self.layout.kept))
        else:
            arrays = [as_array(chunk.values(field.name), field.type) for field in self.schema]
            table = pa.Table.from_arrays(arrays, schema=self.schema)
        for name, values in self.layout.additions(done).items():
            table = table.append_column(name, as_array(values, None))
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        return sink.getvalue().to_pybytes()

    def assemble(self, parts: Sequence[Path], out: Path) -> None:
        """Write all parts, in larger row groups, under one schema."""
        schema = self._settle([pq.read_schema(part) for part in parts])
        with pq.ParquetWriter(out, schema) as target:
            held: list[pa.Table] = []
            for part in parts:
                table = pq.read_table(part, partitioning=None)
                added = [cast(table.column(name), schema.field(name).type) for name in self.layout.added.values()]
                kept = table.select(list(self.layout.kept)).columns
                held.append(pa.Table.from_arrays([*kept, *added], schema=schema))
                if sum(t.num_rows for t in held) >= _GROUP_ROWS or sum(t.nbytes for t in held) >= _GROUP_BYTES:
                    target.write_table(pa.concat_tables(held))
                    held = []
            if held:
                target.write_table(pa.concat_tables(held))

    def _settle(self, schemas: list[pa.Schema]) -> pa.Schema:
        settled = self.schema
        for name in self.layout.added.values():
            fields = [pa.schema([schema.field(name)]) for schema in schemas]
            try:
                kind = pa.unify_schemas(fields, promote_options="permissive").field(0).type if fields else pa.null()
            except pa.ArrowException:  # a column of numbers here and of words there
                kind = pa.string()
            if pa.types.is_null(kind):  # no row of the whole table has a result
                kind = self.declared.get(name) or pa.string()
            settled = settled.append(pa.field(name, kind))
        return settled
