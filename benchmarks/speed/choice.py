"""Which of the measurements of ``bench speed`` is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from slmkit.benchmarks.speed.compare import measure
from slmkit.benchmarks.speed.indexes import PASSAGES, measure_index
from slmkit.benchmarks.speed.lengths import measure_lengths
from slmkit.benchmarks.speed.pipelines import measure_pipeline
from slmkit.benchmarks.speed.writing import measure_writing
from slmkit.errors import InputError


def measure_one_of(
    kinds: Sequence[str],
    systems: Sequence[str],
    root: Callable[[], Path],
    limit: int,
    repeats: int,
    *,
    declared: Path | None = None,
    passages: int | None = None,
) -> dict[str, Any]:
    """The measurement of a kind.

    Args:
        kinds: "writing", "pipeline", "long" or "index"; none measures the embedders.
        systems: of the embedders or writers. root: gives the data directory, asked only where texts are read.
        limit, repeats, declared, passages: of the measurements.

    Raises:
        InputError: two kinds, or an option of another kind.
    """
    if len(kinds) > 1:
        raise InputError(f"give one of --writing, --pipeline, --long and --index, not --{' and --'.join(kinds)}")
    kind = kinds[0] if kinds else ""
    if systems and kind in ("pipeline", "long", "index"):
        raise InputError(f"--system goes without --{kind}")
    if declared is not None and kind != "pipeline":
        raise InputError("--declared goes with --pipeline")
    if kind == "index":
        return measure_index(root(), passages=PASSAGES if passages is None else passages)
    if passages is not None:
        raise InputError("--passages goes with --index")
    if kind == "long":
        return measure_lengths(repeats=repeats)
    if kind == "writing":
        return measure_writing(systems, repeats=repeats)
    if kind == "pipeline":
        return measure_pipeline(root(), declared=declared, limit=limit, repeats=repeats)
    return measure(systems, root(), limit=limit, repeats=repeats)
