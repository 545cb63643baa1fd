"""Long texts as overlapping windows: nothing is cut, and every token keeps its place in the caller's string."""

from __future__ import annotations


def window_spans(length: int, size: int, overlap: int) -> list[tuple[int, int]]:
    """Half-open token spans of at most ``size`` that cover ``length`` tokens, neighbours sharing ``overlap``.

    The windows are as few as possible and nearly equal in length, so that none of them is a stub.

    Raises:
        ValueError: the overlap is not smaller than the window.
    """
    if not 0 <= overlap < size:
        raise ValueError(f"overlap {overlap} must be in [0, {size}), the window size")
    if length <= size:
        return [(0, length)]
    count = -(-(length - overlap) // (size - overlap))
    stride = (length - size) / (count - 1)
    starts = [round(i * stride) for i in range(count)]
    return [(start, start + size) for start in starts]
