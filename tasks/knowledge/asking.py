"""A user's Cypher, and its answer as a frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from slmkit.errors import InputError
from slmkit.tasks.knowledge.guard import check_reads
from slmkit.tasks.knowledge.store import Store, mapped

if TYPE_CHECKING:
    import pandas as pd

_INNER = ("_ID", "_SRC", "_DST")  # the database's own numbers of nodes and edges


def ask(store: Store, cypher: Any, parameters: Mapping[str, Any] | None, *, write: bool) -> pd.DataFrame:
    """Run one statement; see ``KnowledgeGraph.query``."""
    import pandas as pd

    if not isinstance(cypher, str):
        raise InputError(f"a query is a text, not {type(cypher).__name__}")
    if not write:
        check_reads(cypher)
    try:
        with mapped(store.path):
            columns, rows = store.ask(cypher, _handed_over(parameters or {}), write=write)
    except RuntimeError as error:
        raise InputError(f"the query cannot be run: {' '.join(str(error).split())[:500]}") from error
    frame = pd.DataFrame([list(map(_plain, row)) for row in rows], columns=range(len(columns)))
    frame.columns = pd.Index(columns)
    return frame


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items() if name not in _INNER}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _handed_over(value: Any) -> Any:
    """A parameter as the database takes it: numpy's and pandas' numbers as Python's."""
    if isinstance(value, (np.number, np.bool_)):
        return value.item()
    if isinstance(value, Mapping):
        return {name: _handed_over(each) for name, each in value.items()}
    return [_handed_over(each) for each in value] if isinstance(value, (list, tuple, np.ndarray)) else value
