"""slmkit: one small English + Chinese language model for everyday NLP over tables, offline on a CPU.

Importing this package loads no torch; the first use of ``slmkit.load`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slmkit import errors

if TYPE_CHECKING:
    from slmkit.core import SLM, load

__version__ = "0.1.0"
__all__ = ["SLM", "__version__", "errors", "load"]


def __getattr__(name: str) -> Any:
    if name in ("SLM", "load"):
        from slmkit import core

        return getattr(core, name)
    raise AttributeError(f"module 'slmkit' has no attribute {name!r}")
