"""What the harness needs of a system, and helpers that the adapters share."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, runtime_checkable

from slmkit.benchmarks.datasets import references
from slmkit.errors import MissingExtraError


@dataclass(frozen=True)
class Size:
    """How large a fitted system is: number of parameters and bytes on disk, None where that means nothing."""

    parameters: int | None
    bytes: int | None


@runtime_checkable
class System(Protocol):
    """A system under measurement, built for one dataset and protocol.

    ``fingerprint`` is asked for before anything is loaded and must change whenever results could. ``fit`` is called
    for the fitted and few-shot protocols only. ``predict`` answers in the form of the dataset's labels; for
    similarity it answers a number, the higher the more alike.
    """

    name: str
    version: str

    def fingerprint(self) -> str: ...  # noqa: D102

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None: ...  # noqa: D102

    def predict(self, inputs: Sequence[Any]) -> list[Any]: ...  # noqa: D102

    def size(self) -> Size: ...  # noqa: D102


@runtime_checkable
class Foretelling(Protocol):
    """A system that tells how likely a text is after another; needed where the metric is a number of bits."""

    def log_probabilities(self, inputs: Sequence[str], texts: Sequence[str]) -> list[float]:
        """Natural logarithm of the probability of each of ``texts`` after its input."""
        ...


@runtime_checkable
class Searching(Protocol):
    """A system that finds documents; needed for retrieval. ``predict`` then answers ids, best first, at most ten."""

    def index(self, documents: Mapping[str, str]) -> None:
        """Take in the text of each document id, once, before anything is searched."""
        ...


def pairs(inputs: Sequence[str], labels: Sequence[str | Sequence[str]]) -> tuple[list[str], list[str]]:
    """Sources and targets to learn from: an input with several references is as many pairs."""
    found = [(source, target) for source, label in zip(inputs, labels, strict=True) for target in references(label)]
    return [source for source, _ in found], [target for _, target in found]


def identity(*parts: object) -> str:
    """A short hash of what makes a system what it is."""
    return hashlib.sha256("\x1f".join(str(p) for p in parts).encode()).hexdigest()[:16]


def package_version(distribution: str, *, extra: str = "peers") -> str:
    """The installed version of a distribution.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        raise MissingExtraError(distribution, extra) from None


def peer(module: str, distribution: str, *, extra: str = "peers") -> ModuleType:
    """Import a peer's module, or say which extra brings it."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or distribution, extra) from error


def package_folder(module: str, distribution: str, *, extra: str = "peers") -> Path:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError(distribution, extra)
    return Path(next(iter(spec.submodule_search_locations)))


def bytes_in(folder: Path, pattern: str = "*") -> int:
    """Bytes of the files below a folder."""
    return sum(p.stat().st_size for p in folder.rglob(pattern) if p.is_file() and p.suffix != ".pyc")


def code_digest(paths: Iterable[Path]) -> str:
    """A hash of Python files that comments, docstrings and layout leave unchanged.

    A fitted system is its code as much as its weights: a result must not be taken for current after the code changed,
    nor be thrown away because a comment did.
    """
    digest = hashlib.sha256()
    for path in sorted(paths, key=lambda p: p.as_posix()):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            if isinstance(body, list) and body and _is_text(body[0]):
                body[0] = ast.Pass()
        digest.update(path.name.encode() + b"\0" + ast.dump(tree).encode() + b"\0")
    return digest.hexdigest()[:16]


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
