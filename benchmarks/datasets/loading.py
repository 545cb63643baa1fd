"""Find the data directory, check files, and read splits with their rules applied."""

from __future__ import annotations

import csv
import lzma
import os
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

from slmkit.benchmarks.datasets.base import Dataset, Rows
from slmkit.benchmarks.datasets.registry import get
from slmkit.errors import DataError

# What readers raise at a file of another layout, and at half of one; zipfile's RuntimeError is of a damaged header.
_FOREIGN = (KeyError, IndexError, ValueError, TypeError, AttributeError, SyntaxError, csv.Error)
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, EOFError, lzma.LZMAError, zlib.error, RuntimeError)


def locate(data_dir: str | Path | None = None) -> Path:
    """The data directory: the argument, else ``SLMKIT_DATA``, else ``../shared/data``, else the user's cache folder."""
    if data_dir:
        return Path(data_dir)
    if os.environ.get("SLMKIT_DATA"):
        return Path(os.environ["SLMKIT_DATA"])
    beside = Path("..") / "shared" / "data"
    return beside.resolve() if beside.is_dir() else cache_folder() / "data"


def cache_folder() -> Path:
    """Where this platform keeps an application's cached files."""
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "slmkit" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "slmkit"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "slmkit"


def missing_files(dataset: Dataset, root: Path) -> list[str]:
    """Paths of the dataset's files that are not under ``root``."""
    return [f.path for f in dataset.files if not (root / f.path).is_file()]


def read_content(path: Path) -> bytes:
    """A file's uncompressed bytes."""
    try:
        content = path.read_bytes()
        return lzma.decompress(content) if path.suffix == ".xz" else content
    except lzma.LZMAError as error:
        raise DataError(f"{path} is damaged: {error}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def load(name: str, split: str, root: Path) -> Rows:
    """Rows of one split, rules applied. Only the files that the split depends on are read.

    Raises:
        DataError: The dataset has no such split, or a file is missing or damaged; the message names it.
    """
    dataset = get(name)
    if split not in dataset.splits:
        raise DataError(f"{name} has no {split} split; it has {', '.join(dataset.splits)}")
    wanted, active = {split}, []
    for rule in reversed(dataset.rules):
        if rule.changes & wanted:
            wanted |= rule.needs
            active.append(rule)
    splits = {s: _read(dataset, s, root) for s in dict.fromkeys(f.split for f in dataset.files) if s in wanted}
    for rule in reversed(active):
        rule.apply(splits, lambda other, part: load(other, part, root))
    return splits[split]


def _read(dataset: Dataset, split: str, root: Path) -> Rows:
    inputs: list[Any] = []
    labels: list[Any] = []
    for file in (f for f in dataset.files if f.split == split):
        path = root / file.path
        if not path.is_file():
            raise DataError(
                f"{dataset.name} {split}: {file.path} is missing in {root}; get it with "
                f"'slmkit data fetch {dataset.name}' or name another folder with --data-dir"
            )
        try:
            rows = dataset.reader(file, read_content(path))
        except (*_FOREIGN, *_DAMAGED) as error:
            raise DataError(f"{path} is not in the layout that {dataset.name} expects: {error!r}") from error
        inputs.extend(rows.inputs)
        labels.extend(rows.labels)
    if not inputs:
        raise DataError(f"{dataset.name} {split}: no rows in {root}")
    return Rows(inputs, labels)
