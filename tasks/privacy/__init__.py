"""Privacy: what names or reaches a person is taken out of a column before it leaves for anywhere.

Importing this package loads neither torch nor the libraries of numbers; the first use of a name below does what that
name needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmkit.lazy import lazy_names

if TYPE_CHECKING:
    from slmkit.tasks.privacy.redactor import Redactor

_WHERE = {"Redactor": "redactor"}
__all__ = ["Redactor"]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
