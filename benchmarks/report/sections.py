"""Each dataset for itself: every score of every system, and how far chance tells it from the best peer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slmkit.benchmarks.datasets import REGISTRY, Dataset
from slmkit.benchmarks.noise import PAIRED, Difference, difference
from slmkit.benchmarks.report.numbers import points_text
from slmkit.benchmarks.report.tables import Group, Line
from slmkit.benchmarks.systems import SYSTEMS

_BASIS = {PAIRED: "paired bootstrap", "intervals": "by the two intervals", "": "no interval"}


@dataclass(frozen=True)
class Row:
    """A line, and its difference from the best peer: None for that peer itself, and where seeds do not meet.

    A peer has the line's own limits.
    """

    line: Line
    peer: bool
    found: Difference | None

    @property
    def difference_text(self) -> str:
        """``+7.7 (+5.2 … +10.1)``."""
        return "" if self.found is None else _told(self.line.metric, self.found)

    @property
    def verdict(self) -> str:
        """``ahead``, ``behind`` or ``level`` as far as chance tells; empty where nothing does."""
        if self.found is None or self.found.verdict == "unclear":
            return ""
        return {"better": "ahead", "worse": "behind", "same": "level"}[self.found.verdict]


@dataclass(frozen=True)
class Section:
    """A dataset in a group: its anchor, its rows, the further metrics that any of them holds, and a sentence."""

    anchor: str
    name: str
    entry: Dataset | None
    rows: tuple[Row, ...]
    metrics: tuple[str, ...]
    sentence: str


def sections(groups: Sequence[Group]) -> dict[str, list[Section]]:
    """The sections of each group, by its key."""
    taken: set[str] = set()
    return {group.key: [_section(group, name, taken) for name in group.datasets()] for group in groups}


def _section(group: Group, name: str, taken: set[str]) -> Section:
    members = [line for line in group.lines if line.dataset == name]
    limits = dict.fromkeys(line.limits for line in members)
    peers = {each: _peer([line for line in members if line.limits == each]) for each in limits}
    rows = tuple(_row(line, peers[line.limits]) for line in members)
    told = {each: _sentence([row for row in rows if row.line.limits == each], peers[each]) for each in limits}
    sentence = " ".join(_limits_text(each) * (len(limits) > 1) + said for each, said in told.items() if said)
    metrics = tuple(dict.fromkeys(metric for line in members for metric in line.other))
    return Section(_anchor(group, name, taken), name, REGISTRY.get(name), rows, metrics, sentence)


def _peer(members: Sequence[Line]) -> Line | None:
    """The best that is neither ours nor the constant."""
    peers = [line for line in members if not is_ours(line.system) and line.system != "dummy"]
    return _best(peers) if peers else None


def _row(line: Line, peer: Line | None) -> Row:
    return Row(line, line is peer, None if peer is None or line is peer else against(peer, line))


def _limits_text(limits: tuple[int | None, int | None]) -> str:
    told = [f"{name} {limit}" for name, limit in zip(("n", "train"), limits, strict=True) if limit is not None]
    return f"Limited to {', '.join(told)}: "


def is_ours(system: str) -> bool:
    """Whether a system is this package, as against a peer."""
    return system in SYSTEMS and SYSTEMS[system].ours


def _best(members: Sequence[Line]) -> Line:
    return (min if members[0].lower else max)(members, key=lambda line: line.score)


def against(old: Line, new: Line) -> Difference | None:
    """How ``new`` differs from ``old`` on the seeds that both have; None where there are none, or other metrics."""
    before, after = ({r.seed: r for r in line.results} for line in (old, new))
    seeds = sorted(set(before) & set(after))
    if not seeds or old.metric != new.metric:
        return None
    return difference([before[s] for s in seeds], [after[s] for s in seeds], new.metric)


def _sentence(rows: Sequence[Row], peer: Line | None) -> str:
    ours = [row for row in rows if is_ours(row.line.system) and row.found is not None]
    if peer is None or not ours:
        return ""
    best = _best([row.line for row in ours])
    row = next(row for row in ours if row.line is best)
    assert row.found is not None  # of ours only those with a difference were kept
    basis = _BASIS[row.found.how]
    said = f"{best.system} against {peer.system}, the best peer: {_told(best.metric, row.found)}, {basis}"
    ends = {
        "better": "better by more than chance",
        "worse": "worse by more than chance",
        "same": "no more than chance",
        "unclear": "how much of it is chance is not known",
    }
    return f"{said}: {ends[row.found.verdict]}."


def _told(metric: str, found: Difference) -> str:
    value = points_text(metric, found.value, sign=True)
    if found.low is None or found.high is None:
        return value
    return f"{value} ({points_text(metric, found.low, sign=True)} … {points_text(metric, found.high, sign=True)})"


def _anchor(group: Group, name: str, taken: set[str]) -> str:
    """A name that stays the same from run to run, so that others can link to it."""
    split = group.lines[0].split
    parts = [name, group.protocol, split, *(["limited"] if group.lines[0].limited else [])]
    plain = "-".join(re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") or "x" for part in parts)
    found = next(c for c in _candidates(plain) if c not in taken)
    taken.add(found)
    return found


def _candidates(plain: str) -> Iterator[str]:
    yield plain
    number = 2
    while True:
        yield f"{plain}-{number}"
        number += 1
