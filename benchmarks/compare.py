"""Two folders of results side by side: what got better, what got worse, and what is within noise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from slmkit.benchmarks import results
from slmkit.benchmarks.noise import CONFIDENCE, Difference, difference
from slmkit.benchmarks.report.numbers import points_text
from slmkit.benchmarks.results import Result
from slmkit.errors import DataError, InputError

VERDICTS = ("worse", "better", "unclear", "same", "only in old", "only in new")
COLUMNS = ("dataset", "split", "protocol", "system", "metric", "old", "new", "difference", "95 %", "verdict")
NUMBERS = ("old", "new", "difference", "95 %")
_Key = tuple[str, str, str, str, "int | None", "int | None"]


@dataclass(frozen=True)
class Change:
    """One metric of one system on one dataset, in both folders or in one.

    Attributes:
        main: whether it is the dataset's main metric. seeds: those that are in both folders, or all in the one.
        old: score in the old folder, None where it is only in the new one. new: the same of the new folder.
        low: of the difference's interval. high: of the same. how: what the interval rests on.
        verdict: one of ``VERDICTS``. note: what else differs between the two measurements.
    """

    dataset: str
    split: str
    protocol: str
    system: str
    limit: int | None
    train_limit: int | None
    metric: str
    main: bool
    seeds: tuple[int, ...]
    old: float | None
    new: float | None
    difference: float | None
    low: float | None
    high: float | None
    how: str
    verdict: str
    note: str


def compare(old: Path, new: Path, *, confidence: float = CONFIDENCE) -> list[Change]:
    """Every metric of every measurement in two folders of results.

    Raises:
        InputError: a folder cannot be used: it is none, holds a file that is no result, or nothing is in both.
    """
    before, after = _by_cell(old), _by_cell(new)
    found = [
        change
        for key in dict.fromkeys([*before, *after])
        for change in _changes(key, before.get(key, {}), after.get(key, {}), confidence)
    ]
    if not any(change.difference is not None for change in found):
        raise InputError(f"{old} and {new} have no measurement in common; there is nothing to compare")
    return found


def table(changes: Sequence[Change], *, every: bool = False) -> list[list[str]]:
    """Rows for ``COLUMNS``: main metrics, and those beside them that changed; with ``every`` all, the worst first."""
    shown = [c for c in changes if every or c.main or c.verdict in ("worse", "better")]
    return [_row(c) for c in sorted(shown, key=lambda c: VERDICTS.index(c.verdict))]


def _by_cell(folder: Path) -> dict[_Key, dict[int, Result]]:
    try:
        found, problems = results.read_folder(folder)
    except DataError as error:
        raise InputError(str(error)) from error
    if problems:
        raise InputError(f"{folder} holds {len(problems)} files that are no results; first: {problems[0]}")
    if not found:
        raise InputError(f"{folder} holds no result files")
    cells: dict[_Key, dict[int, Result]] = defaultdict(dict)
    for r in results.latest(found, []):
        cells[r.key][r.seed] = r
    return cells


def _changes(
    key: _Key, before: Mapping[int, Result], after: Mapping[int, Result], confidence: float
) -> Iterator[Change]:
    seeds = tuple(sorted(set(before) & set(after)))
    old, new = [before[s] for s in seeds], [after[s] for s in seeds]
    common = [m for m in new[0].scores if all(m in r.scores for r in (*old, *new))] if seeds else []
    if not common:  # other seeds or other metrics are other measurements
        yield from (
            _alone(key, members, verdict)
            for members, verdict in ((before, "only in old"), (after, "only in new"))
            if members
        )
    for metric in common:
        found = difference(old, new, metric, confidence=confidence)
        yield Change(
            *key,
            metric,
            main=metric == new[0].metric,
            seeds=seeds,
            old=mean(r.scores[metric] for r in old),
            new=mean(r.scores[metric] for r in new),
            difference=found.value,
            low=found.low,
            high=found.high,
            how=found.how,
            verdict=found.verdict,
            note=_note(old, new, found),
        )


def _alone(key: _Key, members: Mapping[int, Result], verdict: str) -> Change:
    metric = next(iter(members.values())).metric
    score = mean(r.score for r in members.values())
    old, new = (score, None) if verdict == "only in old" else (None, score)
    return Change(*key, metric, True, tuple(sorted(members)), old, new, None, None, None, "", verdict, "")


def _note(old: Sequence[Result], new: Sequence[Result], found: Difference) -> str:
    pairs = list(zip(old, new, strict=True))
    notes = []
    if any(a.dataset_version != b.dataset_version for a, b in pairs):
        notes.append("another version of the dataset's entry")
    elif any(a.dataset_hash != b.dataset_hash for a, b in pairs):
        notes.append("other rows")
    if any(a.metric_script != b.metric_script for a, b in pairs):
        notes.append("another script of the metric")
    if found.verdict == "unclear":
        notes.append("noise not known")
    return ", ".join(notes)


def _row(c: Change) -> list[str]:
    limits = [f"{name} {value}" for name, value in (("n", c.limit), ("train", c.train_limit)) if value is not None]
    protocol = f"{c.protocol} ({', '.join(limits)})" if limits else c.protocol
    old, new = ("–" if score is None else points_text(c.metric, score) for score in (c.old, c.new))
    verdict = f"{c.verdict} ({c.note})" if c.note else c.verdict
    changed = "–" if c.difference is None else points_text(c.metric, c.difference, sign=True)
    ends = [points_text(c.metric, end, sign=True) for end in (c.low, c.high) if end is not None]
    return [c.dataset, c.split, protocol, c.system, c.metric, old, new, changed, " … ".join(ends) or "–", verdict]
