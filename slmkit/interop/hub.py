"""Models of the hub, only where one is named: nothing else below the tasks opens a connection."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from slmkit import checkpoint
from slmkit.errors import CheckpointError, MissingExtraError, SLMKitError
from slmkit.interop import reading
from slmkit.interop.layout import WEIGHTS

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
# File and commit (None for the newest) -> the file's place, or None where the model has no such file.
_Get = Callable[[str, "str | None"], "Path | None"]


def located(path: str | Path) -> Path:
    """The folder of a core: a path as it is; "org/name", where nothing of that name is here, from the hub.

    What was downloaded once is read from the hub's cache without a connection; deleting it there fetches it anew.

    Raises:
        MissingExtraError: ``huggingface_hub`` is not installed.
        CheckpointError: the hub has no such model, or cannot be reached.
    """
    if isinstance(path, Path) or Path(path).exists() or not _NAME.fullmatch(path):
        return Path(path)
    try:
        import huggingface_hub as hub
    except ImportError as error:
        package = f"{path} is no folder here, and huggingface_hub, which would fetch a model of that name,"
        raise MissingExtraError(package, "hub") from error
    try:
        return _fetched(path, _from_cache(path))
    except LookupError:
        sys.stderr.write(f"slmkit: no folder {path} is here; downloading that model from {hub.constants.ENDPOINT}\n")
        sys.stderr.flush()
    try:
        return _fetched(path, _from_hub(path))
    except SLMKitError:
        raise
    except Exception as error:  # the client lets those of its transport through, which differs from version to version
        raise CheckpointError(f"{path}: no such folder is here, and the hub did not give it: {error}") from error


def _fetched(name: str, get: _Get) -> Path:
    """The folder with the files of a model, all of one commit; the weights come last, so that they crown the rest."""

    def need(file: str, commit: str | None) -> Path:
        found = get(file, commit)
        if found is None:
            raise CheckpointError(f"{name}: the model on the hub has no {file}, which slmkit needs")
        return found

    folder = need(checkpoint.CONFIG, None).parent
    for file in reading.FILES:
        get(file, folder.name)
    get(f"{reading.pooling_folder(folder)}/{checkpoint.CONFIG}", folder.name)
    need(checkpoint.TOKENIZER, folder.name)
    if get(WEIGHTS[0], folder.name) is None:
        need(WEIGHTS[1], folder.name)
    return folder


def _from_cache(name: str) -> _Get:
    """Looks a file up among what was downloaded; LookupError where it is not known whether the model has it."""
    from huggingface_hub import try_to_load_from_cache

    def get(file: str, commit: str | None) -> Path | None:
        found = try_to_load_from_cache(name, file, revision=commit)
        if found is None:
            raise LookupError(file)
        return Path(found) if isinstance(found, str) else None

    return get


def _from_hub(name: str) -> _Get:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    def get(file: str, commit: str | None) -> Path | None:
        try:
            return Path(hf_hub_download(name, file, revision=commit))
        except LocalEntryNotFoundError:  # no answer, which is not the answer that there is none
            raise
        except EntryNotFoundError:
            return None

    return get
