"""The same task over tables that one machine does not hold: Dask and Spark data frames, row for row as locally.

Every worker makes the task once, from its name or the folder of a saved model, and keeps it. Importing this package
needs neither Dask nor Spark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmkit.lazy import lazy_names

if TYPE_CHECKING:
    from slmkit.tasks.engines.dask_frames import apply_dask
    from slmkit.tasks.engines.spark_frames import apply_spark

_WHERE = {"apply_dask": "dask_frames", "apply_spark": "spark_frames"}
__all__ = ["apply_dask", "apply_spark"]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
