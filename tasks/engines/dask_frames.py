"""A task over a Dask data frame, partition by partition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from slmkit.errors import InputError, MissingExtraError
from slmkit.tasks import tables
from slmkit.tasks.engines.recipe import TaskRecipe

if TYPE_CHECKING:
    import dask.dataframe as dd


def apply_dask(
    task: Any,
    frame: dd.DataFrame | dd.Series,
    *,
    column: Any = "text",
    prefix: str | None = None,
    errors: str = "quarantine",
    threads: int = 1,
    **options: Any,
) -> dd.DataFrame:
    """Run a task over one column of a Dask data frame. Nothing is computed until the result is.

    Args:
        task: the name of a shipped task, or the folder of a saved model that every worker can read.
        frame: what Dask reads; it is never changed. column, prefix, errors: as in ``slmkit.tasks.tables.apply``.
        threads: that each worker process computes with.
        **options: of the task.

    Returns:
        A frame with the same partitions, index and columns, the task's columns, and ``slm_error``.

    Raises:
        InputError: as ``slmkit.tasks.tables.apply``, as far as it can be told before anything is computed.
        MissingExtraError: Dask is not installed.
    """
    try:
        import dask.dataframe as dd
    except ModuleNotFoundError as error:
        raise MissingExtraError("dask", "dask") from error
    if not isinstance(frame, (dd.DataFrame, dd.Series)):
        raise InputError(f"a Dask DataFrame or Series is needed, not {type(frame).__name__}")
    recipe = TaskRecipe.of(task, options, threads)
    how = {"column": column, "prefix": prefix, "errors": errors}
    # What the result looks like: that of no rows.
    meta = tables.apply(recipe.task(), frame._meta, column=column, prefix=prefix, errors=errors)
    return frame.map_partitions(_of_partition, recipe, how, meta.dtypes.to_dict(), meta=meta)


def _of_partition(
    part: pd.DataFrame | pd.Series, recipe: TaskRecipe, how: dict[str, Any], types: dict[Any, Any]
) -> pd.DataFrame:
    """The partition with its results; columns that are all empty here have the type they have elsewhere."""
    made = tables.apply(recipe.task(), part, **how)
    own = {name: kind for name, kind in types.items() if made[name].dtype != kind}
    return made.astype(own)
