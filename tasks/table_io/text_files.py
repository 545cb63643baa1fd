"""Lines of a text file in any encoding, gzipped or not, with errors that say what to do; and text into bytes."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import shutil
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from slmkit.errors import InputError

_HEAD = 65536
_SURROGATES = re.compile("[\ud800-\udfff]")
_FOREIGN = {b"PAR1": "a Parquet file", b"PK\x03\x04": "a zip archive or a spreadsheet", b"%PDF": "a PDF file"}


def read_lines(path: Path, encoding: str | None) -> Iterator[str]:
    """Yield the lines of a text file with their line ends.

    Args:
        path: The file, plain or gzipped (told by its first bytes, not by its name).
        encoding: The encoding; None and UTF-8 also take a byte order mark.

    Raises:
        InputError: The file cannot be read, or not in this encoding.
    """
    codec = _codec(encoding)
    number = 0
    try:
        with path.open("rb") as raw:
            zipped = raw.peek(2)[:2] == b"\x1f\x8b"
            binary = gzip.GzipFile(fileobj=raw) if zipped else raw
            _check_head(path, binary.peek(4)[:4])
            # newline="": line ends inside quoted cells stay as they are.
            with io.TextIOWrapper(binary, encoding=codec, newline="") as lines:
                for line in lines:
                    number += 1
                    yield line
    except UnicodeError as error:
        raise InputError(_explain(path, encoding or "utf-8", number, error)) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path} is gzipped but damaged or cut off after line {number}: {error}") from None
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from None


def _codec(encoding: str | None) -> str:
    if encoding is None:
        return "utf-8-sig"
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise InputError(
            f"no encoding is called {encoding!r}; some are: utf-8, gb18030, big5, utf-16, cp1252"
        ) from None
    return "utf-8-sig" if name == "utf-8" else name


def _check_head(path: Path, head: bytes) -> None:
    if not head:
        raise InputError(f"{path} is empty")
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise InputError(f"{path} is {what}, not the text file that its name says")


def _explain(path: Path, tried: str, number: int, error: UnicodeError) -> str:
    byte = f": byte 0x{error.object[error.start]:02x}" if isinstance(error, UnicodeDecodeError) else ""
    guess = _guess(path, tried)
    hint = f"it may be {guess}: try --encoding {guess}" if guess else "name its encoding with --encoding"
    return f"{path} cannot be read as {tried}{byte} after line {number}; {hint}"


def _guess(path: Path, tried: str) -> str | None:
    with path.open("rb") as raw:
        head = raw.read(_HEAD)
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    for name in ("utf-8", "gb18030", "cp1252"):
        if codecs.lookup(name) == codecs.lookup(tried):
            continue
        try:
            codecs.getincrementaldecoder(name)().decode(head, final=len(head) < _HEAD)
        except UnicodeDecodeError:
            continue
        return name
    return None


def encode(text: str) -> bytes:
    """Return text as UTF-8; lone surrogates, which it cannot hold, become U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return scrub(text).encode()


def scrub(text: str) -> str:
    """Replace lone surrogates by U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)


def pack(data: bytes, gzipped: bool) -> bytes:
    """Gzip data, when asked to, to the same bytes at any time of day."""
    return gzip.compress(data, 6, mtime=0) if gzipped else data


def join(header: bytes, parts: Sequence[Path], out: Path) -> None:
    """Write the header and all parts one after the other (gzip members may follow one another)."""
    with out.open("wb") as target:
        target.write(header)
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, target, 1 << 20)
