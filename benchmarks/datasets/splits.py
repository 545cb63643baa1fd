"""Split rules: seeded carve-outs, samples, and rows dropped because another split has them.

Rows are drawn in the order of a hash of seed and content. That order is the same on every machine, Python and numpy,
which the streams of a random generator do not promise.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from slmkit.benchmarks.datasets.base import Rows
from slmkit.errors import DataError
from slmkit.text.language import letters_of

_PREFIX = 12


def normalised(value: Any) -> str:
    """An input of one text or several as its letters and digits alone, see ``letters_of``."""
    if not isinstance(value, str):
        return "\n".join(normalised(part) for part in value)
    return letters_of(value)


def stable_order(inputs: Sequence[Any], seed: int) -> list[int]:
    """Indices of ``inputs`` in seeded order; equal inputs keep their own order."""

    def key(i: int) -> tuple[bytes, int]:
        value = inputs[i]
        text = value if isinstance(value, str) else "\x1f".join(value)
        return hashlib.sha256(f"{seed}\x1e{text}".encode("utf-8", "surrogatepass")).digest(), i

    return sorted(range(len(inputs)), key=key)


def draw(rows: Rows, n: int, *, seed: int, stratify: bool = False) -> list[int]:
    """Indices of ``n`` rows, ascending; with ``stratify`` each class gives its share (largest remainder)."""
    if n > len(rows):
        raise DataError(f"cannot draw {n} rows from a split of {len(rows)}")
    order = stable_order(rows.inputs, seed)
    if not stratify:
        return sorted(order[:n])
    groups = _by_label(rows.labels, order)
    exact = {label: n * len(members) / len(rows) for label, members in groups.items()}
    quota = {label: int(share) for label, share in exact.items()}
    for label in sorted(groups, key=lambda c: (quota[c] - exact[c], str(c)))[: n - sum(quota.values())]:
        quota[label] += 1
    return sorted(i for label, members in groups.items() for i in members[: quota[label]])


def draw_per_class(rows: Rows, n: int, *, seed: int) -> list[int]:
    """Indices of ``n`` rows of each class, ascending; a class with fewer rows is an error."""
    groups = _by_label(rows.labels, stable_order(rows.inputs, seed))
    for label, members in groups.items():
        if len(members) < n:
            raise DataError(f"class {label!r} has {len(members)} rows, {n} were asked for")
    return sorted(i for members in groups.values() for i in members[:n])


def _by_label(labels: Sequence[Hashable], order: Iterable[int]) -> dict[Hashable, list[int]]:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for i in order:
        groups[labels[i]].append(i)
    return groups


class InPlace:
    """Of a rule: it makes ``split`` of what ``split`` was."""

    split: str

    @property
    def changes(self) -> frozenset[str]:
        """The split."""
        return frozenset((self.split,))

    @property
    def needs(self) -> frozenset[str]:
        """The split."""
        return self.changes


class FromTrain:
    """Of a rule: it moves rows of train, which holds both at first, into dev."""

    @property
    def changes(self) -> frozenset[str]:
        """Train and dev."""
        return frozenset(("train", "dev"))

    @property
    def needs(self) -> frozenset[str]:
        """Train."""
        return frozenset(("train",))


@dataclass(frozen=True)
class Carve:
    """Move ``n`` rows of ``source`` into the split ``into``; rows of ``source`` with the same text are dropped."""

    source: str
    into: str
    n: int
    seed: int = 0
    stratify: bool = True

    @property
    def changes(self) -> frozenset[str]:
        """Both splits."""
        return frozenset((self.source, self.into))

    @property
    def needs(self) -> frozenset[str]:
        """The split that is carved."""
        return frozenset((self.source,))

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Carve."""
        rows = splits[self.source]
        chosen = draw(rows, self.n, seed=self.seed, stratify=self.stratify)
        splits[self.into] = rows.take(chosen)
        held = {normalised(value) for value in splits[self.into].inputs}
        splits[self.source] = rows.take([i for i, v in enumerate(rows.inputs) if normalised(v) not in held])


@dataclass(frozen=True)
class Sample(InPlace):
    """Keep ``n`` rows of ``split``."""

    split: str
    n: int
    seed: int = 0
    stratify: bool = True

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Sample."""
        rows = splits[self.split]
        splits[self.split] = rows.take(draw(rows, self.n, seed=self.seed, stratify=self.stratify))


@dataclass(frozen=True)
class DropSeen:
    """Drop rows of ``split`` whose normalised text stands in ``seen_in`` (a split, or ``dataset:split``).

    With ``within`` set, a row also goes when it contains a seen text of at least that many characters, since a snippet
    of one set can be two sentences of another. Of inputs with several parts, ``part`` is the one that counts; None for
    all of them together.
    """

    split: str
    seen_in: str
    within: int = 0
    part: int | None = None

    @property
    def changes(self) -> frozenset[str]:
        """The split that loses rows."""
        return frozenset((self.split,))

    @property
    def needs(self) -> frozenset[str]:
        """The split, and the other one when it is of the same dataset."""
        return self.changes if ":" in self.seen_in else self.changes | {self.seen_in}

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Drop."""
        dataset, colon, split = self.seen_in.partition(":")
        seen_rows = other(dataset, split) if colon else splits[self.seen_in]
        seen = set(map(self._text, seen_rows.inputs))
        contains = _containment(seen, self.within) if self.within else (lambda _: False)
        rows = splits[self.split]
        texts = map(self._text, rows.inputs)
        splits[self.split] = rows.take([i for i, t in enumerate(texts) if t not in seen and not contains(t)])

    def _text(self, value: Any) -> str:
        return normalised(value if self.part is None else value[self.part])


def _containment(seen: set[str], shortest: int) -> Callable[[str], bool]:
    # Seen texts by their first characters, so that each position of a row is one dictionary look-up.
    size = min(_PREFIX, shortest)
    starts: dict[str, list[str]] = defaultdict(list)
    for text in seen:
        if len(text) >= shortest:
            starts[text[:size]].append(text)

    def contains(text: str) -> bool:
        return any(text.startswith(s, i) for i in range(len(text)) for s in starts.get(text[i : i + size], ()))

    return contains
