"""How Han characters sound: their syllables and tones by pypinyin, and which syllables are taken for each other."""

from __future__ import annotations

import re
from collections.abc import Sequence

from slmkit.errors import MissingExtraError

_SYLLABLE = re.compile(r"([a-zü]+)(\d?)")
_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "l"))
_FINALS = re.compile(r"(?<=[aei])ng$")
_FU = re.compile(r"^(?:f|hu)(?=[aeo])|^hu$")


def readings(characters: Sequence[str]) -> list[list[tuple[str, str]]]:
    """The readings of each character, the usual one first: syllable without tone, and tone ("5" for none).

    Raises:
        MissingExtraError: pypinyin is not installed.
    """
    try:
        from pypinyin import Style, pinyin
    except ModuleNotFoundError as error:
        raise MissingExtraError("pypinyin", "zh") from error
    made = []
    for character in characters:
        read = pinyin(character, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True, errors="ignore")
        found = [_SYLLABLE.fullmatch(each) for each in (read[0] if read else [])]
        made.append([(match[1], match[2] or "5") for match in found if match])
    return made


def blurred(syllable: str) -> str:
    """What is left of a syllable for those who do not tell z from zh, n from l, f from hu, in from ing."""
    made = _FINALS.sub("n", syllable)
    if _FU.match(made):
        made = "fu" if made == "hu" else _FU.sub("f", made)
    for initial, other in _INITIALS:
        if made.startswith(initial):
            return other + made[len(initial) :]
    return made
