"""The finished parts of a file run, kept beside its output until they are put together.

``OUT.slmkit-parts/`` holds ``manifest.json`` (what the run was asked to do) and one file a finished chunk, its rows
and its quarantined rows in its name. Where a run writes several tables, the folder is beside the first; a chunk has a
file for each, and that of the first appears last. Everything appears by a rename, so a run that is killed at any
moment leaves either a whole part or none. The folder itself appears, and goes away, by a rename too: a run that was
begun and is not finished always has one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from slmkit.errors import InputError

try:
    import fcntl
except ImportError:  # not on Windows; two runs on one output are then not told apart
    fcntl = None  # type: ignore[assignment]

FORMAT = 1
_SUFFIX = ".slmkit-parts"
_MANIFEST, _LOCK, _FINISHING = "manifest.json", "lock", "finishing"
_PART = re.compile(r"part-(\d{8})\.rows-(\d+)\.quarantined-(\d+)")
_OURS = re.compile(
    rf"{_PART.pattern}|part-\d{{8}}\.table-\d+|part\.tmp|whole(-\d+)?\.tmp|{_MANIFEST}(\.tmp)?|{_LOCK}|{_FINISHING}"
)


@dataclass(frozen=True)
class Part:
    """A finished chunk."""

    path: Path
    rows: int
    quarantined: int

    def of_table(self, number: int) -> Path:
        """Its file of one of the tables, counted from 0."""
        return self.path if number == 0 else self.path.with_name(f"{self.path.name.partition('.')[0]}.table-{number}")


@dataclass
class PartStore:
    """The parts folder of the tables of one run, held by one process."""

    outs: tuple[Path, ...]
    folder: Path
    manifest: dict[str, Any]
    began_here: bool
    parts: list[Part] = field(default_factory=list)
    _lock: IO[str] | None = None

    @property
    def rows(self) -> int:
        """How many rows are finished."""
        return sum(part.rows for part in self.parts)

    @property
    def quarantined(self) -> int:
        """How many finished rows have a reason instead of a result."""
        return sum(part.quarantined for part in self.parts)

    def describe(self, settings: dict[str, Any]) -> None:
        """Keep what the run was asked to do; a run that goes on must have been asked the same.

        Raises:
            InputError: The unfinished run was asked for something else.
        """
        for name, value in self.manifest.get("settings", {}).items():
            if settings.get(name) != value:
                raise InputError(
                    f"cannot go on with the run in {self.folder}: {name} was {value!r}, now it is "
                    f"{settings.get(name)!r}; ask for the same again, or start anew with --overwrite"
                )
        self.manifest["settings"] = settings
        _write(self.folder / _MANIFEST, json.dumps(self.manifest, ensure_ascii=False, indent=1).encode())

    def save(self, tables: Sequence[bytes], *, rows: int, quarantined: int) -> None:
        """Add a finished chunk: its bytes in each table."""
        part = Part(
            self.folder / f"part-{len(self.parts):08d}.rows-{rows}.quarantined-{quarantined}", rows, quarantined
        )
        try:
            for number in reversed(range(len(self.outs))):
                _write(part.of_table(number), tables[number], self.folder / "part.tmp")
        finally:
            if part.path.exists():  # whatever interrupts what follows the rename: the part is there, and counts
                self.parts.append(part)

    def finish(self, assemble: Sequence[Callable[[list[Path], Path], None]]) -> None:
        """Put the parts of each table together, move the wholes to their places, and take the folder away."""
        wholes = [self.folder / f"whole-{number}.tmp" for number in range(len(self.outs))]
        for number, whole in enumerate(wholes):
            assemble[number]([part.of_table(number) for part in self.parts], whole)
            with whole.open("rb+") as file:
                os.fsync(file.fileno())
        _refuse_foreign(self.outs, self.folder, self.manifest)
        _write(self.folder / _FINISHING, b"")
        for whole, out in zip(wholes, self.outs, strict=True):
            os.replace(whole, out)
        _sync_folder(self.outs[0].parent)
        self.discard()

    def discard(self) -> None:
        """Take the folder away."""
        old = _retire(self.folder)
        self.close()
        _clear(old)

    def close(self) -> None:
        """Let another process have the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def claim(outs: Sequence[Path], *, resume: bool, overwrite: bool) -> PartStore | None:
    """Begin the parts folder of the tables of a run, or go on with it.

    Args:
        outs: The tables, all in one folder.
        resume: Go on with a run that was cut off.
        overwrite: Replace tables, or the parts of an unfinished run, that are there.

    Returns:
        The folder, or None when ``resume`` finds the tables finished.

    Raises:
        InputError: A table or its parts are there and neither ``resume`` nor ``overwrite`` allows it.
    """
    outs = tuple(outs)
    folder, new, old = (_sibling(outs[0], ending) for ending in ("", ".new", ".old"))
    if not folder.exists() and (new / _MANIFEST).exists():
        os.replace(new, folder)  # an earlier run was killed between two renames
    held = _hold(folder) if folder.exists() else None
    if folder.exists() and resume:
        return _reopen(outs, folder, held, overwrite)
    if not overwrite:
        if folder.exists():
            raise InputError(f"{folder} holds an unfinished run: go on with --resume, or start anew with --overwrite")
        there = [out for out in outs if out.exists()]
        if resume and len(there) == len(outs):
            _clear(old)  # the run ended while it was tidying up
            return None
        if there:
            raise InputError(f"{there[0]} exists; --overwrite replaces it")
    _clear(new)
    _clear(old)
    manifest = {"format": FORMAT, "overwrite": overwrite}
    try:
        new.mkdir()
    except OSError as error:
        raise InputError(f"cannot write beside {outs[0]}: {error.strerror or error}") from None
    _write(new / _MANIFEST, json.dumps(manifest).encode())
    if folder.exists():
        old = _retire(folder)
    if held is not None:
        held.close()
    os.replace(new, folder)
    _sync_folder(outs[0].parent)
    _clear(old)
    return PartStore(outs, folder, manifest, began_here=True, _lock=_hold(folder))


def _reopen(outs: tuple[Path, ...], folder: Path, held: IO[str] | None, overwrite: bool) -> PartStore:
    try:
        manifest = json.loads((folder / _MANIFEST).read_text("utf-8"))
        known = manifest["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{folder / _MANIFEST} is missing or damaged; start anew with --overwrite") from None
    if not known:
        raise InputError(f"{folder} was written by another version of slmkit; start anew with --overwrite")
    manifest["overwrite"] = manifest["overwrite"] or overwrite
    _refuse_foreign(outs, folder, manifest)
    found = {int(match[1]): match for path in folder.iterdir() if (match := _PART.fullmatch(path.name))}
    store = PartStore(outs, folder, manifest, began_here=False, _lock=held)
    while (match := found.pop(len(store.parts), None)) is not None:
        store.parts.append(Part(folder / match[0], int(match[2]), int(match[3])))
    for match in found.values():  # after a gap: they are made again
        (folder / match[0]).unlink()
    return store


def _refuse_foreign(outs: Sequence[Path], folder: Path, manifest: dict[str, Any]) -> None:
    # A file that appeared after this run began is not this run's to replace, unless this run itself put it there.
    there = [out for out in outs if out.exists()]
    if there and not manifest["overwrite"] and not (folder / _FINISHING).exists():
        raise InputError(f"{there[0]} exists, and the run in {folder} did not write it; --overwrite replaces it")


def _sibling(out: Path, ending: str) -> Path:
    return out.with_name(out.name + _SUFFIX + ending)


def _hold(folder: Path) -> IO[str] | None:
    """Hold the folder until this process ends, however it ends."""
    if fcntl is None:
        return None
    try:
        lock = (folder / _LOCK).open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(f"another run is writing to {folder} right now") from None
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror or error}") from None
    return lock


def _write(path: Path, data: bytes, temporary: Path | None = None) -> None:
    temporary = temporary or path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _retire(folder: Path) -> Path:
    """Move the folder out of the way, to be cleared."""
    old = folder.with_name(folder.name + ".old")
    _clear(old)
    n = 1
    while old.exists():  # someone else's files lie in it
        n += 1
        old = folder.with_name(f"{folder.name}.old{n}")
    os.replace(folder, old)
    return old


def _clear(folder: Path) -> None:
    """Remove our own files and the folder; whatever else lies in it stays."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if _OURS.fullmatch(path.name):
            path.unlink()
    with suppress(OSError):
        folder.rmdir()
