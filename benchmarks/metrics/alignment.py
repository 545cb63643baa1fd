"""What stands in one sequence for each item of another: the ground that corrections are counted on."""

from __future__ import annotations

from collections.abc import Sequence

from slmkit.errors import MissingExtraError


def stands_for(source: Sequence[str], other: Sequence[str]) -> list[tuple[str, ...]]:
    """For each item of ``source`` the items of ``other`` that stand in its place: itself where nothing changed.

    The alignment is rapidfuzz's Levenshtein. An item that was put in belongs to the changed one before it, else to the
    changed one after it, else to the one that follows; at the end, to the last one.
    """
    try:
        from rapidfuzz.distance import Levenshtein
    except ModuleNotFoundError as error:
        raise MissingExtraError("rapidfuzz", "bench") from error
    found: list[tuple[str, ...]] = [(item,) for item in source]
    added: list[tuple[int, tuple[str, ...]]] = []
    for step in Levenshtein.opcodes(source, other):
        if step.tag == "replace":  # as many items on either side
            found[step.src_start : step.src_end] = [(item,) for item in other[step.dest_start : step.dest_end]]
        elif step.tag == "delete":
            found[step.src_start : step.src_end] = [()] * (step.src_end - step.src_start)
        elif step.tag == "insert":
            added.append((step.src_start, tuple(other[step.dest_start : step.dest_end])))
    changed = [there != (item,) for item, there in zip(source, found, strict=True)]
    for gap, items in added:
        if gap and (changed[gap - 1] or gap == len(found)):
            found[gap - 1] = (*found[gap - 1], *items)
        elif found:
            found[gap] = (*items, *found[gap])
    return found
