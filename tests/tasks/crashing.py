"""A process that ends at a chosen change of the disk."""

import os
from pathlib import Path


class Crash(BaseException):
    """Stands for a process that ends here."""


def crash_at(monkeypatch, n):
    """Make the n-th change of the disk end the run; returns the number of changes so far."""
    calls = [0]

    def breaking(function):
        def call(*arguments, **keywords):
            calls[0] += 1
            if calls[0] >= n:
                raise Crash
            return function(*arguments, **keywords)

        return call

    for owner, name in [(os, "replace"), (os, "fsync"), (Path, "unlink"), (Path, "mkdir"), (Path, "rmdir")]:
        monkeypatch.setattr(owner, name, breaking(getattr(owner, name)))
    return calls
