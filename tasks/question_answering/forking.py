"""What holds files of SQLite is told of every fork of this process, of which nothing may be carried along."""

from __future__ import annotations

import os
import weakref
from functools import partial
from typing import Any, Protocol


class Watched(Protocol):
    """What is told."""

    def before_fork(self) -> None:
        """Let go of what must not be carried along, and let no other thread go on."""
        ...

    def after_fork(self, *, child: bool) -> None:
        """Go on."""
        ...


_watched: weakref.WeakSet[Watched] = weakref.WeakSet()
_forking: list[Watched] = []
_abandoned: list[Any] = []


def watch(one: Watched) -> None:
    """Tell it of forks for as long as it is there."""
    _watched.add(one)


def abandon(held: Any) -> None:
    """Keep something of the parent's unused for ever: closing it would touch the parent's files."""
    _abandoned.append(held)


def _before() -> None:
    _forking[:] = _watched
    for one in _forking:
        one.before_fork()


def _after(*, child: bool) -> None:
    for one in _forking:
        one.after_fork(child=child)
    _forking.clear()


if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(
        before=_before, after_in_parent=partial(_after, child=False), after_in_child=partial(_after, child=True)
    )
