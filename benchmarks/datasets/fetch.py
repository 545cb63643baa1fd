"""Check files against the registry, and fetch missing ones from their public source.

``fetch`` is one of the two places in this package that may open a connection, and only when the user asks for it.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from slmkit.benchmarks.datasets.base import DataFile, Dataset
from slmkit.benchmarks.datasets.loading import read_content
from slmkit.errors import DataError

SOURCE = "https://raw.githubusercontent.com"
_TIMEOUT = 60.0


@dataclass(frozen=True)
class FileState:
    """What ``verify`` or ``fetch`` found: ``ok``, ``missing``, ``differs``, ``fetched`` or ``failed``, and why."""

    dataset: str
    path: str
    state: str
    detail: str = ""


def verify(dataset: Dataset, root: Path) -> Iterator[FileState]:
    """Compare each file of the dataset under ``root`` with its checksum."""
    for file in dataset.files:
        path = root / file.path
        if not path.is_file():
            yield FileState(dataset.name, file.path, "missing")
            continue
        good = _is_good(file, path)
        yield FileState(
            dataset.name, file.path, "ok" if good else "differs", "" if good else "not the file that the registry names"
        )


def fetch(dataset: Dataset, root: Path, *, base_url: str = SOURCE) -> Iterator[FileState]:
    """Download the dataset's missing files into ``root``; a file that is there and right is left alone."""
    for file in dataset.files:
        path = root / file.path
        if path.is_file() and _is_good(file, path):
            yield FileState(dataset.name, file.path, "ok")
            continue
        try:
            _write(path, _checked(file, _original(file, base_url)))
        except DataError as error:
            yield FileState(dataset.name, file.path, "failed", str(error))
        else:
            yield FileState(dataset.name, file.path, "fetched")


def _is_good(file: DataFile, path: Path) -> bool:
    if _sha256(path.read_bytes()) == file.sha256:
        return True
    # Another xz version may pack the same content into other bytes.
    try:
        return bool(file.raw_sha256) and _sha256(read_content(path)) == file.raw_sha256
    except DataError:
        return False


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _original(file: DataFile, base_url: str) -> bytes:
    if file.derived:
        raise DataError(
            f"{file.path} cannot be fetched: {file.derived}; the original is {file.repo} at {file.commit[:12]}, "
            f"{file.source}"
        )
    archive, bang, member = file.source.partition("!")
    content = _download(base_url, file, archive)
    # A zip that the registry keeps as a zip is taken whole; any other is a wrapper round the one file.
    if archive.endswith(".zip") and not file.path.endswith(".zip"):
        return _unpack(content, member if bang else "", file)
    return content


def _download(base_url: str, file: DataFile, source: str) -> bytes:
    url = f"{base_url.rstrip('/')}/{file.repo}/{file.commit}/{urllib.parse.quote(source)}"
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise DataError(f"the base URL must be http or https, got {base_url!r}")
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as response:  # the scheme was checked above
            return response.read()
    except (urllib.error.URLError, OSError) as error:
        raise DataError(f"{url} could not be read: {error}") from error


def _unpack(content: bytes, member: str, file: DataFile) -> bytes:
    suffix = PurePosixPath(file.path.removesuffix(".xz")).suffix
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found = [n for n in archive.namelist() if n.endswith(suffix) and not n.startswith("__MACOSX")]
            found = [n for n in found if n == member] if member else found
            if len(found) != 1:
                raise DataError(f"{file.source} holds {len(found)} candidates for {file.path}, expected one")
            return archive.read(found[0])
    except zipfile.BadZipFile as error:
        raise DataError(f"{file.source} is not a zip archive: {error}") from error


def _checked(file: DataFile, content: bytes) -> bytes:
    packed = lzma.compress(content, preset=6) if file.path.endswith(".xz") else content
    # The content's own checksum decides where it is known: packed bytes may differ between xz versions.
    got, expected = (_sha256(content), file.raw_sha256) if file.raw_sha256 else (_sha256(packed), file.sha256)
    if got != expected:
        raise DataError(f"{file.path}: checksum {got} is not the registry's {expected}; nothing was written")
    return packed


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error}") from error
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        os.replace(name, path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise DataError(f"{path} cannot be written: {error}") from error
