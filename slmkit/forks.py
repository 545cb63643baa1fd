"""What a fork must know: the threads of its parent are not in it, and what they held nobody lets go."""

from __future__ import annotations

import os
from threading import RLock
from types import TracebackType


class ForkSafeLock:
    """A lock that is free in a fork, whatever held it in the parent. For the life of the process."""

    def __init__(self) -> None:
        self._renew()
        if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._lock = RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


_IMPORTED_BY = os.getpid()


def forked() -> bool:
    """Whether this process was forked from the one that imported the package."""
    return os.getpid() != _IMPORTED_BY
