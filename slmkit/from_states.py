"""Answers that are made from the core's states: one alone, or several over one pass of the texts through the layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from slmkit.core import SLM
from slmkit.errors import CheckpointError
from slmkit.model.layers import key_mask, pad_rows
from slmkit.runtime import BATCH_TOKENS, length_batches
from slmkit.text.windows import Windows

Answer = TypeVar("Answer")
Other = TypeVar("Other")


@dataclass(frozen=True)
class FromStates(Generic[Answer]):
    """What an answer needs to be read, and how it is made of that. It can be made once.

    Attributes:
        slm: the core. windows: of the texts. upto: layers of the core that they go through.
        take: is given the states of the windows, batch by batch and each window once: the batch's numbers ``(B,)``,
            float32 states ``(B, T, width)`` and mask ``(B, T)``, as ``SLM.run`` yields them. It must not change them.
        finish: then gives the answer.
        vectors: the layers are those that sentence vectors are made by; see ``SLM.stack``.
    """

    slm: SLM
    windows: Windows
    upto: int
    take: Callable[[np.ndarray, Tensor, Tensor], None]
    finish: Callable[[], Answer]
    vectors: bool = False

    def then(self, make: Callable[[Answer], Other]) -> FromStates[Other]:
        """The same, with another answer made of this one."""
        return replace(self, finish=lambda: make(self.finish()))  # type: ignore[arg-type, return-value]

    @torch.inference_mode()
    def alone(self) -> Answer:
        """The answer, from a pass of its own."""
        for batch in self.slm.run(self.windows, upto=self.upto, vectors=self.vectors):
            self.take(*batch)
        return self.finish()

    @property
    def stop(self) -> tuple[bool, int]:
        """Where on the way up its states are: whether that is beside the encoder's own layers, and the height."""
        upto = min(self.upto, len(self.slm.stack(vectors=self.vectors)))
        return self.vectors and len(self.slm.vectors) > 0 and upto > self.slm.config.trunk, upto


@torch.inference_mode()
def answer_together(asked: Sequence[FromStates[Any]]) -> list[Any]:
    """Several answers over one pass: a window goes once through each layer, whoever needs it and up to wherever.

    Windows are the same where their tokens are. So short texts are shared whatever the length and overlap of the
    windows that each answer lays over long ones.

    Args:
        asked: on one core.

    Returns:
        For each its answer, or the exception that kept it from being made; the others are made all the same.

    Raises:
        CheckpointError: they stand on different cores.
    """
    if not asked:
        return []
    for each in asked:
        require_same_core(asked[0].slm, each.slm)
    failed: dict[int, Exception] = {}
    for who, ids, numbers in _batches(asked):
        _feed(asked, [number for number in who if number not in failed], ids, numbers, failed)
    return [failed[n] if n in failed else _attempt(each.finish) for n, each in enumerate(asked)]


def same_core(one: SLM, other: SLM) -> bool:
    """Whether two cores give the same states."""
    named = one.fingerprint and one.fingerprint == other.fingerprint
    return one is other or bool(named and one.precision == other.precision)


def require_same_core(one: SLM, other: SLM) -> None:
    """Refuse two different cores.

    Raises:
        CheckpointError: they differ.
    """
    if not same_core(one, other):
        shown = " and ".join(f"{slm.fingerprint or 'one without a name'} in {slm.precision}" for slm in (one, other))
        raise CheckpointError(f"one pass needs one core, got {shown}")


_Numbers = dict[int, list[list[int]]]


def _batches(asked: Sequence[FromStates[Any]]) -> Iterator[tuple[tuple[int, ...], list[np.ndarray], _Numbers]]:
    """Distinct windows that are needed by the same of the asked, in batches of like length.

    Yields:
        Who needs them, their tokens, and for each who the numbers that each of the windows has there.
    """
    needed: dict[bytes, dict[int, list[int]]] = {}
    for who, each in enumerate(asked):
        for number, ids in enumerate(each.windows.ids):
            key = np.ascontiguousarray(ids, dtype=np.int64).tobytes()
            needed.setdefault(key, {}).setdefault(who, []).append(number)
    groups: dict[tuple[int, ...], list[bytes]] = {}
    for key, own in needed.items():
        groups.setdefault(tuple(own), []).append(key)
    for whose, keys in groups.items():
        windows = [np.frombuffer(key, dtype=np.int64) for key in keys]
        for rows in length_batches(np.array([len(ids) for ids in windows])):
            numbers = {who: [needed[keys[row]][who] for row in rows] for who in whose}
            yield whose, [windows[row] for row in rows], numbers


def _feed(
    asked: Sequence[FromStates[Any]],
    whose: Sequence[int],
    ids: list[np.ndarray],
    numbers: _Numbers,
    failed: dict[int, Exception],
) -> None:
    """Take a batch of windows up, and give its states to each of these at its own height."""
    if not whose:
        return
    padded, mask = pad_rows(torch.from_numpy(np.concatenate(ids)), torch.tensor([len(each) for each in ids]))
    for stop, states in _heights(asked[whose[0]].slm, padded, mask, {asked[who].stop for who in whose}):
        for who in whose:
            if asked[who].stop == stop and (error := _give(asked[who], numbers[who], states, mask)) is not None:
                failed[who] = error


def _give(to: FromStates[Any], numbers: list[list[int]], states: Tensor, mask: Tensor) -> Exception | None:
    """Give a batch to one of the asked, a window as often as it stands there."""
    listed = np.array([number for each in numbers for number in each], dtype=np.int64)
    if len(listed) == len(numbers):
        return _attempt(to.take, listed, states, mask)
    rows = torch.tensor([row for row, each in enumerate(numbers) for _ in each])
    size = max(1, BATCH_TOKENS // mask.shape[1])
    for begin in range(0, len(rows), size):
        part = rows[begin : begin + size]
        error = _attempt(to.take, listed[begin : begin + size], states[part], mask[part])
        if error is not None:
            return error
    return None


def _heights(
    slm: SLM, ids: Tensor, mask: Tensor, stops: set[tuple[bool, int]]
) -> Iterator[tuple[tuple[bool, int], Tensor]]:
    """Float32 states of a batch at each stop: up the encoder's layers first, then up those of sentence vectors."""
    states, keys, at = slm.ground(ids), key_mask(mask), 0
    fork, below = slm.config.trunk, None
    beside = any(vectors for vectors, _ in stops)
    for vectors, upto in sorted(stops):
        if beside and at <= fork < upto and not vectors:
            states, at = slm.rise(states, keys, at, fork, vectors=False), fork
            below = states
        if vectors and below is not None:
            states, at, below = below, fork, None
        states, at = slm.rise(states, keys, at, upto, vectors=vectors), upto
        yield (vectors, upto), states.float()


def _attempt(act: Callable[..., Any], *given: Any) -> Any:
    """What it returns, or the exception that it raised."""
    try:
        return act(*given)
    except Exception as error:
        return error
