"""The baseline as a system of the harness."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, code_digest, identity, package_version, pairs

if TYPE_CHECKING:
    from slmkit.benchmarks.systems.lstm.network import EncoderDecoder
    from slmkit.benchmarks.systems.lstm.pieces import Pieces
    from slmkit.benchmarks.systems.lstm.training import Settings
    from slmkit.text.tokenizer import Tokenizer

_ROWS = 64  # texts that are written together


@lru_cache(maxsize=1)
def _tokenizer_file() -> Path:
    from slmkit import checkpoint

    return checkpoint.shipped_weights() / checkpoint.TOKENIZER


@lru_cache(maxsize=1)
def tokenizer() -> Tokenizer:
    """The core's tokenizer, without the core."""
    from slmkit.text.tokenizer import Tokenizer

    return Tokenizer.from_json(_tokenizer_file().read_bytes(), _tokenizer_file())


class Lstm:
    """Fitted on the pairs alone; see ``training.Settings`` for sizes and budget."""

    name = "lstm"
    version = "1"
    attention = False

    def __init__(self, dataset: Dataset, protocol: str, settings: Settings | None = None) -> None:
        self._settings = settings
        self._model: EncoderDecoder
        self._read: Pieces
        self._written: Pieces
        self._longest = 0

    def fingerprint(self) -> str:
        """The code, the tokenizer and torch."""
        words = hashlib.sha256(_tokenizer_file().read_bytes()).hexdigest()[:16]
        code = code_digest(Path(__file__).parent.glob("*.py"))
        return identity(self.name, self.version, self._settings, code, words, package_version("torch"))

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Learn the pieces, then the network."""
        import torch

        from slmkit.benchmarks.systems.lstm import training
        from slmkit.benchmarks.systems.lstm.network import EncoderDecoder
        from slmkit.benchmarks.systems.lstm.pieces import Pieces

        settings = self._settings = self._settings or training.Settings()
        sources, targets = pairs(inputs, labels)
        read = [t.ids[: settings.source] for t in tokenizer().encode_batch(sources)]
        written = [t.ids[: settings.target] for t in tokenizer().encode_batch(targets)]
        size = len(tokenizer())
        self._read = Pieces(read, size, most=settings.pieces, least=settings.least)
        self._written = Pieces(written, size, most=settings.pieces, least=1)
        self._longest = max(map(len, written))
        numbered = [(self._source(a), self._written.numbers(b)) for a, b in zip(read, written, strict=True)]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._model = EncoderDecoder(
                sources=len(self._read),
                targets=len(self._written),
                width=settings.width,
                attention=self.attention,
                dropout=settings.dropout,
            )
            training.train(self._model, numbered, settings, seed=seed)

    def _source(self, ids: np.ndarray) -> np.ndarray:
        """Backwards, so that the beginning is what was read last; a text without pieces is one unknown piece."""
        from slmkit.benchmarks.systems.lstm.pieces import UNKNOWN

        return self._read.numbers(ids)[::-1].copy() if len(ids) else np.array([UNKNOWN])

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """A text for each input, greedily; texts of like length together."""
        from slmkit.benchmarks.systems.lstm import training

        settings = self._settings or training.Settings()
        read = [self._source(t.ids[: settings.source]) for t in tokenizer().encode_batch(list(inputs))]
        order = np.argsort([len(row) for row in read], kind="stable")
        made = [""] * len(read)
        for rows in np.array_split(order, -(-len(order) // _ROWS)) if len(order) else []:
            written = training.write(self._model, [read[i] for i in rows], longest=self._longest)
            for i, numbers in zip(rows, written, strict=True):
                made[i] = tokenizer().decode(self._written.ids(numbers))
        return made

    def size(self) -> Size:
        """The network's weights as they would be saved, without the tokenizer."""
        from safetensors.torch import save

        weights = self._model.state_dict()
        return Size(sum(tensor.numel() for tensor in weights.values()), len(save(weights)))


class LstmAttention(Lstm):
    """The same with attention on the source."""

    name = "lstm-attention"
    attention = True
