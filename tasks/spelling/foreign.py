"""Which parts of a text are in a language or script that nothing is known of: they are left alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from slmkit.tasks.spelling.candidates import Candidates
from slmkit.tasks.spelling.places import Place, fold

KANA_OR_HANGUL = "Japanese or Korean"
NOT_SIMPLIFIED = "Chinese that is not in simplified characters"
OTHER_SCRIPT = "another script"
NOT_ENGLISH = "not English"
_KANA_OR_HANGUL = re.compile(r"[\u3041-\u30fa\u31f0-\u31ff\u1100-\u11ff\uac00-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")
_LATIN_OR_HAN = re.compile(r"[A-Za-z\u00aa-\u024f\u1e00-\u1eff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_FEWEST, _KNOWN = 5, 0.5  # words that tell a language, and the share of them that English has to know
_STRANGE = 0.1  # share of characters that simplified Chinese may lack


def reason_to_leave(part: str, text: str, found: Sequence[Place], candidates: Candidates) -> str | None:
    """Why a part of a text is to be left alone, or None.

    Args:
        part: what is asked about. text: the whole, which the places are of. found: its places that may be touched.
        candidates: what is known.
    """
    script = unknown_script(part)
    if script is not None:
        return script
    known = candidates.lists.characters.index
    han = [text[place.start] for place in found if place.chinese]
    if known and sum(character not in known for character in han) > max(2, _STRANGE * len(han)):
        return NOT_SIMPLIFIED
    words = [fold(text[place.start : place.end]) for place in found if not place.chinese]
    words = [word for word in words if len(word) > 1]
    if len(words) >= _FEWEST and sum(map(candidates.is_known, words)) < _KNOWN * len(words):
        return NOT_ENGLISH
    return None


def unknown_script(part: str) -> str | None:
    """Which script a part of a text is in, where it is none that is known; else None."""
    if part.isascii():
        return None
    if _KANA_OR_HANGUL.search(part):
        return KANA_OR_HANGUL
    letters, ours = len(_LETTER.findall(part)), len(_LATIN_OR_HAN.findall(part))
    return OTHER_SCRIPT if letters > 2 * ours else None
