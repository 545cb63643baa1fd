"""Traditional and simplified Chinese characters."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from slmkit.errors import MissingExtraError


@lru_cache
def simplifier(extra: str) -> Callable[[str], str]:
    """What writes a text in simplified characters, by OpenCC.

    Args:
        extra: of this package, which brings OpenCC where it is needed.

    Raises:
        MissingExtraError: OpenCC is not installed.
    """
    try:
        from opencc import OpenCC
    except ModuleNotFoundError as error:
        raise MissingExtraError("opencc", extra) from error
    return OpenCC("t2s").convert
