"""All that a speller knows by heart, packed into one tensor: words, characters, bigrams, what the caller taught."""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from slmkit.tasks.spelling.bigrams import Bigrams
from slmkit.tasks.spelling.characters import CharacterList
from slmkit.tasks.spelling.words import WordList


@dataclass(frozen=True)
class Lists:
    """What candidates are made from.

    Attributes:
        words: English. characters: Chinese. bigrams: of both.
        taught: for a folded word or a character that the caller's pairs have wrong, what was right there.
    """

    words: WordList
    characters: CharacterList
    bigrams: Bigrams = field(default_factory=Bigrams)
    taught: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def with_taught(self, pairs: Mapping[str, Sequence[str]]) -> Lists:
        """The same lists with more that was taught."""
        taught = dict(self.taught)
        for wrong, right in pairs.items():
            taught[wrong] = tuple(dict.fromkeys([*taught.get(wrong, ()), *right]))
        return replace(self, taught=taught)

    def to_tensor(self) -> Tensor:
        """Everything as packed bytes, uint8 ``(n,)``."""
        from safetensors.numpy import save

        arrays: dict[str, Any] = {
            **self.words.to_arrays(),
            **self.characters.to_arrays(),
            **self.bigrams.to_arrays(),
            "taught": json.dumps(self.taught, ensure_ascii=False),
        }
        plain = {name: _bytes_of(value) if isinstance(value, str) else value for name, value in arrays.items()}
        packed = lzma.compress(save({name: np.ascontiguousarray(value) for name, value in plain.items()}))
        return torch.from_numpy(np.frombuffer(packed, dtype=np.uint8).copy())

    @classmethod
    def from_tensor(cls, packed: Tensor) -> Lists:
        """What ``to_tensor`` gave.

        Raises:
            KeyError, ValueError: it is damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            arrays: dict[str, Any] = dict(load(lzma.decompress(packed.numpy().tobytes())))
        except (lzma.LZMAError, SafetensorError) as error:
            raise ValueError(f"the lists cannot be unpacked ({error})") from error
        for name in ("words", "characters", "taught"):
            arrays[name] = arrays[name].tobytes().decode("utf-8", "surrogatepass")
        taught = {wrong: tuple(right) for wrong, right in json.loads(arrays["taught"]).items()}
        return cls(WordList.from_arrays(arrays), CharacterList.from_arrays(arrays), Bigrams.from_arrays(arrays), taught)


def _bytes_of(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
