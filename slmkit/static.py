"""``StaticSLM``: the core's sentence vectors by looking tokens up, for tables too large for the core itself.

Every token of the vocabulary, and every pair of neighbours that is seen often, has a vector made from the core; a text
has the sum of those of its tokens and pairs, scaled to length 1 (the idea of model2vec, van Dongen and Tulkens 2024).
Nothing of the context is read beyond the pairs: "not good" may be known, "not very good at all" is its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from slmkit import checkpoint
from slmkit.checkpoint import shipped_weights
from slmkit.errors import CheckpointError, NeedsCoreError
from slmkit.runtime import vectors_in_chunks
from slmkit.text.given import as_list
from slmkit.text.kinds import Kind, check_kind
from slmkit.text.ngrams import KeyTable, inside, ngrams
from slmkit.text.tokenizer import Tokenizer, Tokens

FOLDER = "static"  # beside the files of the core
KIND, FORMAT = "static", 1
VECTORS, ROWS, PAIRS = "vectors", "rows", "pairs"


class StaticSLM:
    """Sentence vectors without the encoder. Safe to use from several threads; nothing changes after construction.

    A text may have any length: its vector is a sum over tokens, so there are no windows and nothing is cut. Vectors
    are not comparable with the core's own, which have another width. What needs token states or a decoder (``encode``,
    ``generate``, every task with a branch) raises ``NeedsCoreError``.

    Args:
        tokenizer: the core's.
        tensors: as they are stored: ``vectors`` int8 ``(R, width)`` with ``vectors.scale`` ``(R,)``, those of the pairs
            last; ``rows``, the row of each token, int32 ``(vocabulary,)``; ``pairs``, sorted keys of two neighbours as
            ``ngrams`` has them, int64 ``(P,)``.
        core: fingerprint of the core that they were made from. about: how, as plain data.

    Raises:
        ValueError: the tensors do not fit each other or the tokenizer.
    """

    precision = "static"

    def __init__(
        self, tokenizer: Tokenizer, tensors: Mapping[str, Tensor], *, core: str, about: Mapping[str, Any] | None = None
    ) -> None:
        self.tokenizer, self.core, self.about = tokenizer, core, dict(about or {})
        self.tensors = dict(tensors)
        self._vectors = checkpoint.unpack({name: tensors[name] for name in (VECTORS, VECTORS + checkpoint.SCALE)})[
            VECTORS
        ]
        self._rows, pairs = tensors[ROWS].numpy().astype(np.int64), tensors[PAIRS].numpy()
        self._first_pair = len(self._vectors) - len(pairs)
        if self._vectors.ndim != 2 or self._rows.shape != (len(tokenizer),):
            raise ValueError(
                f"vectors {tuple(self._vectors.shape)}, rows {self._rows.shape} of {len(tokenizer)} tokens"
            )
        if not ((self._rows >= 0) & (self._rows < self._first_pair)).all():
            raise ValueError(f"a token's vector lies outside the {self._first_pair} that there are")
        self._pairs = KeyTable(pairs)

    @property
    def width(self) -> int:
        """Numbers of a sentence vector."""
        return self._vectors.shape[1]

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that change with the core or any vector."""
        return checkpoint.fingerprint(*self._contents())

    def info(self) -> dict[str, Any]:
        """Parameters, bytes on disk, vocabulary, pairs, width, fingerprints, licence and lineage."""
        _, files = self._contents()
        return {
            "parameters": self._vectors.numel(),
            "bytes": sum(map(len, files.values())) + len(self.tokenizer.to_json().encode()),
            "vocabulary": len(self.tokenizer),
            "pairs": len(self._vectors) - self._first_pair,
            "width": self.width,
            "precision": self.precision,
            "fingerprint": self.fingerprint,
            "core": self.core,
            **self.about,
        }

    def embed(self, texts: str | Sequence[str], *, kind: Kind = "text") -> np.ndarray:
        """Sentence vectors.

        Args:
            texts: one string or many, of any length.
            kind: as for the core; queries, passages and other texts are read alike here.

        Returns:
            float32 ``(n, width)``, rows of length 1; ``(width,)`` for one string.
        """
        check_kind(kind)
        listed = as_list(texts)
        vectors = vectors_in_chunks(
            listed, self.width, lambda part: self.pooled(*self.tokenizer.encode_ids(part)).numpy()
        )
        return vectors[0] if isinstance(texts, str) else vectors

    @torch.inference_mode()
    def pooled(self, ids: np.ndarray, lengths: np.ndarray) -> Tensor:
        """Sentence vectors of texts that are tokens already.

        Args:
            ids, lengths: as ``Tokenizer.encode_ids`` gives them.

        Returns:
            float32 ``(n, width)``, rows of length 1.
        """
        sums = self._sums(self._rows[ids], lengths)
        places, counts = self._known_pairs(ids, lengths)
        if len(places):
            sums += self._sums(self._first_pair + places, counts)
        return F.normalize(sums, dim=-1)

    def by_token(self, text: str) -> tuple[Tokens, Tensor]:
        """The tokens of a text and what each of them adds to its vector, float32 ``(tokens, width)``.

        The rows sum to ``embed(text)``; a pair's vector is parted evenly between its two tokens.
        """
        tokens = self.tokenizer.encode(text)
        parts = self._vectors[self._rows[tokens.ids]]
        pairs = self._pairs.places(ngrams(tokens.ids, 2)[1]) if len(tokens) > 1 else np.empty(0, dtype=np.int64)
        at = np.flatnonzero(pairs >= 0)
        halves = self._vectors[self._first_pair + pairs[at]] / 2
        for side in (0, 1):
            parts.index_add_(0, torch.from_numpy(at + side), halves)
        return tokens, parts / parts.double().sum(0).norm().clamp_min(1e-12).float()

    def save(self, folder: str | Path) -> None:
        """Write the vectors; the core is named by its fingerprint, and its tokenizer is not written again."""
        config, files = self._contents()
        checkpoint.write_folder(Path(folder), {"kind": KIND, **config}, files)

    @classmethod
    def load(cls, core: str | Path | None = None, folder: str | Path | None = None) -> StaticSLM:
        """Read what ``save`` wrote.

        Args:
            core: folder of the core, of which only config and tokenizer are read; None for the one that ships.
            folder: of the vectors; None for ``static`` in the core's own.

        Raises:
            CheckpointError: one is missing, damaged or newer than this package, or the vectors are another core's.
        """
        home = Path(core) if core is not None else shipped_weights()
        place = Path(folder) if folder is not None else home / FOLDER
        if checkpoint.is_pretrained(home) or not place.is_dir():
            raise CheckpointError(
                f"{home} has no static vectors ({place}); python -m slmkit.pretraining static makes them from a core"
            )
        own = checkpoint.core_fingerprint(home)
        _, files = checkpoint.read_folder(home, "model", only=(checkpoint.TOKENIZER,))
        config, tensors = checkpoint.read_part(place, KIND, newest=FORMAT, core=own)
        try:
            tokenizer = Tokenizer.from_json(files[checkpoint.TOKENIZER], home / checkpoint.TOKENIZER)
            return cls(tokenizer, tensors, core=own, about=config.get("about"))
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise CheckpointError(f"{place / checkpoint.MODEL} does not fit its core: {error!r}") from error

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NeedsCoreError(
            f"precision='static' has vectors of whole texts and no {name!r}; "
            "token states, branches and writing need the core: slmkit.load()"
        )

    def _contents(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        config = {"format": FORMAT, "core": self.core, "about": self.about}
        return config, {checkpoint.MODEL: checkpoint.tensors_to_bytes(self.tensors)}

    def _sums(self, rows: np.ndarray, lengths: np.ndarray) -> Tensor:
        """Sums of so many rows each: ``(k,)``, ``(n,)`` -> ``(n, width)``."""
        if not len(lengths):
            return torch.zeros(0, self.width)
        starts = torch.from_numpy(np.cumsum(lengths) - lengths)
        return F.embedding_bag(torch.from_numpy(rows), self._vectors, starts, mode="sum")

    def _known_pairs(self, ids: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places of the known pairs of all texts back to back, and how many each text has ``(n,)``."""
        if len(ids) < 2:
            return np.empty(0, dtype=np.int64), np.zeros(len(lengths), dtype=np.int64)
        within = inside(lengths, 2)
        places = self._pairs.places(ngrams(ids, 2)[1][within])
        owner = np.repeat(np.arange(len(lengths)), lengths)[:-1][within]
        return places[places >= 0], np.bincount(owner[places >= 0], minlength=len(lengths))


@lru_cache(maxsize=2)
def load_static(path: Path | None = None) -> StaticSLM:
    """``StaticSLM.load`` once a folder."""
    return StaticSLM.load(path)
