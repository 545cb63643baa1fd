"""New names among those that are there: compared with what their keys bring up, kept under their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from slmkit.tasks.knowledge.blocking import Keys, keys_of
from slmkit.tasks.knowledge.desk import Desk, NameRow, Tie, name_key
from slmkit.tasks.knowledge.rules import compare
from slmkit.tasks.knowledge.surfaces import Form, analyse


def form_of(row: NameRow) -> Form:
    """A name, taken apart."""
    return analyse(row.surface, row.family)


def put_in(desk: Desk, rows: Sequence[NameRow]) -> None:
    """Put in names that are not there, tied to those that they may be one thing with.

    A name that is bound to its document is tied to nothing.
    """
    free = sorted((row for row in rows if not row.bound), key=lambda row: row.key)
    keys = {row.key: keys_of(form_of(row)) for row in free}
    blocks = desk.blocks(key for each in keys.values() for key in each.kept | each.sought)
    desk.names(name for block in blocks.values() for name in block)  # all at once
    for row in rows:
        desk.put_name(row)
    for row in free:
        tie(desk, row, keys[row.key])
        for key in keys[row.key].kept:
            blocks[key].append(row.key)


def tie(desk: Desk, row: NameRow, keys: Keys) -> None:
    """Compare a name with those that its keys bring up."""
    blocks = desk.blocks(keys.sought)
    candidates = desk.names(name for block in blocks.values() for name in block if name != row.key)
    form = form_of(row)
    for other in candidates.values():
        link = compare(form, form_of(other))
        if link is not None:
            row.ties.setdefault(other.key, Tie()).link = link
            other.ties.setdefault(row.key, Tie()).link = link.turned()


def drop_dead(desk: Desk, rows: Mapping[str, NameRow]) -> set[str]:
    """Take out the names that no document writes, or equates with another; returns the names that were near them."""
    near: set[str] = set()
    for key in sorted(rows):
        row = rows[key]
        if row.seen or any(tie.out or tie.back for tie in row.ties.values()):
            continue
        near |= _take_out(desk, row)
        node = desk.entities([row.entity]).get(row.entity)
        if node is not None:
            node.names = [each for each in node.names if each != key]
            near.update(node.names)
    return near


def _take_out(desk: Desk, row: NameRow) -> set[str]:
    if not row.bound:
        for block in desk.blocks(keys_of(form_of(row)).kept).values():
            if row.key in block:  # it was put in by an older version perhaps, which kept it under other keys
                block.remove(row.key)
    tied = desk.names(row.ties)
    for other in tied.values():
        other.ties.pop(row.key, None)
    desk.drop_name(row.key)
    return set(tied)


def state(desk: Desk, pairs: Iterable[tuple[str, str, str]], by: int) -> set[str]:
    """Count documents that equate two names (family, other name, name); returns the names whose ties have changed.

    Args:
        by: 1 when a document comes, -1 when it goes.
    """
    changed: set[str] = set()
    for family, one, other in pairs:
        keys = name_key(family, one), name_key(family, other)
        rows = desk.names(keys)
        if len(rows) < 2:
            continue
        here, there = (rows[key].ties.setdefault(rest, Tie()) for key, rest in (keys, keys[::-1]))
        here.out, there.back = here.out + by, there.back + by
        for key, rest in (keys, keys[::-1]):
            tie = rows[key].ties[rest]
            if tie.link is None and not tie.out and not tie.back:
                del rows[key].ties[rest]
        changed.update(keys)
    return changed
