"""What a text itself says of names: "the World Health Organization (WHO)", 世界卫生组织（简称世卫组织）."""

from __future__ import annotations

import re

from slmkit.tasks.knowledge.rules import is_abbreviation, is_acronym
from slmkit.tasks.knowledge.surfaces import Form

_QUOTE = "[\"'“”‘’「『《]?"
_CUES_EN = (
    r"(?:(?:also|formerly|better|commonly|once|previously|originally|simply|hereafter|then|now)\s+)*"
    r"(?:known\s+(?:simply\s+)?as|called|named|abbreviated(?:\s+(?:as|to))?|short\s+for|a\.?k\.?a\.?|formerly|hereafter|"
    r"born|nicknamed|stylized\s+as)"
)
_CUES_ZH = (
    "(?:以下)?(?:简称|又称|也称|亦称|也叫|又叫|别称|别名|原名|旧称|旧名|俗称|人称|下称|又名|曾用名|本名|笔名|昵称|英文名|绰号|全称)"
    "(?:为|是|叫|作)?[:：]?"
)
_CUE = re.compile(rf"\s*[,，(（]?\s*(?:the\s+|or\s+)?(?:{_CUES_EN}\s+(?:the\s+)?|{_CUES_ZH}\s*){_QUOTE}", re.IGNORECASE)
_BRACKET = re.compile(rf"\s*[(（]\s*(?:the\s+)?{_QUOTE}", re.IGNORECASE)
_CLOSE = re.compile(r"[\"'”’」』》]?\s*[)）,，;；]")
LONGEST_GAP = 40


def says_same(gap: str, after: str, first: Form, second: Form) -> bool:
    """Whether the text between two mentions, and after them, makes the second another name of the first.

    A bracket alone does so only for an acronym, an abbreviation, or the same name in the other script:
    "Paris (France)" are two places.
    """
    if first.family != second.family or len(gap) > LONGEST_GAP:
        return False
    if _CUE.fullmatch(gap):
        return True
    if not _BRACKET.fullmatch(gap) or not _CLOSE.match(after):
        return False
    pairs = ((first, second), (second, first))
    if any(short.acronym and is_acronym(short, long) or is_abbreviation(short, long) for short, long in pairs):
        return True
    return first.han != second.han and not (first.acronym and second.acronym)
