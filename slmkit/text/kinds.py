"""Kinds of text, and the tokens that announce them to the encoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from slmkit.errors import InputError

Kind = Literal["text", "query", "passage"]
# One token announces a query or a passage to the encoder; plain text has none.
KIND_TOKENS: Mapping[str, tuple[int, ...]] = {"text": (), "query": (5,), "passage": (6,)}


def check_kind(kind: str, kinds: Mapping[str, tuple[int, ...]] = KIND_TOKENS) -> None:
    """Refuse a kind of text that is none of ``kinds``."""
    if kind not in kinds:
        raise InputError(f"kind {kind!r} is not known; give one of {sorted(kinds)}")
