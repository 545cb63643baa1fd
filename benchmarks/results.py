"""One measurement as a validated record, and its JSON file."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from slmkit.benchmarks import outcomes as rows_kept
from slmkit.benchmarks.datasets import PROTOCOLS
from slmkit.benchmarks.metrics import METRICS
from slmkit.errors import DataError

SCHEMA = 1
SPEED, RELIABILITY, LEFT_OUT = "speed*.json", "reliability*.json", "left_out.json"  # what else lies beside results
ROW = (
    "task",
    "dataset",
    "split",
    "protocol",
    "system",
    "n",
    "seed",
    "metric",
    "score",
    "ci95",
    "rows_per_second",
    "peak_rss_mb",
    "parameters",
    "bytes",
)
_NUMBER = (int, float)
_OPTIONAL = {"limit", "train_limit", "ci95", "parameters", "bytes", "seconds_to_fit", "n_train", "seconds_to_index"}
_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("schema", "n", "seed", "limit", "train_limit", "n_train", "parameters", "bytes"), (int,)),
    **dict.fromkeys(("score", "rows_per_second", "peak_rss_mb"), _NUMBER),
    **dict.fromkeys(("seconds_to_fit", "seconds_to_index", "seconds_to_predict"), _NUMBER),
    **dict.fromkeys(("scores", "machine", "versions", "outcomes"), (dict,)),
    **dict.fromkeys(("ci95", "examples"), (list, tuple)),
}


@dataclass(frozen=True)
class Example:
    """One row of a system that writes, to be read by eye; a long input is cut."""

    input: str
    references: tuple[str, ...]
    output: str

    @classmethod
    def from_dict(cls, data: Any) -> Example:
        """A row from parsed JSON.

        Raises:
            DataError: It is none.
        """
        keys = {f.name for f in fields(cls)}
        if not isinstance(data, Mapping) or set(data) != keys or not isinstance(data["references"], (list, tuple)):
            raise DataError(f"result field 'examples' must hold rows of {', '.join(sorted(keys))}, got {data!r}")
        texts = (data["input"], data["output"], *data["references"])
        if not all(isinstance(text, str) for text in texts):
            raise DataError(f"result field 'examples' must hold texts, got {data!r}")
        return cls(data["input"], tuple(data["references"]), data["output"])


@dataclass(frozen=True)
class Result:
    """What was measured, on what, with what, and how.

    ``score`` is the main metric; ``scores`` holds it and those beside it. ``n_train`` and ``seconds_to_fit`` are None
    for what is measured as shipped. ``examples`` are rows of a system that writes, drawn by the seed;
    ``seconds_to_index`` is what one that searches needed to take in all documents. ``outcomes`` is what each row added
    to each of ``scores`` (see ``slmkit.benchmarks.outcomes``).
    """

    task: str
    dataset: str
    dataset_version: str
    dataset_hash: str
    licence: str
    split: str
    protocol: str
    system: str
    system_version: str
    fingerprint: str
    n: int
    n_train: int | None
    seed: int
    limit: int | None
    train_limit: int | None
    metric: str
    metric_script: str
    score: float
    ci95: tuple[float, float] | None
    scores: Mapping[str, float]
    rows_per_second: float
    seconds_to_fit: float | None
    seconds_to_predict: float
    peak_rss_mb: float
    parameters: int | None
    bytes: int | None
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    notes: str
    date: str
    examples: tuple[Example, ...] = ()
    seconds_to_index: float | None = None
    outcomes: Mapping[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        for f in fields(self):
            _check_type(f.name, getattr(self, f.name))
        if self.schema != SCHEMA:
            raise DataError(f"result schema {self.schema} is not {SCHEMA}, the one that this version reads")
        if self.protocol not in PROTOCOLS:
            raise DataError(f"result protocol {self.protocol!r} is not one of {', '.join(PROTOCOLS)}")
        lowest, highest = _range(self.metric)
        if self.n < 1 or not lowest <= self.score <= highest:
            allowed = f"in {lowest:g}..{highest:g}"
            raise DataError(f"result needs n >= 1 and a score {allowed}, got n={self.n}, score={self.score}")
        if self.scores.get(self.metric) != self.score:
            raise DataError(f"result scores do not hold the main metric {self.metric!r} with its score")
        if self.ci95 is not None and not (len(self.ci95) == 2 and self.ci95[0] <= self.ci95[1]):
            raise DataError(f"result ci95 must be (low, high), got {self.ci95!r}")
        rows_kept.check(self.outcomes, self.n)

    @property
    def key(self) -> tuple[str, str, str, str, int | None, int | None]:
        """What the seeds of a cell have in common."""
        return self.dataset, self.split, self.protocol, self.system, self.limit, self.train_limit

    def row(self) -> dict[str, Any]:
        """The row of ``--json``."""
        return {key: getattr(self, key) for key in ROW}

    def to_json(self) -> str:
        """The file's text."""
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False, sort_keys=True) + "\n"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Result:
        """A record from parsed JSON.

        Raises:
            DataError: A key is missing, unknown, or holds the wrong kind of value; the message names it.
        """
        known = {f.name for f in fields(cls)}
        keys = set(data) if isinstance(data, Mapping) else set()
        # Files from before there were such fields have none.
        missing, unknown = known - keys - {"examples", "seconds_to_index", "outcomes"}, keys - known
        if missing or unknown:
            raise DataError(f"not a result: missing {sorted(missing)}, unknown {sorted(unknown)}")
        ci, examples = data["ci95"], data.get("examples", ())
        _check_type("examples", examples)
        read = tuple(map(Example.from_dict, examples))
        return cls(**{**data, "ci95": tuple(ci) if isinstance(ci, list) else ci, "examples": read})


def _range(metric: str) -> tuple[float, float]:
    return (0, math.inf) if metric in METRICS and METRICS[metric].in_bits else (-1, 1)


def _check_type(name: str, value: Any) -> None:
    if value is None and name in _OPTIONAL:
        return
    expected = _TYPES.get(name, (str,))
    right = isinstance(value, expected) and not (isinstance(value, bool))
    if not right or (isinstance(value, float) and not math.isfinite(value)):
        raise DataError(f"result field {name!r} must be {' or '.join(t.__name__ for t in expected)}, got {value!r}")
    if name in ("ci95", "scores") and not all(map(_is_number, value if name == "ci95" else value.values())):
        raise DataError(f"result field {name!r} must hold finite numbers, got {value!r}")
    if name == "versions" and not all(isinstance(version, str) for version in value.values()):
        raise DataError(f"result field {name!r} must hold texts, got {value!r}")
    if name == "machine" and not _is_machine(value):
        raise DataError(f"result field {name!r} must hold flags as a list of texts, got {value!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, _NUMBER) and not isinstance(value, bool) and -math.inf < value < math.inf


def _is_machine(value: Any) -> bool:
    flags = value.get("flags", []) if isinstance(value, Mapping) else None
    return isinstance(flags, (list, tuple)) and all(isinstance(flag, str) for flag in flags)


def read(path: Path) -> Result:
    """Read one result file.

    Raises:
        DataError: It is not a result file of this schema; the message names it.
    """
    try:
        return Result.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, DataError) as error:
        raise DataError(f"{path}: {error}") from error


def read_folder(folder: Path) -> tuple[list[Result], list[str]]:
    """All results of a folder in name order, and a line about each JSON file that is none."""
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder of results")
    results, problems = [], []
    for path in sorted(folder.glob("*.json")):
        if path.match(SPEED) or path.match(RELIABILITY) or path.name == LEFT_OUT:
            continue
        try:
            results.append(read(path))
        except DataError as error:
            problems.append(str(error))
    return results, problems


def latest(found: Iterable[Result], problems: list[str]) -> list[Result]:
    """One result for each seed of a cell, the latest; a second one, such as a copied file, is told in ``problems``."""
    kept: dict[tuple[object, ...], Result] = {}
    for r in found:
        place = (*r.key, r.seed)
        other = kept.get(place)
        if other is not None:
            told = " ".join((r.dataset, r.split, r.protocol, r.system))
            problems.append(f"a second result of {told}, seed {r.seed}; that of {max(other.date, r.date)} counts")
        if other is None or r.date >= other.date:
            kept[place] = r
    return list(kept.values())


def write_text(path: Path, text: str) -> None:
    """Write a file under a temporary name, then rename it: a reader sees all of it or nothing.

    Half of a surrogate pair, which UTF-8 cannot carry, is written as JSON escapes it.
    """
    name = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as out:
            out.write(text)
        # mkstemp makes a private file; a result is for everyone who may read the folder.
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error}") from error
    finally:
        if name is not None:
            Path(name).unlink(missing_ok=True)


def json_line(results: Iterable[Result]) -> str:
    """The rows as one line of JSON."""
    return json.dumps([r.row() for r in results], ensure_ascii=False, allow_nan=False)


def read_speeds(folder: Path, problems: list[str]) -> list[dict[str, Any]]:
    """What ``bench speed`` and ``bench reliability`` measured in a folder; what is wrong is added to ``problems``."""
    from slmkit.benchmarks.speed.show import KINDS

    found = []
    for path in sorted([*folder.glob(SPEED), *folder.glob(RELIABILITY)]):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            problems.append(f"{path}: {error}")
            continue
        if isinstance(data, dict) and data.get("kind") in KINDS and _is_machine(data.get("machine", {})):
            found.append(data)
        else:
            problems.append(f"{path}: not a measurement of 'slmkit bench speed' or 'slmkit bench reliability'")
    return sorted(found, key=lambda data: KINDS.index(data["kind"]))
