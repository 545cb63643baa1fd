"""A task over a Spark data frame, batch by batch; the caller's columns pass through as Arrow, untouched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from slmkit.errors import InputError, MissingExtraError
from slmkit.tasks.base import ERROR_COLUMN, require_column, result_columns
from slmkit.tasks.engines.recipe import TaskRecipe

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame


def apply_spark(
    task: Any,
    frame: DataFrame,
    *,
    column: str = "text",
    prefix: str | None = None,
    errors: str = "quarantine",
    threads: int = 1,
    **options: Any,
) -> DataFrame:
    """Run a task over one column of a Spark data frame. Nothing is computed until the result is.

    Args:
        task: the name of a shipped task, or the folder of a saved model that every worker can read.
        frame: of Spark 3.3 or later. column, prefix, errors: as in ``slmkit.tasks.tables.apply``.
        threads: that each worker process computes with.
        **options: of the task.

    Returns:
        The frame with the task's columns and ``slm_error``; lists, as of entities, are JSON.

    Raises:
        InputError: as ``slmkit.tasks.tables.apply``, as far as it can be told before anything is computed.
        MissingExtraError: Spark is not installed.
    """
    try:
        from pyspark.sql.types import BooleanType, DoubleType, LongType, StringType, StructField, StructType
    except ModuleNotFoundError as error:
        raise MissingExtraError("pyspark", "spark") from error
    if not hasattr(frame, "mapInArrow"):
        raise InputError(f"a Spark DataFrame is needed, not {type(frame).__name__}")
    recipe = TaskRecipe.of(task, options, threads)
    require_column(column, frame.columns, "the frame")
    made = recipe.task()
    names, types = result_columns(made, frame.columns, prefix), dict(getattr(made, "column_types", {}))
    kinds: Mapping[type | None, Any] = {int: LongType(), float: DoubleType(), bool: BooleanType()}
    added = [StructField(names[name], kinds.get(types.get(name), StringType())) for name in made.columns]
    schema = StructType([*frame.schema.fields, *added, StructField(names[ERROR_COLUMN], StringType())])

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from slmkit.tasks.cells import annotate_cells
        from slmkit.tasks.table_io.arrow import beside

        task = recipe.task()
        for batch in batches:
            done = annotate_cells(task, batch.column(column).to_pylist(), errors=errors)
            yield beside(batch, done, names, types)

    return frame.mapInArrow(run, schema)
