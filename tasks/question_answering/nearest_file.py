"""A ``Nearest`` as a file: FAISS's own bytes, the numbers of the rows, what it was made from, and a checksum.

Each state has a file name of its own, so that no reader ever maps a file that is being replaced; older ones are taken
away. FAISS may crash on damaged bytes, so all of them are checked before it sees any.
"""

from __future__ import annotations

import dataclasses
import json
import os
import struct
import threading
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from slmkit.tasks.question_answering.nearest import Nearest, about_from
from slmkit.tasks.question_answering.openmp import load_faiss

_MAGIC = b"slmkitNN"
_FOOTER = struct.Struct("<QQI8s")  # bytes of FAISS, bytes of numbers and facts together, checksum of all before, magic
_BLOCK = 1 << 22


class DamagedFileError(Exception):
    """The file is not whole, or not one of these."""


def files(folder: Path) -> list[Path]:
    """The files in a folder, newest state first."""
    return sorted(folder.glob("nearest-*.faiss"), reverse=True)


def save(nearest: Nearest, folder: Path) -> Path:
    """Write the file and take older ones away.

    Raises:
        OSError: it cannot be written.
    """
    path = place(folder, nearest.about.change)
    temporary = folder / f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp"
    try:
        try:
            load_faiss().write_index(nearest.index, str(temporary))
        except RuntimeError as error:  # FAISS knows no other
            raise OSError(str(error).splitlines()[0]) from error
        facts = json.dumps(dataclasses.asdict(nearest.about)).encode()
        rest = nearest.ids.astype("<i8").tobytes() + facts + struct.pack("<Q", len(facts))
        size = temporary.stat().st_size
        checksum = zlib.crc32(rest, _checksum(temporary, size))
        with temporary.open("ab") as file:
            file.write(rest + _FOOTER.pack(size, len(rest), checksum, _MAGIC))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    tidy(folder, path)
    return path


def place(folder: Path, change: int) -> Path:
    """The file that is made from the state after this change."""
    return folder / f"nearest-{change:012d}.faiss"


def tidy(folder: Path, kept: Path, *, all_others: bool = False) -> None:
    """Take away files of older states than ``kept``, or all others, which only the one writer may do."""
    for path in [*files(folder), *folder.glob(".nearest-*.tmp")]:
        older = path.name.lstrip(".")[: len(kept.name)] < kept.name
        if path != kept and (older or all_others):
            with suppress(OSError):  # mapped by a reader, where the system then holds on to it
                path.unlink()


def load(path: Path, *, mapped: bool) -> Nearest:
    """Read the file; ``mapped`` leaves the vectors on disk, shared by all processes that read them.

    Raises:
        DamagedFileError: it is truncated, damaged or foreign.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _FOOTER.size))
        footer = file.read()
        if len(footer) != _FOOTER.size:
            raise DamagedFileError("it is too short")
        vectors, rest, checksum, magic = _FOOTER.unpack(footer)
        if magic != _MAGIC or vectors + rest + _FOOTER.size != size:
            raise DamagedFileError("its end is missing")
        file.seek(vectors)
        tail = file.read(rest)
    if zlib.crc32(tail, _checksum(path, vectors)) != checksum:
        raise DamagedFileError("its checksum does not match")
    try:
        (length,) = struct.unpack("<Q", tail[-8:])
        about = about_from(json.loads(tail[-8 - length : -8]))
        ids = np.frombuffer(tail[: -8 - length], dtype="<i8").astype(np.int64)
        index = _read(path, about.kind, mapped)
    except (ValueError, TypeError, struct.error, RuntimeError) as error:
        raise DamagedFileError(f"it cannot be read: {str(error).splitlines()[0]}") from error
    if index.ntotal != len(ids) or about.count != len(ids):
        raise DamagedFileError("its rows are not as many as it says")
    return Nearest(about, ids, index)


def _read(path: Path, kind: str, mapped: bool) -> Any:
    faiss = load_faiss()
    if not mapped:
        return faiss.read_index(str(path))
    # Older versions of FAISS map inverted lists only.
    flag = getattr(faiss, "IO_FLAG_MMAP_IFC", 0) if kind == "flat" else faiss.IO_FLAG_MMAP
    return faiss.read_index(str(path), flag)


def _checksum(path: Path, size: int) -> int:
    value = 0
    with path.open("rb") as file:
        while size:
            block = file.read(min(_BLOCK, size))
            if not block:
                raise DamagedFileError("it is too short")
            value = zlib.crc32(block, value)
            size -= len(block)
    return value
