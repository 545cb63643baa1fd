"""One process with a graph, or several that only read: the database itself does not keep a reader from a writer."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from slmkit.errors import InputError

try:
    import fcntl
except ImportError:  # not on Windows; there the database keeps two writers apart
    fcntl = None  # type: ignore[assignment]

SUFFIX = ".lock"


def hold(path: Path, *, shared: bool) -> IO[str] | None:
    """Hold the lock of the graph at ``path`` until the file that is returned is closed, or the process ends.

    Raises:
        InputError: somebody else has the graph open, or nothing can be written beside it.
    """
    lock = path.with_name(path.name + SUFFIX)
    try:
        file = lock.open("r" if shared and lock.exists() else "a")
    except OSError as error:
        if shared:
            return None  # where nobody can write, nobody does
        raise InputError(f"cannot write beside {path}: {error.strerror or error}") from None
    if fcntl is not None:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise InputError(
                f"{path} is open elsewhere; close it there, or let all of them open it with read_only=True"
            ) from None
    return file
