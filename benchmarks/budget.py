"""A time budget for a run: the cheap cells first, those that would not fit left out.

Reading every set only to learn its size would itself cost minutes. So the order goes by the size of the files at first,
and by the rows as soon as a cell of theirs has had its turn; whether there is time is always judged by the rows.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from slmkit.benchmarks import datasets
from slmkit.benchmarks.cell import Cell, Material
from slmkit.benchmarks.costs import Amount, Costs, start_seconds
from slmkit.benchmarks.report.numbers import seconds_text
from slmkit.benchmarks.results import Result

_PACKED = 3.5  # what xz makes of text, about
_DRAWN = 20_000  # bytes, about, where a protocol draws some rows of each class


class Budget:
    """Which cell comes next, and whether there is time for it; the clock runs from here.

    Args:
        root: the data directory. seconds: in all; None has no end, and only orders the cells.
    """

    def __init__(self, root: Path, seconds: float | None = None) -> None:
        self._root = root
        self._end = None if seconds is None else time.monotonic() + seconds
        self._costs = Costs()
        self._amounts: dict[tuple[object, ...], Amount] = {}

    def pick(self, waiting: Sequence[Cell]) -> Cell:
        """The cheapest of those that wait; of several, the first."""
        return min(waiting, key=self._expected)

    def left(self) -> float | None:
        """Seconds until the end; None where there is none."""
        return None if self._end is None else self._end - time.monotonic()

    def is_over(self) -> bool:
        """Whether the time is up."""
        left = self.left()
        return left is not None and left <= 0

    def know(self, cell: Cell, rows: Material) -> None:
        """Take in what a cell has to read."""
        self._amounts[_place(cell)] = Amount.of(rows.held, rows.train)

    def refusal(self, cell: Cell, before: Sequence[Cell] = ()) -> str:
        """Why there is no time for a cell, after those ``before`` it that share its fit; empty where there is."""
        left, needed = self.left(), self._expected(*before, cell)
        if left is None or needed <= left:
            return ""
        if left <= 0:
            return "the time was up"
        shared = ", with those before it that share its fit" if before else ""
        return f"needs about {seconds_text(needed)}{shared}, {seconds_text(left)} were left"

    def learn(self, cell: Cell, seconds: float) -> None:
        """Take in what a cell needed."""
        self._costs.learn(cell.system, self._amount(cell), seconds)

    def learn_from(self, cell: Cell, result: Result) -> None:
        """Take in what an earlier run needed for it."""
        fit, index = result.seconds_to_fit or 0.0, result.seconds_to_index or 0.0
        self.learn(cell, start_seconds(cell.system) + fit + index + result.seconds_to_predict)

    def _expected(self, *cells: Cell) -> float:
        """Seconds for cells of one system that share a fit, or for one."""
        amounts = [self._amount(cell) for cell in cells]
        together = Amount(sum(amount.held for amount in amounts), amounts[0].train)
        return self._costs.expected(cells[0].system, together)

    def _amount(self, cell: Cell) -> Amount:
        place = _place(cell)
        if place not in self._amounts:
            self._amounts[place] = self._guess(cell)
        return self._amounts[place]

    def _guess(self, cell: Cell) -> Amount:
        entry = datasets.get(cell.dataset)
        held = self._bytes(entry, cell.split) or self._bytes(entry, "train") // 10  # most likely carved out of it
        if cell.protocol == "shipped":
            return Amount(held)
        drawn = cell.protocol == "few-shot" or entry.train_per_class is not None
        source = datasets.get(entry.fit_on) if entry.fit_on else entry
        return Amount(held, _DRAWN if drawn else self._bytes(source, "train"))

    def _bytes(self, entry: datasets.Dataset, split: str) -> int:
        paths = [self._root / file.path for file in entry.files if file.split == split]
        sizes = [p.stat().st_size * (_PACKED if p.suffix == ".xz" else 1.0) for p in paths if p.is_file()]
        return int(sum(sizes))


def _place(cell: Cell) -> tuple[object, ...]:
    """Cells of one place read the same amount."""
    return cell.dataset, cell.split, cell.protocol, cell.limit, cell.train_limit
