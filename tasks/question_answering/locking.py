"""One writer at a time: a lock that ends with the process, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slmkit.errors import InputError

try:
    import fcntl
except ImportError:  # not on Windows; SQLite alone then keeps two writers apart, change by change
    fcntl = None  # type: ignore[assignment]


@contextmanager
def writer_lock(path: Path) -> Iterator[None]:
    """Hold the lock file at ``path``.

    Raises:
        InputError: another writer holds it, or it cannot be written.
    """
    try:
        file = path.open("a")
    except OSError as error:
        raise InputError(f"cannot write to {path.parent}: {error.strerror or error}") from None
    with file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(f"another process is changing {path.parent} right now; it can be searched") from None
        try:
            yield
        finally:
            if fcntl is not None:  # closing alone would leave it with processes that were forked meanwhile
                fcntl.flock(file, fcntl.LOCK_UN)
