"""Which format a file name stands for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from slmkit.errors import InputError

_SUFFIXES = {
    ".csv": ("delimited", ","),
    ".tsv": ("delimited", "\t"),
    ".jsonl": ("jsonl", ""),
    ".ndjson": ("jsonl", ""),
    ".parquet": ("parquet", ""),
    ".pq": ("parquet", ""),
}


@dataclass(frozen=True)
class Format:
    """A table file's format."""

    kind: str
    delimiter: str
    gzipped: bool


def format_of(path: Path) -> Format:
    """Return the format that the suffix names.

    Raises:
        InputError: The suffix is none of those that are known.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    gzipped = suffixes[-1:] == [".gz"]
    suffix = "".join(suffixes[:-1][-1:] if gzipped else suffixes[-1:])
    if suffix not in _SUFFIXES or (gzipped and suffix in (".parquet", ".pq")):
        raise InputError(
            f"the format of {str(path)!r} is not known by its suffix; "
            "it can be .csv, .tsv, .jsonl, .ndjson (each also with .gz), .parquet or .pq"
        )
    kind, delimiter = _SUFFIXES[suffix]
    return Format(kind, delimiter, gzipped)
