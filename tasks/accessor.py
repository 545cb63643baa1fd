"""``frame.slm`` and ``series.slm``. Importing this module is what registers them; nothing else does."""

from __future__ import annotations

from functools import lru_cache
from os import PathLike, fspath
from typing import Any

import pandas as pd

from slmkit.forks import ForkSafeLock
from slmkit.tasks import tables
from slmkit.tasks.base import TableTask, load_model, load_task

_MAKING = ForkSafeLock()  # threads that ask for the same task at once get one
_made = lru_cache(maxsize=None)(load_task)


@pd.api.extensions.register_dataframe_accessor("slm")
@pd.api.extensions.register_series_accessor("slm")
class SLMAccessor:
    """Tasks on a frame or a series; each method returns a new frame.

    Every method takes the keywords of :func:`slmkit.tasks.tables.apply`: ``column``, ``prefix``, ``errors`` and
    ``progress``.
    """

    def __init__(self, data: pd.DataFrame | pd.Series) -> None:
        self._data = data

    def apply(self, task: TableTask, **keywords: Any) -> pd.DataFrame:
        """Run any task; see :func:`slmkit.tasks.tables.apply`."""
        return tables.apply(task, self._data, **keywords)

    def sentiment(self, **keywords: Any) -> pd.DataFrame:
        """Add the shipped sentiment's label and score."""
        return self.apply(_shipped("sentiment"), **keywords)

    def classify(self, path: str | PathLike[str], **keywords: Any) -> pd.DataFrame:
        """Add the label and score of the classifier that was saved at ``path``."""
        return self.apply(load_model(fspath(path)), **keywords)


def _shipped(name: str) -> TableTask:
    with _MAKING:
        return _made(name)
