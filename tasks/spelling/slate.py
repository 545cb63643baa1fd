"""The slots of a batch as tensors: their candidates one after the other, and where their tokens are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from slmkit.tasks.spelling.bigrams import Bigrams
from slmkit.tasks.spelling.features import AT
from slmkit.tasks.spelling.slots import Chunk, Slot
from slmkit.text.tokenizer import METASPACE, Tokenizer
from slmkit.text.windows import Windows


@dataclass(frozen=True)
class Slate:
    """Candidates of ``N`` slots, ``C`` in all, of which ``U`` are different texts.

    Attributes:
        sizes: candidates of each slot ``(N,)``. owner: the slot of each candidate ``(C,)``.
        features: ``(C, F)`` float32. text: which of the texts each candidate is ``(C,)``.
        pieces: tokens of the texts, one text after the other ``(P,)``. piece_text: whose each is ``(P,)``.
        texts: ``U``.
    """

    sizes: Tensor
    owner: Tensor
    features: Tensor
    text: Tensor
    pieces: Tensor
    piece_text: Tensor
    texts: int

    @classmethod
    def of(cls, slots: Sequence[Slot], bigrams: Bigrams, tokenizer: Tokenizer) -> Slate:
        """Candidates of these slots, of which there is at least one."""
        sizes = np.array([len(slot.options) for slot in slots], dtype=np.int64)
        owner = np.repeat(np.arange(len(slots)), sizes)
        numbers: dict[str, int] = {}
        text = [numbers.setdefault(each, len(numbers)) for slot in slots for each in slot.options.texts]
        mark = tokenizer.token_id(METASPACE)
        pieces = [_pieces(tokens.ids, mark) for tokens in tokenizer.encode_batch(list(numbers))]
        return cls(
            torch.from_numpy(sizes),
            torch.from_numpy(owner),
            torch.from_numpy(_features(slots, sizes, owner, bigrams)),
            torch.tensor(text, dtype=torch.int64),
            torch.from_numpy(np.concatenate(pieces)),
            torch.from_numpy(np.repeat(np.arange(len(pieces)), [len(each) for each in pieces])),
            len(numbers),
        )


def _features(slots: Sequence[Slot], sizes: np.ndarray, owner: np.ndarray, bigrams: Bigrams) -> np.ndarray:
    """All features, those too that depend on a place's surroundings, ``(C, F)``."""
    made = np.concatenate([slot.options.features for slot in slots])
    first = np.concatenate([slot.options.first for slot in slots])
    last = np.concatenate([slot.options.last for slot in slots])
    reach = np.concatenate([slot.options.reach for slot in slots]) > 0
    left, right, beyond = (
        np.array([getattr(slot, name) for slot in slots], dtype=np.uint32)[owner]
        for name in ("left", "right", "beyond")
    )
    made[:, AT["left"]] = bigrams.look(left, first)
    made[:, AT["right"]] = bigrams.look(last, np.where(reach, beyond, right))
    kept = np.cumsum(sizes) - sizes
    made[kept, AT["kept_capital"]] = [slot.capital for slot in slots]
    made[kept, AT["kept_capitals"]] = [len(slot.typed) > 1 and slot.typed.isupper() for slot in slots]
    return made


def _pieces(ids: np.ndarray, mark: int | None) -> np.ndarray:
    """Tokens without the mark of a space that stands alone, as it does before a Han character."""
    return ids[1:] if len(ids) > 1 and ids[0] == mark else ids


def locate(
    chunks: Sequence[Chunk], windows: Windows, numbers: np.ndarray, *, of_text: np.ndarray | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Which tokens of a batch are whose.

    Args:
        chunks: the texts whose slots are asked for. windows: of them. numbers: those of the batch ``(B,)``.
        of_text: for each text of ``windows`` its number in ``chunks``; None where they are the same.

    Returns:
        Rows and columns of tokens in the batch, and for each the slot that it is a part of, slots counted through all
        chunks; int64 ``(M,)`` each.
    """
    base = np.concatenate([[0], np.cumsum([len(chunk.slots) for chunk in chunks])])
    rows, columns, owners = [], [], []
    for row, number in enumerate(numbers):
        chunk_number = int(windows.text_index[number] if of_text is None else of_text[windows.text_index[number]])
        slots, fresh = chunks[chunk_number].slots, np.flatnonzero(windows.fresh[number])
        if not slots or not len(fresh):
            continue
        low = int(fresh[0])
        offsets = windows.offsets[number][low : int(fresh[-1]) + 1]
        first = np.searchsorted(offsets[:, 1], [slot.start for slot in slots], side="right")
        after = np.searchsorted(offsets[:, 0], [slot.end for slot in slots], side="left")
        count = np.maximum(after - first, 0)
        inside = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        columns.append(np.repeat(first, count) + inside + low)
        owners.append(np.repeat(np.arange(len(slots)) + base[chunk_number], count))
        rows.append(np.full(int(count.sum()), row))
    empty = np.empty(0, dtype=np.int64)
    made = [np.concatenate([empty, *each]).astype(np.int64) for each in (rows, columns, owners)]
    return torch.from_numpy(made[0]), torch.from_numpy(made[1]), torch.from_numpy(made[2])
