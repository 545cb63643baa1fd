"""Weights from elsewhere, and ours for elsewhere: the doors to the layout of the transformers library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmkit.lazy import lazy_names

if TYPE_CHECKING:
    from slmkit.interop.exporting import save_pretrained as save_pretrained
    from slmkit.interop.pretrained import from_pretrained as from_pretrained

_HOMES = {"from_pretrained": "pretrained", "save_pretrained": "exporting"}

__all__ = ["from_pretrained", "save_pretrained"]
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
