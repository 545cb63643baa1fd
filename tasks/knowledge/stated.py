"""What a text itself says of names: "the World Health Organization (WHO)", 世界卫生组织（简称世卫组织）."""

from __future__ import annotations

import re

from slmkit.tasks.knowledge.blocking import known_group
from slmkit.tasks.knowledge.rules import is_abbreviation, is_acronym
from slmkit.tasks.knowledge.surfaces import Form

_QUOTE = "[\"'“”‘’「『《]?"
_ADVERBS = r"(?:(?:also|formerly|better|commonly|once|previously|originally|simply|hereafter|then|now)\s+)*"
_CUES_EN = (
    rf"{_ADVERBS}(?:known\s+(?:simply\s+)?as|abbreviated(?:\s+(?:as|to))?|short\s+for|a\.?k\.?a\.?|formerly|hereafter|"
    r"stylized\s+as)"
)
_VERBS_EN = r"(?:called|named|nicknamed|born)"
_CUES_ZH = (
    "(?:以下)?(?:简称|又称|也称|亦称|也叫|又叫|别称|别名|原名|旧称|旧名|俗称|人称|下称|又名|曾用名|本名|笔名|昵称|英文名|绰号|全称)"
    "(?:为|是|叫|作)?[:：]?"
)
_CUE = re.compile(rf"\s*[,，(（]?\s*(?:the\s+|or\s+)?(?:{_CUES_EN}\s+(?:the\s+)?|{_CUES_ZH}\s*){_QUOTE}", re.IGNORECASE)
# "X called Y" says what X did. "X, called Y" and "X (born Y)" say what X is called; and so does "X once called Y", but
# not of those who can call somebody, of whom a comma and "then" say too little: "met X, then called Y".
_OF_THINGS = re.compile(
    rf"(?:\s*[,，(（]\s*(?:the\s+|or\s+)?{_ADVERBS}|\s+{_ADVERBS}(?:also|formerly|previously|originally|once|better)\s+)"
    rf"{_VERBS_EN}\s+(?:the\s+)?{_QUOTE}",
    re.IGNORECASE,
)
_OF_AGENTS = re.compile(
    rf"\s*(?:[(（]|[,，](?!\s*then\b))\s*(?:the\s+|or\s+)?{_ADVERBS}{_VERBS_EN}\s+(?:the\s+)?{_QUOTE}", re.IGNORECASE
)
_AGENTS = ("person", "organization")
_BRACKET = re.compile(rf"\s*[(（]\s*(?:the\s+)?{_QUOTE}", re.IGNORECASE)
_CLOSE = re.compile(r"[\"'”’」』》]?\s*[)）,，;；]")
LONGEST_GAP = 40


def says_same(gap: str, after: str, first: Form, second: Form) -> bool:
    """Whether the text between two mentions, and after them, makes the second another name of the first.

    A bracket alone does so only for an acronym, an abbreviation, or the same name in the other script:
    "Paris (France)" are two places, and so are 巴黎（France）, of which it is known that they are two.
    """
    if first.family != second.family or len(gap) > LONGEST_GAP:
        return False
    verb = _OF_AGENTS if first.family in _AGENTS else _OF_THINGS
    if _CUE.fullmatch(gap) or verb.fullmatch(gap):
        return True
    if not _BRACKET.fullmatch(gap) or not _CLOSE.match(after):
        return False
    pairs = ((first, second), (second, first))
    if any(short.acronym and is_acronym(short, long) or is_abbreviation(short, long) for short, long in pairs):
        return True
    if first.family not in _AGENTS and known_group(first) != known_group(second):
        return False
    return first.han != second.han and not (first.acronym and second.acronym)
