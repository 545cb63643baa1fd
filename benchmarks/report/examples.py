"""Rows that systems wrote, to be read by eye: what was given, what was wanted, and what each system made of it."""

from __future__ import annotations

from dataclasses import dataclass

from slmkit.benchmarks.report.tables import Group


@dataclass(frozen=True)
class Shown:
    """One row, with the output of every system that was given it."""

    input: str
    references: tuple[str, ...]
    outputs: tuple[tuple[str, str], ...]


def by_dataset(group: Group) -> list[tuple[str, list[Shown]]]:
    """Each dataset of a group with its rows; nothing for one whose systems write no text."""
    found = []
    for name in group.datasets():
        rows: dict[tuple[str, tuple[str, ...]], list[tuple[str, str]]] = {}
        for line in (line for line in group.lines if line.dataset == name):
            for example in line.examples:
                rows.setdefault((example.input, example.references), []).append((line.system, example.output))
        if rows:
            found.append((name, [Shown(*key, tuple(outputs)) for key, outputs in rows.items()]))
    return found
