"""What is read at one time of many things: stretches that follow one another, bounded in number and size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def stretches(sizes: Iterable[int], most: int, total: int) -> Iterator[range]:
    """Places of things that are taken together, so that memory does not grow with their number.

    Args:
        sizes: of the things, as their characters. most: things of a stretch. total: of its sizes, unless a thing alone
            has more.
    """
    begin = count = held = 0
    for size in sizes:
        if count > begin and (count - begin >= most or held + size > total):
            yield range(begin, count)
            begin, held = count, 0
        count, held = count + 1, held + size
    if count > begin:
        yield range(begin, count)
