"""Another model's tokenizer with its ids laid out as ours: the marks first, then its pieces in their own order.

So begin, end and mask have the ids that they have everywhere in slmkit, and the marks kept for decoders are there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from slmkit.errors import CheckpointError, InputError
from slmkit.model.decoder import MARKS
from slmkit.text.language import is_han
from slmkit.text.tokenizer import BOS, EOS, RESERVED_TOKENS, SPECIAL_TOKENS, SURROGATES, Tokenizer, Tokens, joined

if TYPE_CHECKING:
    from tokenizers import Tokenizer as RustTokenizer

_SPELLINGS = {"pad": ("[PAD]", "<pad>"), "unk": ("[UNK]", "<unk>"), "mask": ("[MASK]", "<mask>")}
_PROBES = ("apple pie", "2nd", "中文")
_EULER = 0.5772
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}]) (?=[{_HAN}])")


class BorrowedTokenizer(Tokenizer):
    """Reads texts as another model does, without cutting or padding them, every token with its characters.

    Its own normalizer (lower case, composed characters) is applied; the spans are those of the text as it was given. A
    text that spells one of the marks is read as that spelling, never as the mark.

    Args:
        rust: its segmentation. rows: of the model's word table.
        marks: "pad", "unk", "mask" -> its token, where the folder says so.
        prompts: kind of text -> what stands before one; it may spell marks. source: the folder, for messages.

    Attributes:
        rows: the row of the model's own word table for each of our ids, int64 ``(vocabulary,)``; -1 for marks that the
            model does not have.
        heads: kind of text -> the ids of its prompt.

    Raises:
        CheckpointError: it puts no begin and end mark around a text, has more tokens than the table has rows, or reads
            a prompt otherwise before a text than alone.
    """

    def __init__(
        self, rust: RustTokenizer, *, rows: int, marks: Mapping[str, str], prompts: Mapping[str, str], source: Path
    ) -> None:
        super().__init__(rust)
        rust.no_truncation()
        rust.no_padding()
        self._spaceless, self._source = type(rust.model).__name__ == "WordPiece", source
        around = rust.encode("").ids
        if len(around) != 2:
            raise CheckpointError(f"{source}: its tokenizer puts {len(around)} marks around a text; slmkit reads two")
        if rust.get_vocab_size() > rows:
            raise CheckpointError(
                f"{source}: its tokenizer has {rust.get_vocab_size()} tokens, its word table {rows} rows"
            )
        pad, unk, mask = (self._find(name, marks) for name in _SPELLINGS)
        first = np.array([pad, *around, unk, mask])
        rest = np.setdiff1d(np.arange(rows), first)
        self.rows = np.concatenate([first, np.full(len(RESERVED_TOKENS), -1), rest])
        self._to_ours = np.empty(rows, dtype=np.int64)
        self._to_ours[self.rows[self.rows >= 0]] = np.flatnonzero(self.rows >= 0)
        self._to_ours[around] = BOS, EOS  # whatever else these tokens may stand for
        self.heads = {kind: self._head(prompt) for kind, prompt in prompts.items()}
        rust.encode_special_tokens = True  # from here on what spells a mark is text

    def _find(self, name: str, marks: Mapping[str, str]) -> int:
        """The model's id of a mark, -1 where it has none."""
        spelled = (marks.get(name), *_SPELLINGS[name])
        found = (self._rust.token_to_id(token) for token in spelled if token is not None)
        return next((number for number in found if number is not None), -1)

    def _head(self, prompt: str) -> tuple[int, ...]:
        def read(text: str) -> list[int]:
            return self._rust.encode(text, add_special_tokens=False).ids

        head = read(prompt.rstrip())
        if any(read(prompt + probe) != head + read(probe) for probe in _PROBES):
            raise CheckpointError(
                f"{self._source}: its tokenizer does not read the prompt {prompt!r} alone as it does before a text; "
                "give other prompts to slmkit.interop.from_pretrained"
            )
        return tuple(self._to_ours[head].tolist())

    def to_json(self) -> str:
        """Refused.

        Raises:
            InputError: always: what is needed to read it again stands in other files of its folder.
        """
        raise InputError(
            f"this core was read from {self._source}, in the layout of the transformers library; it is not written "
            "anew: name that folder wherever a core is asked for"
        )

    def __len__(self) -> int:
        """Number of tokens, the marks kept free and unused rows of the word table included."""
        return len(self.rows)

    def token_id(self, token: str) -> int | None:
        """The id of a token, in the model's spelling, or None."""
        found = self._rust.token_to_id(token)
        return None if found is None else int(self._to_ours[found])

    def token(self, token_id: int) -> str:
        """The token of an id, in the model's spelling; marks in ours.

        Raises:
            IndexError: there is no such id.
        """
        if 0 <= token_id < MARKS:
            return (*SPECIAL_TOKENS, *RESERVED_TOKENS)[token_id]
        found = self._rust.id_to_token(int(self.rows[token_id])) if 0 <= token_id < len(self) else None
        if found is None:
            raise IndexError(f"token id {token_id}: the vocabulary has {len(self)}")
        return found

    @cached_property
    def scores(self) -> np.ndarray:
        """Log-probability of each token in running text, float32 ``(vocabulary,)``; marks have -1000.

        Unigram pieces know theirs. Other vocabularies are ordered by how common their pieces are: these are taken to
        follow Zipf's law (1949). Of Chinese characters, whose order says nothing, it says -1000.
        """
        model = json.loads(self._rust.to_str())["model"]
        known = np.full(len(self), -1000.0, dtype=np.float32)
        if model["type"] == "Unigram":
            own = np.array([score for _, score in model["vocab"]], dtype=np.float32)
            known[self._to_ours[: len(own)]] = own
        else:
            ranks = np.arange(1, len(self) - MARKS + 1)
            known[MARKS:] = -np.log(ranks) - np.log(np.log(len(ranks)) + _EULER)  # over the sum of 1 / rank
            vocabulary = self._rust.get_vocab(with_added_tokens=False).items()
            known[self._to_ours[[row for piece, row in vocabulary if _is_one_han(piece)]]] = -1000.0
        known[:MARKS] = -1000.0
        return known

    def encode_batch(self, texts: Sequence[str], *, lines: bool = False) -> list[Tokens]:
        """Tokens of many strings, in order; the model's own tokenizer says how the words of a line are read."""
        kept = [text if text.isascii() else text.translate(SURROGATES) for text in texts]
        return [
            Tokens(self._to_ours[np.asarray(e.ids, np.int64)], np.asarray(e.offsets, dtype=np.int64).reshape(-1, 2))
            for e in self._rust.encode_batch(kept, add_special_tokens=False)
        ]

    def encode_ids(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See ``Tokenizer.encode_ids``; nothing is known here of what a text can be cut into."""
        return joined(self.encode_batch(texts))

    def decode(self, ids: Sequence[int]) -> str:
        """The string of these ids, as the model's tokenizer puts it together; marks are left out.

        Word pieces know no spaces: they are set between words, and not between Chinese characters.
        """
        kept = [int(self.rows[i]) for i in ids if i >= MARKS]
        text = self._rust.decode(kept, skip_special_tokens=False)
        return _BETWEEN_HAN.sub("", text) if self._spaceless else text


def _is_one_han(piece: str) -> bool:
    bare = piece.removeprefix("##")
    return len(bare) == 1 and is_han(bare)
