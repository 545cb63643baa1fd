"""One folder a model: ``config.json`` and the files it names; verified on load, written atomically.

Matrices are stored as int8 rows with one scale each (``NAME`` and ``NAME.scale``), everything else as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping
from importlib import resources
from pathlib import Path
from threading import get_ident
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from slmkit.errors import CheckpointError

CONFIG, MODEL, TOKENIZER, DECODER = "config.json", "model.safetensors", "tokenizer.json", "decoder.safetensors"
SCALE = ".scale"


def shipped_weights() -> Path:
    """The folder of the weights inside the package."""
    return Path(str(resources.files("slmkit"))) / "weights"


def quantize_rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Symmetric int8 by row: ``(R, C)`` -> int8 ``(R, C)`` and float32 scales ``(R,)``."""
    scale = weight.abs().amax(1).clamp_min(1e-12) / 127
    return (weight / scale[:, None]).round().clamp(-127, 127).to(torch.int8), scale.float()


def dequantize_rows(weight: Tensor, scale: Tensor) -> Tensor:
    """The float32 matrix of ``quantize_rows``."""
    return weight.float() * scale[:, None]


def pack(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Quantize every matrix of a state dict for storage; vectors become float32."""
    packed: dict[str, Tensor] = {}
    for name, value in state.items():
        if value.ndim == 2 and value.is_floating_point():
            packed[name], packed[name + SCALE] = quantize_rows(value.detach().float())
        else:
            packed[name] = value.detach().float().contiguous() if value.is_floating_point() else value.contiguous()
    return packed


def unpack(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The float32 state dict of ``pack``."""
    return {
        name: dequantize_rows(value, packed[name + SCALE]) if name + SCALE in packed else value
        for name, value in packed.items()
        if not name.endswith(SCALE)
    }


def write_atomically(path: Path, data: bytes) -> None:
    """Write to a temporary name in the same folder, then rename; what cannot be written leaves nothing."""
    _write_all(path.parent, {path.name: data})


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    """Everything under temporary names first, so that a full disk takes nothing of what stands there."""
    temporary = {name: folder / f".{name}.{os.getpid()}.{get_ident()}.tmp" for name in files}
    try:
        for name, data in files.items():
            with temporary[name].open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for name, path in temporary.items():
            os.replace(path, folder / name)
    finally:
        for path in temporary.values():
            path.unlink(missing_ok=True)


def write_folder(folder: Path, config: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Write a checkpoint: its files, and ``config.json`` with their checksums.

    Where there is no room for it, what stood there before stands there still.

    Args:
        folder: made if it is not there.
        config: plain data. files: name -> content.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    text = json.dumps({**config, "files": sums}, indent=1, ensure_ascii=False)
    _write_all(folder, {**files, CONFIG: (text + "\n").encode()})


def is_pretrained(folder: Path) -> bool:
    """Whether a folder is in the layout of the transformers library: its config names a ``model_type``, not a kind."""
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and "model_type" in config and "kind" not in config


def read_config(folder: Path, kind: str = "model") -> dict[str, Any]:
    """The whole ``config.json`` of a checkpoint, its ``kind`` and checksums (``files``) too.

    Args:
        folder: what ``write_folder`` wrote. kind: what an error says was expected.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise CheckpointError(f"{folder} is no saved {kind}: it has no {CONFIG}")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        missing = [key for key in ("files", "kind") if key not in config]
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged or not slmkit's ({error!r})") from error
    if missing or not isinstance(config["files"], dict):
        raise CheckpointError(f"{path} is damaged or not slmkit's (it lacks {', '.join(missing) or 'files'})")
    return config


def read_folder(
    folder: Path, kind: str, *, only: Collection[str] | None = None
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Read a checkpoint and verify its checksums.

    Args:
        folder: what ``write_folder`` wrote. kind: what the config's ``kind`` must be.
        only: the files to read; None for all.

    Returns:
        The config without its checksums, and the files.

    Raises:
        CheckpointError: something is missing, damaged, or of another kind; the message names the file.
    """
    config = read_config(folder, kind)
    sums, found = config.pop("files"), config.pop("kind")
    if found != kind:
        raise CheckpointError(f"{folder} holds a {found}, expected a {kind}")
    files = {}
    for name, wanted in sums.items():
        if only is not None and name not in only:
            continue
        try:
            data = (folder / name).read_bytes()
        except OSError as error:
            raise CheckpointError(f"{folder / name} cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != wanted:
            raise CheckpointError(f"{folder / name} is damaged: its checksum is not the one in {CONFIG}")
        files[name] = data
    return config, files


def read_part(folder: Path, kind: str, *, newest: int, core: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read what was fitted on a core and saved without it.

    Args:
        folder: what ``write_folder`` wrote. kind: see ``read_folder``. newest: format that can be read.
        core: fingerprint of the core at hand.

    Returns:
        The config, and the tensors as they are stored.

    Raises:
        CheckpointError: it is missing, damaged, newer than this package, or belongs to another core.
    """
    config, files = read_folder(folder, kind)
    version = config.get("format")
    if not isinstance(version, int):
        raise CheckpointError(f"{folder / CONFIG} is damaged: it has no integer 'format'")
    if version > newest:
        raise CheckpointError(
            f"{folder}: format {version} is newer than this slmkit reads (up to {newest}); upgrade slmkit"
        )
    if config.get("core") != core:
        raise CheckpointError(
            f"{folder} was fitted on core {config.get('core')}, this core is {core}; "
            "load it with that core, or fit it again"
        )
    if MODEL not in files:
        raise CheckpointError(f"{folder / CONFIG} names no {MODEL}")
    return config, tensors_from_bytes(files[MODEL], folder / MODEL)


def tensors_to_bytes(tensors: Mapping[str, Tensor]) -> bytes:
    """Tensors in safetensors form."""
    return save_tensors({name: value.contiguous() for name, value in tensors.items()})


def tensors_from_bytes(data: bytes, source: Path) -> dict[str, Tensor]:
    """Tensors from safetensors form.

    Raises:
        CheckpointError: not safetensors; the message names ``source``.
    """
    try:
        return load_tensors(data)
    except SafetensorError as error:
        raise CheckpointError(f"{source} is not a readable safetensors file ({error})") from error


def without_decoder(config: Mapping[str, Any], files: Mapping[str, bytes]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The part of a core that reads: what a classifier or an index rests on, whatever decoder is added later."""
    return {**config, "decoder": None}, {name: data for name, data in files.items() if name != DECODER}


def core_fingerprint(folder: Path) -> str:
    """The fingerprint of the core in a folder, from the checksums in its config: its weights are not read.

    Raises:
        CheckpointError: there is no core, or its config is damaged.
    """
    config = read_config(folder)
    sums, found = config.pop("files"), config.pop("kind")
    if found != "model":
        raise CheckpointError(f"{folder} holds a {found}, expected a model")
    try:
        digests = {name: bytes.fromhex(each) for name, each in sums.items() if name != DECODER}
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"{folder / CONFIG} is damaged: a checksum is none ({error})") from error
    return _fingerprint({**config, "decoder": None}, digests)


def fingerprint(config: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    """Sixteen hex digits that change with the architecture, the vocabulary or any weight.

    Args:
        config: of the checkpoint; its ``about`` does not count. files: its files.
    """
    return _fingerprint(config, {name: hashlib.sha256(data).digest() for name, data in files.items()})


def _fingerprint(config: Mapping[str, Any], digests: Mapping[str, bytes]) -> str:
    config = {key: value for key, value in config.items() if key != "about"}
    digest = hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode())
    for name in sorted(digests):
        digest.update(digests[name])
    return digest.hexdigest()[:16]
