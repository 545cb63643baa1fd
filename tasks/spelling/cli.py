"""``slmkit correct``: the spelling of files, as a diff; fit for a commit hook."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from slmkit.errors import InputError

if TYPE_CHECKING:
    from slmkit.tasks.spelling.corrector import SpellCorrector


def correct(
    files: Annotated[list[str], typer.Argument(metavar="FILE …", help="Text files; - reads stdin.")],
    write: Annotated[bool, typer.Option("--write", help="Write the corrected text to the file (- writes stdout).")] = (
        False
    ),
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 when something was found.")] = False,
    language: Annotated[str, typer.Option(help="en or zh looks at one language only, auto at both.")] = "auto",
    threshold: Annotated[str, typer.Option(help="careful, balanced, eager, or a probability.")] = "balanced",
    model: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A saved speller, instead of the shipped one.")
    ] = None,
    core: Annotated[Path | None, typer.Option(help="The weights folder of the core, instead of the shipped one.")] = (
        None
    ),
    words: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A list of words that are right, one a line.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="Encoding of the files.")] = "utf-8",
) -> None:
    """Show what is misspelt in text files, as a diff, and change nothing unless asked to."""
    from slmkit.tasks.spelling.corrector import SpellCorrector

    corrector = SpellCorrector(
        language,
        _threshold(threshold),
        words=_words(words),
        model=None if model is None else str(model),
        slm=None if core is None else str(core),
    )
    # All are read before the first is written: a name that is wrong costs nothing.
    texts = [(name, _read(name, encoding)) for name in dict.fromkeys(files)]
    found = sum(_correct(corrector, name, text, encoding, write=write) for name, text in texts)
    typer.echo(f"{found:,} found in {len(texts):,} file{'s' if len(texts) > 1 else ''}", err=True)
    if check and found:
        raise typer.Exit(1)


def _correct(corrector: SpellCorrector, name: str, text: str, encoding: str, *, write: bool) -> int:
    from slmkit.tasks.spelling.diff import Diff

    made = corrector.predict(text)
    for part in made["left_alone"]:
        typer.echo(f"{name}: characters {part['start']} to {part['end']} left alone: {part['reason']}", err=True)
    if write and name == "-":
        sys.stdout.write(made["target"])
        return len(made["errors"])
    if made["errors"]:
        _show(Diff(made, name=name))
    if write and made["target"] != text:
        _write(Path(name), made["target"].encode(encoding))
    return len(made["errors"])


def _show(diff: object) -> None:
    if sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False, soft_wrap=True).print(diff)
    else:
        typer.echo(str(diff).encode("utf-8", "replace").decode())


def _read(name: str, encoding: str) -> str:
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return data.decode(encoding)
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from None
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError(f"{name} is not text in {encoding}: {error}; say which encoding with --encoding") from None


def _write(path: Path, data: bytes) -> None:
    from slmkit.checkpoint import write_atomically

    try:
        mode = path.stat().st_mode
        target = path.resolve()  # a link stays a link
        write_atomically(target, data)
        target.chmod(mode)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None


def _words(path: Path | None) -> list[str]:
    return [] if path is None else [word.strip() for word in _read(str(path), "utf-8").splitlines() if word.strip()]


def _threshold(given: str) -> str | float:
    try:
        return float(given)
    except ValueError:
        return given
