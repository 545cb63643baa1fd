"""What an index holds and takes on disk."""

from __future__ import annotations

import sqlite3
from typing import Any

from slmkit.tasks.question_answering import nearest_file
from slmkit.tasks.question_answering.dense import Dense
from slmkit.tasks.question_answering.store import DATABASE, Store

_COUNTS = """
SELECT (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM passages) AS passages,
    (SELECT max(number) FROM changes) AS changes
"""


def collect(connection: sqlite3.Connection, store: Store, dense: Dense) -> dict[str, Any]:
    """Facts by name.

    ``bytes`` are the database's, ``faiss_bytes`` what is derived from it; ``faiss_behind`` is how many passages FAISS
    has yet to be told of, which are searched exactly until then; ``recall_at_10`` how many of the ten best of exact
    search are found, in lists of which ``probes`` are searched.
    """
    view = dense.view(connection)
    about = view.base.about if view.base is not None else None
    documents, passages, changes = connection.execute(_COUNTS).fetchone()
    return {
        "documents": documents,
        "passages": passages,
        "changes": changes,
        "core": dense.core,
        "width": dense.width,
        "vectors": "float16",
        "bytes": sum(path.stat().st_size for path in store.folder.glob(DATABASE + "*")),
        "faiss": about.kind if about is not None else "none yet (few passages)",
        "faiss_bytes": sum(path.stat().st_size for path in nearest_file.files(store.folder)),
        "faiss_behind": view.drift,
        "recall_at_10": about.recall if about is not None else 1.0,
        "probes": about.probes if about is not None else 0,
    }
