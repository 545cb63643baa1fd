"""A progress bar on stderr, with rows a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def row_progress(label: str, total: int | None, *, done: int = 0, show: bool = True) -> Iterator[Callable[[int], None]]:
    """Show how many of ``total`` rows are finished; yields the function that adds to them.

    Args:
        label: What is being done.
        total: Rows in all; None where nobody knows yet.
        done: Rows that an earlier run has finished; the rate does not count them.
        show: False shows nothing.
    """
    if not show:
        yield lambda n: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Task as BarTask
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: BarTask) -> Text:
            seconds = task.finished_time if task.finished else task.elapsed
            rows = task.completed - done
            return Text(f"{rows / seconds:,.0f} rows/s" if seconds and rows > 0 else "– rows/s")

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
    )
    with bar:
        job = bar.add_task(label, total=total, completed=done)
        yield lambda n: bar.advance(job, n)
