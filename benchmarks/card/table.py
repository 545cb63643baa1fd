"""A user's own table as a dataset: what cannot be used is counted, the rest is split by seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slmkit.benchmarks.datasets import Dataset, Rows
from slmkit.benchmarks.datasets.splits import draw, normalised
from slmkit.errors import InputError
from slmkit.tasks.base import cell_problem, require_column
from slmkit.tasks.table_io import open_reader
from slmkit.tasks.table_io.values import as_text
from slmkit.text.language import is_han, language

LEAST_ROWS = 20
LEAST_OF_A_LABEL = 5  # rows; with fewer, a label has no row to be judged on
MOST_ROWS = 200_000
_CHUNK = 2048
_HELD_SHARE, _MOST_HELD = 0.2, 2000
_SENTIMENT = {
    "positive": ("positive", "pos", "正面", "正向", "积极", "好评"),
    "negative": ("negative", "neg", "负面", "负向", "消极", "差评"),
    "neutral": ("neutral", "neu", "中性", "中立", "中评"),
}


@dataclass(frozen=True)
class Table:
    """The usable rows of a table, and what was left out.

    Attributes:
        dataset: an entry made for it. held: rows to judge on. train: rows to fit on.
        total: rows of the file. skipped: reason -> rows. rare: label -> rows, of labels with too few.
        counts: label -> rows, of those that are used, the commonest first. cut: rows that training leaves out for time.
    """

    dataset: Dataset
    held: Rows
    train: Rows
    total: int
    skipped: dict[str, int]
    rare: dict[str, int]
    counts: dict[str, int]
    cut: int = 0


def read(
    path: Path, text: str, label: str, *, seed: int = 0, train_bytes: float = float("inf"), encoding: str | None = None
) -> Table:
    """Read and split a CSV, TSV, JSON Lines or Parquet file.

    A text that repeats an earlier one, label and all, counts once; a text of the held-out part is never fitted on.

    Args:
        path: the file. text: column of the texts. label: column of their labels. seed: of all draws.
        train_bytes: how much text to fit on at most. encoding: of a text file; None is UTF-8.

    Raises:
        InputError: the file or a column is not there, or too little is left to measure anything.
    """
    reader = open_reader(path, text, encoding=encoding)
    require_column(label, reader.columns, str(path))
    skipped: Counter[str] = Counter()
    pairs = _sample(_usable(reader, label, skipped), seed, skipped)
    counts = Counter(name for _, name in pairs)
    rare = {name: n for name, n in counts.most_common() if n < LEAST_OF_A_LABEL}
    pairs = [pair for pair in pairs if pair[1] not in rare]
    kept = {name: n for name, n in counts.most_common() if name not in rare}
    _check(path, label, len(pairs), kept, counts)
    words = _as_sentiment(list(kept))
    rows = Rows([text for text, _ in pairs], [words.get(name, name) for _, name in pairs])
    held, train = _split(rows, seed)
    fitted = _at_most(train, train_bytes, seed)
    renamed = {words.get(name, name): n for name, n in kept.items()}
    dataset = Dataset(
        name=path.stem or "table",
        version="1",
        task="sentiment" if words else "classification",
        language=Counter(language(text[:500]) for text in rows.inputs[:2000]).most_common(1)[0][0],
        licence="",
        files=(),
        reader=lambda file, content: rows,
        columns=(text, label),
        metric="accuracy",
        protocols=("shipped", "fitted"),
        labels=tuple(sorted(renamed)) if all(map(_is_worded, renamed)) else (),
    )
    return Table(dataset, held, fitted, reader.total, dict(skipped), rare, renamed, len(train) - len(fitted))


def _usable(reader: Any, label: str, skipped: Counter[str]) -> Iterator[tuple[str, str]]:
    seen: set[Hashable] = set()
    for chunk in reader.chunks(_CHUNK, 0):
        for cell, value, broken in zip(chunk.cells, chunk.values(label), chunk.problems, strict=True):
            name = "" if value is None or value != value else as_text(value).strip()
            problem = cell_problem(cell)
            if broken is not None:
                skipped["fields do not fit the header"] += 1
            elif problem is not None:
                skipped[f"text {problem}" if problem.startswith("not") else f"text is {problem}"] += 1
            elif not name:
                skipped["no label"] += 1
            elif (key := (_key(cell), name)) in seen:
                skipped["text and label repeat an earlier row"] += 1
            else:
                seen.add(key)
                yield cell, name


def _key(text: str) -> str:
    return normalised(text) or text  # a text of signs alone is its signs


def _sample(pairs: Iterator[tuple[str, str]], seed: int, skipped: Counter[str]) -> list[tuple[str, str]]:
    """At most ``MOST_ROWS`` of them, each as likely, in the order of the file."""
    rng, kept = random.Random(seed), []
    for i, pair in enumerate(pairs):
        if i < MOST_ROWS:
            kept.append((i, pair))
        else:
            skipped[f"more than {MOST_ROWS:,} rows"] += 1
            place = rng.randrange(i + 1)
            if place < MOST_ROWS:
                kept[place] = (i, pair)
    return [pair for _, pair in sorted(kept)]


def _check(path: Path, label: str, rows: int, kept: dict[str, int], counts: Counter[str]) -> None:
    found = sum(counts.values())
    if len(counts) > 2 and len(counts) > found / 2:
        raise InputError(
            f"column {label!r} of {path} has {len(counts):,} different values in {found:,} usable rows; "
            "name the column that holds the labels"
        )
    if len(kept) < 2:
        raise InputError(
            f"column {label!r} of {path} has {len(kept)} labels with {LEAST_OF_A_LABEL} rows or more "
            f"(of {len(counts)} in {found:,} usable rows); two are needed"
        )
    if rows < LEAST_ROWS:
        raise InputError(f"{path} has {rows} usable rows; {LEAST_ROWS} are needed")


def _as_sentiment(names: Sequence[str]) -> dict[str, str]:
    """What each label is called by those who tell sentiment; empty where the labels are about something else."""
    words = {word: name for name, forms in _SENTIMENT.items() for word in forms}
    found = {name: words.get(name.casefold(), "") for name in names}
    told = set(found.values())
    return found if {"positive", "negative"} <= told and "" not in told and len(told) == len(names) else {}


def _is_worded(name: str) -> bool:
    """Whether a label says what it stands for: a word, not a number or a letter."""
    return sum(map(is_han, name)) >= 2 or sum(c.isalpha() and not is_han(c) for c in name) >= 3


def _split(rows: Rows, seed: int) -> tuple[Rows, Rows]:
    wanted = max(len(set(rows.labels)), round(len(rows) * _HELD_SHARE))
    chosen = draw(rows, min(wanted, _MOST_HELD), seed=seed, stratify=True)
    held = rows.take(chosen)
    seen = {_key(text) for text in held.inputs}
    return held, rows.take([i for i, text in enumerate(rows.inputs) if _key(text) not in seen])


def _at_most(train: Rows, most: float, seed: int) -> Rows:
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in train.inputs)
    if size <= most:
        return train
    least = min(len(train), LEAST_OF_A_LABEL * len(set(train.labels)))
    return train.take(draw(train, max(least, int(len(train) * most / size)), seed=seed, stratify=True))
