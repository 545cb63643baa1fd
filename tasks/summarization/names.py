"""The names in a text, found by how they are written: capitals in English, titles and endings in Chinese."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from slmkit.tasks.summarization.words import HAN
from slmkit.text.language import is_han
from slmkit.text.sentences import sentence_spans

_LATIN = r"A-Za-z\u00c0-\u024f"
WORD = re.compile(rf"(?:[A-Z]\.){{2,}}|[{_LATIN}][{_LATIN}\d]*(?:['’&-][{_LATIN}\d]+)*")
_OPENS = re.compile(r"(?:^|[\"“‘:(\[•*-])\s*$")
_PRONOUNS = {"i", "i'm", "i'll", "i've", "i'd"}
_TITLE_CASE = 0.6  # share of a sentence's long words with a capital from which on capitals say nothing

# Only surnames that are seldom anything else; a name is looked for where a title or a verb of saying follows.
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙朱胡郭林罗梁宋郑谢韩唐冯董萧曹袁邓傅沈彭吕苏卢蒋蔡贾魏薛叶阎潘戴钟姜范姚谭廖邹熊"
    "陆郝孔崔康邱秦史顾侯邵孟段汤尹黎贺赖龚"
)
_AFTER_NAMES = (
    "先生|女士|教授|博士|主席|总统|总理|部长|经理|主任|书记|医生|老师|院长|局长|市长|省长|董事长|表示|说道|指出|认为|称"
)
_PERSON = re.compile(rf"([{SURNAMES}][{HAN}]{{1,2}})(?={_AFTER_NAMES})")
# The two characters before such an ending are enough to know the name by; function words there make it no name.
_ENDING = "大学|公司|集团|银行|医院|学院|研究所|[省市县州国]"
_PLACE = re.compile(
    rf"([{HAN}](?![的了和与是到从对为这该一各某全本其在于及或等个每两我你他她它们])[{HAN}](?:{_ENDING}))(?![{HAN}]?长)"
)
_WORK = re.compile(r"《([^《》\n]{1,40})》")


def latin_names(text: str, is_common: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Spans of the capitalised words that are names, one word each; every Latin word inside Chinese is one.

    Args:
        text: what to look through. is_common: whether a lower-case word is an everyday one; asked where a capital says
            nothing: at the beginning of a sentence, and in titles that give every word one.
    """
    for start, end in sentence_spans(text):
        found = list(WORD.finditer(text, start, end))
        long = [match for match in found if len(match[0]) > 3]
        title = len(long) > 2 and sum(m[0][0].isupper() for m in long) >= _TITLE_CASE * len(long)
        chinese = any(map(is_han, text[start:end]))
        for match in found:
            word = match[0]
            if word.lower().replace("’", "'") in _PRONOUNS or len(word) == 1:
                continue
            if chinese or (any(c.isupper() for c in word[1:]) and not title):
                yield match.span()
            elif word[0].isupper():
                opening = title or _OPENS.search(text[start : match.start()]) is not None
                if not (opening and is_common(word.lower())):
                    yield match.span()


def chinese_names(text: str) -> Iterator[tuple[int, int]]:
    """Spans of what looks like a person, a place, an organisation or a work; may miss many, seldom invents one."""
    yield from chinese_people(text)
    for pattern in (_PLACE, _WORK):
        yield from (match.span(1) for match in pattern.finditer(text))


def chinese_people(text: str) -> Iterator[tuple[int, int]]:
    """Spans of a surname and a given name before a title or a verb of saying."""
    return (match.span(1) for match in _PERSON.finditer(text))
