"""What a model is made of: frozen, saved as JSON, unknown keys rejected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

from slmkit.errors import CheckpointError

FORMAT_VERSION = 1
_Config = TypeVar("_Config", "EncoderConfig", "DecoderConfig")


@dataclass(frozen=True)
class StackConfig:
    """Sizes of a stack of transformer layers."""

    layers: int
    width: int = 384
    heads: int = 12
    ffn: int = 1536
    positions: int = 512
    layer_norm_eps: float = 1e-12


@dataclass(frozen=True)
class EncoderConfig(StackConfig):
    """Encoder in BERT layout: post-LayerNorm, GELU, learned positions (Devlin et al. 2019)."""

    layers: int = 12


@dataclass(frozen=True)
class DecoderConfig(StackConfig):
    """Decoder with cross-attention on the encoder's states; embeddings are the encoder's, tied to its output.

    Attributes:
        starts: what the decoder was taught to write -> the mark that a text of this kind begins with.
        branch: encoder layers of its own that it reads through, in place of so many of the encoder's top ones.
    """

    layers: int = 4
    branch: int = 0
    starts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelConfig:
    """The whole model.

    Attributes:
        vocabulary: number of tokens.
        trunk: encoder layers below the branches; fixed once trained, shared by all tasks.
        vectors: layers above the trunk that sentence vectors have to themselves, fewer than the encoder's where that
            is enough; 0 where the encoder's own top serves them.
        encoder: the encoder. decoder: the decoder, or None for an encoder alone.
        about: licence, lineage and budget, as plain data for ``SLM.info``.
    """

    vocabulary: int
    trunk: int = 8
    vectors: int = 0
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for ``config.json``."""
        return {"format": FORMAT_VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ModelConfig:
        """Read what ``to_dict`` gave.

        Raises:
            CheckpointError: a newer format, a missing or an unknown key.
        """
        data = dict(data)
        version = data.pop("format", None)
        if not isinstance(version, int):
            raise CheckpointError("not an slmkit config: it has no integer 'format'")
        if version > FORMAT_VERSION:
            raise CheckpointError(
                f"format {version} is newer than this slmkit reads (up to {FORMAT_VERSION}); upgrade slmkit"
            )
        _reject_unknown(cls, data)
        if "vocabulary" not in data:
            raise CheckpointError("config has no 'vocabulary'")
        data["encoder"] = _read(EncoderConfig, data.get("encoder") or {})
        data["decoder"] = _read(DecoderConfig, data["decoder"]) if data.get("decoder") else None
        return cls(**data)


def _reject_unknown(cls: type, data: Mapping[str, Any]) -> None:
    unknown = sorted(set(data) - {f.name for f in fields(cls)})
    if unknown:
        raise CheckpointError(f"{cls.__name__} does not know {unknown}; it knows {[f.name for f in fields(cls)]}")


def _read(cls: type[_Config], data: Mapping[str, Any]) -> _Config:
    _reject_unknown(cls, data)
    return cls(**data)
