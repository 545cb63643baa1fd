"""The whole in one table: each system on each task, over all of its datasets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median

from slmkit.benchmarks.report.sections import against
from slmkit.benchmarks.report.tables import Group, Line


@dataclass(frozen=True)
class Total:
    """A system under one task and protocol.

    Attributes:
        level: datasets on which it is best of several, or level with the best as far as chance tells.
        datasets: those on which it has a rival.
        score: mean of its main scores, None where a lower one is better on some dataset. rows_per_second: median.
        peak_rss_mb: the highest. bytes: the most on disk.
    """

    system: str
    level: int
    datasets: int
    score: float | None
    rows_per_second: float
    peak_rss_mb: float
    bytes: int | None


def totals(group: Group) -> list[Total]:
    """The systems of a group, in its order; none for a group of one system."""
    names = list(dict.fromkeys(line.system for line in group.lines))
    if len(names) < 2:
        return []
    level, rivalled = Counter[str](), Counter[str]()
    for place in dict.fromkeys((line.dataset, line.limits) for line in group.lines):
        members = [line for line in group.lines if (line.dataset, line.limits) == place]
        if len(members) > 1:  # the best of one is no news
            rivalled.update(line.system for line in members)
            level.update(line.system for line in _level(members))
    own = {name: [line for line in group.lines if line.system == name] for name in names}
    return [_total(own[name], level[name], rivalled[name]) for name in names]


def _level(members: Sequence[Line]) -> list[Line]:
    top = (min if members[0].lower else max)(members, key=lambda line: line.score)
    found = [(line, against(top, line)) for line in members]
    return [line for line, apart in found if line is top or (apart is not None and apart.verdict == "same")]


def _total(members: Sequence[Line], level: int, datasets: int) -> Total:
    sizes = [line.bytes for line in members if line.bytes is not None]
    return Total(
        system=members[0].system,
        level=level,
        datasets=datasets,
        score=None if any(line.lower for line in members) else mean(line.score for line in members),
        rows_per_second=median(line.rows_per_second for line in members),
        peak_rss_mb=max(line.peak_rss_mb for line in members),
        bytes=max(sizes, default=None),
    )
