"""A question beside each part of a passage, as token windows; and spans of a window's tokens scored as answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from slmkit.text.tokenizer import BOS, EOS, Tokens
from slmkit.text.windows import Windows, window_spans

Spans = list[tuple[int, int]]


@dataclass(frozen=True)
class Sizes:
    """Tokens of a window, marks included, and of the longest answer."""

    window: int = 256
    answer: int = 96

    @property
    def question(self) -> int:
        """Tokens of a question that are read."""
        return self.window // 4

    @property
    def overlap(self) -> int:
        """Tokens that neighbouring windows share: an answer of so many stands whole in one of them."""
        return self.window * 3 // 8

    def room(self, question: Tokens) -> int:
        """Tokens of a passage that a window holds beside a question."""
        return self.window - min(len(question), self.question) - 3


def question_head(question: Tokens, most: int) -> np.ndarray:
    """``<s> question </s>``: the marks and at most the first ``most`` tokens of a question; int64 ``(k,)``."""
    return np.concatenate([[BOS], question.ids[:most], [EOS]])


def lay_question_windows(
    questions: Sequence[Tokens],
    passages: Sequence[Tokens],
    *,
    size: int,
    most: int,
    overlap: int,
    spans: Callable[[int, int, int], Spans] = window_spans,
) -> Windows:
    """``<s> question </s> passage part </s>`` for each part of each passage (Devlin et al. 2019).

    Args:
        questions, passages: their tokens, one question a passage. size: tokens of a window, marks included.
        most: tokens of a question that are read. overlap: tokens that neighbouring parts share.
        spans: divides a passage, given its length, the room in a window and the overlap.

    Returns:
        Windows whose ``fresh`` are the tokens of the passage, those that an earlier window holds too; ``text_index``
        says which passage.
    """
    ids, offsets, index, fresh = [], [], [], []
    for number, (question, passage) in enumerate(zip(questions, passages, strict=True)):
        head = question_head(question, most)
        for start, end in spans(len(passage), size - len(head) - 1, overlap):
            row = window_of(head, passage, start, end)
            ids.append(row[0])
            offsets.append(row[1])
            fresh.append(row[2])
            index.append(number)
    return Windows(ids, offsets, np.array(index, dtype=np.int64), fresh, len(passages))


def window_of(head: np.ndarray, passage: Tokens, start: int, end: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One window: its tokens ``(n,)``, their character spans in the passage ``(n, 2)``, and which are the passage's."""
    empty = np.zeros((len(head), 2), dtype=np.int64)
    ids = np.concatenate([head, passage.ids[start:end], [EOS]])
    fresh = np.zeros(len(ids), dtype=bool)
    fresh[len(head) : -1] = True
    return ids, np.concatenate([empty, passage.offsets[start:end], empty[:1]]), fresh


def passage_tokens(windows: Windows, numbers: np.ndarray, mask: Tensor) -> Tensor:
    """Which tokens of a batch are a passage's: bool ``(B, T)``.

    Args:
        windows: all of them. numbers: those of the batch ``(B,)``. mask: tokens of the batch ``(B, T)``.
    """
    found = torch.zeros_like(mask)
    for row, number in enumerate(numbers):
        found[row, : len(windows.fresh[number])] = torch.from_numpy(windows.fresh[number])
    return found


def span_scores(start: Tensor, end: Tensor, longest: int) -> Tensor:
    """Score of each span: its start's and its end's, ``-inf`` where it ends before it starts or is too long.

    Shape: start, end ``(B, T)`` -> ``(B, T, T)``, from the row's token to the column's.
    """
    T = start.shape[1]
    reach = torch.ones(T, T, dtype=torch.bool, device=start.device).triu().tril(longest - 1)
    return (start[:, :, None] + end[:, None, :]).masked_fill(~reach, -torch.inf)


def best_spans(start: Tensor, end: Tensor, longest: int, most: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The best spans of each window, and what all its other spans weigh together.

    Shape: start, end ``(B, T)`` -> first and last token and score of each, ``(B, most)`` or fewer columns, best first;
    and the logarithm of the sum of the others' exponentials ``(B,)``.
    """
    scores, T = span_scores(start, end, longest).flatten(1), start.shape[1]
    best, flat = scores.topk(min(most, scores.shape[1]), dim=1)
    rest = scores.scatter(1, flat, -torch.inf).logsumexp(1)
    return flat // T, flat % T, best, rest


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A half-open character span without the white space at its ends; an empty one where there is nothing else."""
    kept = text[start:end]
    start += len(kept) - len(kept.lstrip())
    return start, start + len(kept.strip())
