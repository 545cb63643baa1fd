"""A time budget for a run: the cheap cells first, those that would not fit left out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from slmkit.benchmarks.cell import Cell, material
from slmkit.benchmarks.costs import Amount, Costs, start_seconds
from slmkit.benchmarks.datasets import Rows
from slmkit.benchmarks.report.numbers import seconds_text
from slmkit.benchmarks.results import Result
from slmkit.errors import SLMKitError


class Budget:
    """Which cell comes next, and whether there is time for it; the clock runs from here.

    Args:
        seconds: in all; None has no end, and only orders the cells.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds
        self._costs = Costs()
        self._amounts: dict[Cell, Amount] = {}

    def size(self, cells: Sequence[Cell], load: Callable[[str, str], Rows]) -> None:
        """Look at the rows of all cells; where they cannot be read a cell costs nothing, and says so in its turn."""
        known: dict[tuple[object, ...], Amount] = {}
        for cell in cells:
            place = (cell.dataset, cell.split, cell.protocol, cell.limit, cell.train_limit)
            if place not in known:
                known[place] = _amount(cell, load)
            self._amounts[cell] = known[place]

    def pick(self, waiting: Sequence[Cell]) -> Cell:
        """The cheapest of those that wait; of several, the first."""
        return min(waiting, key=self._expected)

    def left(self) -> float | None:
        """Seconds until the end; None where there is none."""
        return None if self._end is None else self._end - time.monotonic()

    def refusal(self, cell: Cell) -> str:
        """Why there is no time for a cell; empty where there is."""
        left, needed = self.left(), self._expected(cell)
        if left is None or needed <= left:
            return ""
        return f"needs about {seconds_text(needed)}, {seconds_text(max(left, 0.0))} were left"

    def learn(self, cell: Cell, seconds: float) -> None:
        """Take in what a cell needed."""
        if cell in self._amounts:
            self._costs.learn(cell.system, self._amounts[cell], seconds)

    def learn_from(self, cell: Cell, result: Result) -> None:
        """Take in what an earlier run needed for it."""
        fit, index = result.seconds_to_fit or 0.0, result.seconds_to_index or 0.0
        self.learn(cell, start_seconds(cell.system) + fit + index + result.seconds_to_predict)

    def _expected(self, cell: Cell) -> float:
        amount = self._amounts.get(cell)
        return 0.0 if amount is None else self._costs.expected(cell.system, amount)


def _amount(cell: Cell, load: Callable[[str, str], Rows]) -> Amount:
    try:
        rows = material(cell, load)
    except SLMKitError:
        return Amount(0)
    return Amount.of(rows.held, rows.train)
