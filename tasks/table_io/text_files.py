"""Lines of a text file in any encoding, gzipped or not, with errors that say what to do; and text into bytes."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from slmkit.errors import InputError

_HEAD = 65536
_SURROGATES = re.compile("[\ud800-\udfff]")
_HAN = re.compile("[\u3400-\u9fff]+")
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
        with _opened(path) as binary:
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


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    """The bytes of a file, unzipped where they are gzipped."""
    with path.open("rb") as raw:
        zipped = raw.peek(2)[:2] == b"\x1f\x8b"
        yield cast(io.BufferedReader, gzip.GzipFile(fileobj=raw)) if zipped else raw


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
    """The encoding that the bytes look like which could not be decoded; None where there is none to name."""
    name = codecs.lookup(tried).name
    try:
        with _opened(path) as binary:
            head = binary.peek(2)[:2]
            sample = _undecodable(binary, name)
    except (EOFError, zlib.error, OSError):  # gzipped and damaged further on
        return None
    if head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return None if name.startswith("utf-16") else "utf-16"
    for candidate in ("utf-8", "gb18030"):
        text = codecs.getincrementaldecoder(candidate)("replace").decode(sample, final=len(sample) < _HEAD)
        bad = text.count("\ufffd")
        # A file of this encoding may be damaged at a place, but most of it is sound.
        if bad and sum(not character.isascii() for character in text) <= 2 * bad:
            continue
        if candidate == "utf-8" or _is_chinese(text):
            return None if name.startswith(candidate) else candidate
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return None if name == "cp1252" else "cp1252"


def _undecodable(binary: BinaryIO, codec: str) -> bytes:
    """Up to 64 KB from the line on that cannot be decoded."""
    decoder = codecs.getincrementaldecoder(codec)()
    before = b""
    while True:
        block = binary.read(_HEAD)
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            whole = before + block
            at = len(whole) - (len(error.object) - error.start)
            # A line so long that its beginning has gone by is looked at from the first bad byte on.
            begin = whole.rfind(b"\n", 0, at) + 1 or (at if len(whole) > _HEAD else 0)
            return (whole[begin:] + binary.read(_HEAD))[:_HEAD]
        except UnicodeError:  # UTF-16 without its byte order mark
            return block
        if not block:
            return b""
        before = block


def _is_chinese(text: str) -> bool:
    """Whether bytes that decode as GB 18030 were meant so.

    A quotation mark or an accented letter of a Western encoding and the letter behind it decode as one Han character
    too, but as one that stands by itself among the letters of its word.
    """
    alone = meant = 0
    for run in _HAN.finditer(text):
        beside = text[run.start() - 1 : run.start()] + text[run.end() : run.end() + 1]
        worded = any(character.isascii() and character.isalpha() for character in beside)
        # The common characters have two bytes beyond ASCII.
        if len(run.group()) == 1 and (worded or run.group().encode("gb18030")[1] < 0x80):
            alone += 1
        else:
            meant += len(run.group())
    return meant > alone


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
