"""Spelling, English and Chinese: what is wrong is fixed, what is right is left as it stands, to the byte.

Importing this package loads no torch; the first use of a name below does what that name needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmkit.lazy import lazy_names

if TYPE_CHECKING:
    from slmkit.tasks.spelling.correction import Correction
    from slmkit.tasks.spelling.corrector import SpellCorrector
    from slmkit.tasks.spelling.diff import Diff
    from slmkit.tasks.spelling.polisher import Polisher
    from slmkit.tasks.spelling.spelling_model import SpellingModel

_WHERE = {
    "Correction": "correction",
    "Diff": "diff",
    "Polisher": "polisher",
    "SpellCorrector": "corrector",
    "SpellingModel": "spelling_model",
}
__all__ = ["Correction", "Diff", "Polisher", "SpellCorrector", "SpellingModel"]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
