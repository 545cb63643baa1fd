"""``NAME=VALUE`` as the command line takes it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from slmkit.errors import InputError


def read_pairs(given: Iterable[str], option: str) -> dict[str, Any]:
    """Take ``NAME=VALUE``; a value that is JSON (a number, true, a list) is read as such, any other is text.

    Args:
        given: what the caller typed. option: by which, for the message.

    Raises:
        InputError: one is no such pair.
    """
    found: dict[str, Any] = {}
    for pair in given:
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise InputError(f"{option} {pair!r}: give NAME=VALUE")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found
