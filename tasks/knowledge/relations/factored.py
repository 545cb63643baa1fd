"""Scores of pairs of tokens and their loss without a table of all pairs for all relations.

A ``Pointer`` scores ``[k, i, j]`` by ``together[i, j] + begins[k, i] + ends[k, j]``. So the sum of the exponentials
over all pairs is, for each relation, one row times a matrix times one column, and only pairs of which something is
known need scores of their own. With 49 relations that is about a fiftieth of the memory of the whole table.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from slmkit.tasks.knowledge.pointing import Pointer

_SMALLEST = 1e-30  # of a sum of exponentials: its logarithm has to stay finite
_OUT = -1e4  # finite too, so that a row without any such pair has gradients of zero and not of NaN


@dataclass(frozen=True)
class Parts:
    """What the scores of a pointer are sums of.

    Attributes:
        together: ``(B, T, T)``. begins, ends: ``(B, K, T)``.
    """

    together: Tensor
    begins: Tensor
    ends: Tensor

    def at(self, rows: Tensor, first: Tensor, last: Tensor) -> Tensor:
        """Scores of some pairs: rows, first and last tokens ``(N,)`` -> ``(N, K)``."""
        return self.together[rows, first, last][:, None] + self.begins[rows, :, first] + self.ends[rows, :, last]


def parts_of(pointer: Pointer, states: Tensor) -> Parts:
    """The parts of a pointer that joins any token with any; states ``(B, T, W)``.

    Raises:
        ValueError: the pointer is one of spans, or has no kinds of its own.
    """
    if pointer.spans or pointer.kind is None:
        raise ValueError("only a pointer of relations falls into parts: one without spans, with kinds of its own")
    states = pointer.dropout(states)
    first, last = pointer.pair(states).chunk(2, dim=-1)  # (B, T, size)
    begins, ends = pointer.kind(states).transpose(1, 2).chunk(2, dim=1)  # (B, K, T)
    return Parts(first @ last.transpose(1, 2) / first.shape[-1] ** 0.5, begins, ends)


@dataclass(frozen=True)
class Known:
    """Pairs of tokens of which something is known.

    Attributes:
        rows, first, last: where they are ``(N,)``, rows in ascending order, no pair twice.
        right: whether a relation holds ``(N, K)`` bool. open: where it is not known whether it does ``(N, K)`` bool.
    """

    rows: Tensor
    first: Tensor
    last: Tensor
    right: Tensor
    open: Tensor


def known_loss(parts: Parts, known: Known, mask: Tensor, complete: Tensor, near: Tensor | None = None) -> Tensor:
    """As ``pointing.pair_loss`` of the whole table: right pairs above 0, all others below.

    Args:
        parts: of the pointer. known: what is known of some pairs. mask: real tokens ``(B, T)``.
        complete: whether every other pair of a row is wrong ``(B, K)``; where not, nothing is said of them.
        near: pairs that may be told at all ``(B, T, T)`` bool; None for all.

    Returns:
        The mean over the batch of the sum over relations.
    """
    scores = parts.at(known.rows, known.first, known.last)  # (N, K)
    others = _others(parts, known, mask, near).masked_fill(~complete, _OUT)
    zero = torch.zeros_like(others)
    wrong = _by_row(scores.masked_fill(known.right | known.open, _OUT), known.rows, len(mask))
    missed = _by_row((-scores).masked_fill(~known.right, _OUT), known.rows, len(mask))
    total = torch.stack([zero, others, wrong]).logsumexp(0) + torch.stack([zero, missed]).logsumexp(0)  # (B, K)
    return total.sum(1).mean()


def _others(parts: Parts, known: Known, mask: Tensor, near: Tensor | None) -> Tensor:
    """Logarithm of the summed exponentials of all pairs that are not among the known ones: ``(B, K)``."""
    allowed = mask[:, :, None] & mask[:, None, :]
    allowed = allowed if near is None else allowed & near
    allowed = allowed.index_put((known.rows, known.first, known.last), torch.zeros((), dtype=torch.bool))
    together = parts.together.masked_fill(~allowed, -torch.inf)
    most = together.detach().flatten(1).amax(1).clamp_min(_OUT)[:, None]  # (B, 1)
    begins, first = _scaled(parts.begins, mask)
    ends, last = _scaled(parts.ends, mask)
    summed = ((begins @ (together - most[..., None]).exp()) * ends).sum(-1)  # (B, K)
    found = summed.clamp_min(_SMALLEST).log() + most + first + last
    return found.masked_fill(~allowed.flatten(1).any(1)[:, None], _OUT)


def _scaled(scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Exponentials ``(B, K, T)`` of scores less the largest of their row, and these ``(B, K)``."""
    kept = scores.masked_fill(~mask[:, None], -torch.inf)
    most = kept.detach().amax(-1).clamp_min(_OUT)
    return (kept - most[..., None]).exp(), most


def _by_row(scores: Tensor, rows: Tensor, count: int) -> Tensor:
    """Logarithm of the summed exponentials of the pairs of each row: ``(N, K)`` -> ``(count, K)``."""
    at = torch.arange(len(rows)) - torch.searchsorted(rows, rows)  # place of a pair among those of its row
    width = int(at.max()) + 1 if len(rows) else 0
    laid = scores.new_full((count, width + 1, scores.shape[1]), _OUT)
    return laid.index_put((rows, at), scores).logsumexp(1)
