"""What a fit shows on stderr, when it is asked to."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


class Report:
    """Progress of a fit: its budget, a bar, one line a look at the held-back part.

    Args:
        verbose: 0 shows nothing.
    """

    def __init__(self, verbose: int) -> None:
        self._bar: Any = None
        self._job: Any = None
        if verbose:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(compact=True),
                console=Console(stderr=True),
            )

    def __enter__(self) -> Report:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def stage(self, name: str) -> None:
        """Say what is being done."""
        if self._bar is not None:
            self._bar.console.print(name)

    def budget(self, told: str, steps: int) -> None:
        """Say how much will be done before it starts, and how many steps that is."""
        if self._bar is not None:
            self._bar.console.print(told)
            self._job = self._bar.add_task("fit", total=steps)

    def step(self, done: int, loss: Tensor) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(self._job, completed=done, description=f"loss {float(loss.detach()):.3f}")

    def look(self, entry: dict[str, Any]) -> None:
        """Show a look at the held-back part."""
        if self._bar is not None:
            shown = "  ".join(f"{name} {value}" for name, value in entry.items())
            self._bar.console.print(shown)
