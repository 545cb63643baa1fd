"""What callers hand over: pairs of wrong and right texts, and chunks of texts in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from slmkit.errors import InputError
from slmkit.tasks.inputs import as_texts

if TYPE_CHECKING:
    from slmkit.tasks.spelling.slots import Chunk

_BLOCK_SLOTS, _BLOCK_CHUNKS = 8_000, 4_000


def pairs_of(wrong: Any, right: Any) -> tuple[list[str], list[str]]:
    """Sources and targets of a call of ``fit``.

    Args:
        wrong: texts, or a frame with both columns. right: texts, None where a frame is given.

    Raises:
        InputError: not as many of one as of the other, or a frame without the columns.
    """
    if right is None:
        columns = [str(name) for name in getattr(wrong, "columns", [])]
        if not {"wrong", "right"} <= set(columns):
            got = f"a frame with {', '.join(columns)}" if columns else type(wrong).__name__
            raise InputError(
                f"got {got}; give the wrong and the right texts, or a frame with the columns wrong and right"
            )
        wrong, right = wrong["wrong"], wrong["right"]
    sources, targets = as_texts(wrong), as_texts(right)
    if len(sources) != len(targets):
        raise InputError(f"{len(sources)} wrong texts and {len(targets)} right ones; give one for each")
    return sources, targets


def blocks_of(chunks: Iterable[tuple[int, Chunk]]) -> Iterator[list[tuple[int, Chunk]]]:
    """Chunks with the numbers of their texts, so many together that memory does not grow with the texts."""
    block: list[tuple[int, Chunk]] = []
    slots = 0
    for number, chunk in chunks:
        block.append((number, chunk))
        slots += len(chunk.slots)
        if slots >= _BLOCK_SLOTS or len(block) >= _BLOCK_CHUNKS:
            yield block
            block, slots = [], 0
    if block:
        yield block
