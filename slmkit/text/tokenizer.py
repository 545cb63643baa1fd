"""Lossless unigram tokenizer: English by pieces, Chinese by characters, bytes for the rest.

The pieces and their scores are those of the source model's vocabulary (SentencePiece unigram, Kudo 2018), trimmed to
English and single Han characters. No normalisation is applied, so every token knows its span in the caller's string and
``decode(encode(text))`` gives the text back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from slmkit.errors import CheckpointError
from slmkit.text.quick import Units, splits

if TYPE_CHECKING:
    from tokenizers import Tokenizer as RustTokenizer

PAD, BOS, EOS, UNK, MASK = range(5)
# The marks hold a metaspace inside, where no piece of a caller's text can have one: text is never read as a mark.
SPECIAL_TOKENS = ("<▁pad>", "<▁s>", "</▁s>", "<▁unk>", "<▁mask>")
# Kept free for task prefixes and infilling marks, so that the vocabulary never has to change.
RESERVED_TOKENS = tuple(f"<▁extra_{i}>" for i in range(59))
BYTE_TOKENS = tuple(f"<0x{i:02X}>" for i in range(256))
_FIRST_BYTE = len(SPECIAL_TOKENS) + len(RESERVED_TOKENS)
METASPACE = "▁"
# A literal metaspace would come back as a space: it travels as a private-use character instead.
_ESCAPES = {ord(METASPACE): "\ue2e2", 0xE2E2: "\ufffd"}
SURROGATES = {code: "\ufffd" for code in range(0xD800, 0xE000)}  # alone they are nothing that UTF-8 can carry
_TO_INNER = str.maketrans({**_ESCAPES, **SURROGATES})
_FROM_INNER = str.maketrans({"\ue2e2": METASPACE})
_LINE_OF_WORDS = re.compile(r"(?<=[\n\r\t])(?=[A-Za-z0-9À-ÖØ-öø-ɏ])")


@dataclass(frozen=True)
class Tokens:
    """One text as tokens.

    Attributes:
        ids: int64 ``(n,)``, without begin and end marks.
        offsets: int64 ``(n, 2)``, the half-open character span of each token in the caller's string.
    """

    ids: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


def joined(tokens: Sequence[Tokens]) -> tuple[np.ndarray, np.ndarray]:
    """The ids of many texts back to back, int64 ``(tokens,)``, and the tokens of each text, int64 ``(n,)``."""
    ids = np.concatenate([np.empty(0, dtype=np.int64), *(read.ids for read in tokens)])
    return ids, np.array([len(read) for read in tokens], dtype=np.int64)


def clean(text: str) -> str:
    """Replace what UTF-8 cannot carry (lone surrogates) by U+FFFD, one character for one, so that offsets hold."""
    return text if text.isascii() else text.translate(_TO_INNER)


def read_rust(data: bytes, source: Path) -> RustTokenizer:
    """The segmentation that a ``tokenizer.json`` describes.

    Raises:
        CheckpointError: damaged or not a tokenizer; the message names ``source``.
    """
    from tokenizers import Tokenizer as RustTokenizer

    try:
        return RustTokenizer.from_str(data.decode("utf-8"))
    except Exception as error:  # the Rust side raises bare Exception
        raise CheckpointError(f"{source}: not a readable tokenizer file ({error})") from error


def _apart(ids: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Spans in which each byte has its own character; of neighbouring characters the Rust side makes one span."""
    byte = ids - _FIRST_BYTE
    fused = (byte >= 0) & (byte < len(BYTE_TOKENS)) & (offsets[:, 1] - offsets[:, 0] > 1)
    if not fused.any():
        return offsets
    characters = np.cumsum(fused & (byte & 0xC0 != 0x80))  # begun so far: a character's later bytes are 10xxxxxx
    begins = fused.copy()  # a run of them
    begins[1:] &= ~(fused[:-1] & (offsets[1:] == offsets[:-1]).all(axis=1))
    first = np.maximum.accumulate(np.where(begins, np.arange(len(ids)), 0))
    at = offsets[:, 0] + characters - characters[first]
    return np.where(fused[:, None], np.stack([at, at + 1], axis=1), offsets)


def _without(offsets: np.ndarray, spaces: np.ndarray) -> np.ndarray:
    """Spans in the caller's string.

    Args:
        offsets: in a string with a space of ours in front. spaces: places of others of ours, in order.
    """
    return np.maximum(offsets - 1 - np.searchsorted(spaces, offsets), 0)


class Tokenizer:
    """Turns strings into token ids with character spans, and ids back into strings.

    Safe to call from several threads at once.

    Args:
        rust: the Hugging Face tokenizer that does the segmentation.
    """

    def __init__(self, rust: RustTokenizer) -> None:
        self._rust = rust

    @classmethod
    def from_pieces(cls, pieces: Sequence[tuple[str, float]]) -> Tokenizer:
        """Build a tokenizer from unigram pieces and their log probabilities; marks and bytes are added in front."""
        from tokenizers import Tokenizer as RustTokenizer
        from tokenizers import decoders, models, pre_tokenizers

        # So low that bytes are taken only as the fallback, never for a text that spells "<0x41>".
        fixed = [(t, -1000.0) for t in (*SPECIAL_TOKENS, *RESERVED_TOKENS, *BYTE_TOKENS)]
        rust = RustTokenizer(models.Unigram([*fixed, *pieces], unk_id=UNK, byte_fallback=True))
        rust.pre_tokenizer = pre_tokenizers.Metaspace(replacement=METASPACE, prepend_scheme="never")
        rust.decoder = decoders.Sequence(
            [decoders.ByteFallback(), decoders.Metaspace(replacement=METASPACE, prepend_scheme="never")]
        )
        return cls(rust)

    @classmethod
    def from_json(cls, data: bytes, source: Path) -> Tokenizer:
        """Read what ``to_json`` gave.

        Raises:
            CheckpointError: damaged or not a tokenizer; the message names ``source``.
        """
        return cls(read_rust(data, source))

    def to_json(self) -> str:
        """The whole tokenizer as one compact JSON string."""
        return json.dumps(json.loads(self._rust.to_str()), ensure_ascii=False, separators=(",", ":"))

    def __len__(self) -> int:
        """Number of tokens in the vocabulary, marks and bytes included."""
        return self._rust.get_vocab_size()

    def token_id(self, token: str) -> int | None:
        """The id of a token, or None."""
        return self._rust.token_to_id(token)

    def token(self, token_id: int) -> str:
        """The token of an id.

        Raises:
            IndexError: there is no such id.
        """
        token = self._rust.id_to_token(token_id)
        if token is None:
            raise IndexError(f"token id {token_id}: the vocabulary has {len(self)}")
        return token

    @cached_property
    def scores(self) -> np.ndarray:
        """Log-probability of each token in running text, float32 ``(vocabulary,)``; marks and bytes have -1000."""
        return np.array([score for _, score in json.loads(self._rust.to_str())["model"]["vocab"]], dtype=np.float32)

    def encode(self, text: str, *, lines: bool = False) -> Tokens:
        """Tokens of one string; see ``encode_batch``."""
        return self.encode_batch([text], lines=lines)[0]

    def encode_batch(self, texts: Sequence[str], *, lines: bool = False) -> list[Tokens]:
        """Tokens of many strings, in order.

        Args:
            texts: any strings. lines: whether a word in Latin letters, or a number, at the beginning of a line or after
                a tab is read as it is after a space. ``decode`` then gives a space there that is not in the text.
        """
        # Every text starts with a space of ours (words are read alike everywhere); spans are moved back by it.
        given, spaces = [" " + clean(t) for t in texts], [np.empty(0, dtype=np.int64)] * len(texts)
        if lines:
            found = [[m.start() for m in _LINE_OF_WORDS.finditer(text)] for text in given]
            given = [_LINE_OF_WORDS.sub(" ", text) if at else text for text, at in zip(given, found, strict=True)]
            spaces = [np.array(at, dtype=np.int64) + np.arange(len(at)) for at in found]
        made = []
        for read, own in zip(self._rust.encode_batch(given, add_special_tokens=False), spaces, strict=True):
            ids, offsets = np.asarray(read.ids, dtype=np.int64), np.asarray(read.offsets, dtype=np.int64).reshape(-1, 2)
            made.append(Tokens(ids, _without(_apart(ids, offsets), own)))
        return made

    def encode_ids(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Ids of many strings without their spans, several times as fast as ``encode_batch``.

        Returns:
            The ids of all texts back to back, int64 ``(tokens,)``, and the tokens of each text, int64 ``(n,)``.
        """
        if self._units is None:
            return joined(self.encode_batch(texts))
        return self._units.ids([" " + clean(text) for text in texts])

    @cached_property
    def _units(self) -> Units | None:
        """None where this vocabulary is not made of units."""
        vocabulary = json.loads(self._rust.to_str())["model"]["vocab"]
        pieces = [piece for piece, _ in vocabulary[_FIRST_BYTE + len(BYTE_TOKENS) :]]
        return Units(self._rust) if splits(pieces, METASPACE) else None

    def decode(self, ids: Sequence[int]) -> str:
        """The string of these ids; marks are left out, bytes that are no UTF-8 become U+FFFD."""
        kept = [int(i) for i in ids if i >= _FIRST_BYTE]
        text = self._rust.decode(kept, skip_special_tokens=False).translate(_FROM_INNER)
        return text[1:] if text.startswith(" ") else text  # the space that encode put in front
