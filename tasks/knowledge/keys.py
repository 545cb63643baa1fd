"""A document's id as the text that the graph keeps: ``1`` and ``"1"`` are two ids, and any text is one."""

from __future__ import annotations

import json
import re

from slmkit.tasks.question_answering.records import Key

_QUOTED = re.compile(r'-?\d+|".*|.*[\ud800-\udfff\0].*', re.DOTALL)


def as_stored(key: Key) -> str:
    """A whole number as its digits; a text as it is, in quotes where it could be taken for something else."""
    if isinstance(key, int):
        return str(key)
    return json.dumps(key) if _QUOTED.fullmatch(key) else key


def as_given(stored: str) -> Key:
    """What ``as_stored`` was given."""
    if stored.startswith('"'):
        return str(json.loads(stored))
    return int(stored) if re.fullmatch(r"-?\d+", stored) else stored
