"""Rules that find what names or reaches a person, in English and Chinese text.

Numbers are taken for what their check digits and number plans say they are: phones by the plans of phonenumbers, cards,
Chinese and US identity numbers and bank accounts by python-stdnum. Every expression takes time linear in the text.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator

from slmkit.errors import MissingExtraError
from slmkit.tasks.summarization.names import SURNAMES, chinese_people

Span = tuple[int, int]
REGIONS = ("US", "GB", "CN")
"""Where a phone number without a country code may be from."""

_RUN = re.compile(r"[+(]?\d(?:[ ().\-/]{0,3}\d){6,}")  # what may hold phone numbers
_FEWEST, _SLICE, _OVERLAP, _TRIES = 7, 200, 24, 25
_START, _STOP = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"  # Chinese writes no space round what is Latin
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9_%+])[A-Za-z0-9_%+][A-Za-z0-9._%+'-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"
)
_URL = re.compile(rf"{_START}(?:https?://|www\.)[^\s<>\"'，。；！？、（）《》]+", re.IGNORECASE)
_V4, _WORD = r"(?:\d{1,3}\.){3}\d{1,3}", "A-Za-z0-9_"
_IPV4 = re.compile(rf"(?<![{_WORD}])(?<![{_WORD}]\.){_V4}(?![{_WORD}]|\.\d)")
# A word and a colon may stand before it, and a colon after it, as in logs.
_IPV6 = re.compile(
    rf"(?<![{_WORD}.:])(?:(?:[A-Za-z][{_WORD}]{{0,30}})?:)??"
    rf"((?!:(?!:))[0-9A-Fa-f]{{0,4}}(?::[0-9A-Fa-f]{{0,4}}){{1,7}}:(?:{_V4}|[0-9A-Fa-f]{{1,4}}|(?<=::)))"
    rf"(?![{_WORD}]|\.\d|:[0-9A-Fa-f:])"
)
_DIGITS = re.compile(r"(?<![\d.])\d(?:[ -]?\d){11,18}(?![\d])")
_RESIDENT = re.compile(rf"(?<!\d)\d{{17}}[\dXx]{_STOP}")
_SSN = re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])")
_IBAN = re.compile(rf"{_START}[A-Z]{{2}}\d{{2}}(?: ?[A-Z0-9]{{4}}){{2,7}}(?: ?[A-Z0-9]{{1,4}})?{_STOP}")
_PASSPORT = re.compile(
    rf"(?:passport(?:\s+(?:no|number))?|护照(?:号码?)?)[\s.:：为是#]{{0,4}}([A-Z]{{1,2}}\d{{7,8}}){_STOP}",
    re.IGNORECASE,
)
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·• ]?"
    rf"(?=[A-HJ-NP-Z]{{0,5}}\d)[A-HJ-NP-Z0-9]{{5,6}}{_STOP}"
)
_STREET = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq|Place|Pl|Terrace|Parkway|Pkwy|Way"
)
_CODE = r"[A-Z]{2} \d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}"  # of the United States and of Britain
_ADDRESS_EN = re.compile(
    rf"{_START}\d{{1,5}}[A-Za-z]?(?: [A-Z][a-z'’]+\.?| \d{{1,3}}(?:st|nd|rd|th)){{1,4}} (?:{_STREET}){_STOP}\.?"
    r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|#)\.? ?[A-Z0-9-]{1,6})?"
    rf"(?:, [A-Z][A-Za-z'’]+(?: [A-Z][A-Za-z'’]+){{0,2}})?(?:,? (?:{_CODE}))?"
)
_POSTCODE = re.compile(rf"{_START}(?:{_CODE}){_STOP}|邮编[:：]? ?(\d{{6}})(?!\d)")
_HAN = r"\u4e00-\u9fff"
_PLACE = rf"(?![住在位址是到去来从至了寄])[{_HAN}]"  # what seldom stands in the name of a place
_ADDRESS_ZH = re.compile(
    rf"(?:{_PLACE}){{1,8}}(?:大道|大街|路|街|巷|弄|胡同|道)[0-9０-９一二三四五六七八九十百甲乙-]{{1,6}}[号弄](?:院|楼)?"
    rf"(?:[{_HAN}]{{0,8}}?[0-9０-９A-Za-z一二三四五六七八九十-]{{1,5}}(?:号楼|栋|幢|座|单元|层|楼|室|房|号)){{0,5}}"
)
_BEFORE_ZH = re.compile(rf"(?:{_PLACE}){{1,30}}$")
_UNIT_ZH = re.compile(r"[省市区县旗州盟镇乡]")
_WORDS = r"(?:[A-Z][a-z'’]+|[A-Z]\.)(?:[ -](?:[A-Z][a-z'’]+|[A-Z]\.)){0,3}"  # of a name
_TITLED = re.compile(rf"{_START}(?:Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Madam)\b\.? ({_WORDS})")
_NAMED = re.compile(
    rf"{_START}(?:[Mm]y name is|[Nn]ame ?:|[Cc]ontact ?:|[Dd]ear|[Ss]igned ?:?|[Rr]egards,?\s{{1,2}}|"
    rf"[Ss]incerely,?\s{{1,2}})\s?({_WORDS})"
)
_FORM_ZH = "姓名|联系人|收件人|寄件人|客户|顾客|用户|会员|患者|病人|乘客|经办人|申请人|负责人"
_FILLED = re.compile(rf"(?:{_FORM_ZH})(?:名称?|姓名)?\s?[:：]\s?([{SURNAMES}][{_HAN}]{{1,2}})(?![{_HAN}])")
_ADDRESSED = re.compile(rf"([{SURNAMES}][{_HAN}]{{0,2}})(?=先生|女士|小姐|太太)")
_CALLED = re.compile(rf"(?:我叫|姓名[:：]?|联系人[:：]?|收件人[:：]?)\s?([{_HAN}]{{2,4}}?)(?=[，。,.；;！!\s（(]|$|的)")
_NO_NAMES = frozenset(
    (
        "Sir",
        "Sirs",
        "Madam",
        "Customer",
        "Support",
        "Team",
        "All",
        "Friends",
        "Everyone",
        "Guest",
        "Colleagues",
        "Manager",
    )
)


def emails(text: str) -> Iterator[Span]:
    """Spans of e-mail addresses."""
    return (match.span() for match in _EMAIL.finditer(text))


def urls(text: str) -> Iterator[Span]:
    """Spans of web addresses, which may carry whose page it is."""
    for match in _URL.finditer(text):
        yield match.start(), match.start() + len(match[0].rstrip(".,;:!?)]"))


def ips(text: str) -> Iterator[Span]:
    """Spans of IPv4 and IPv6 addresses; of an IPv6 address that ends in an IPv4 one, both."""
    for pattern, group in ((_IPV6, 1), (_IPV4, 0)):
        for match in pattern.finditer(text):
            try:
                ipaddress.ip_address(match[group])
            except ValueError:
                continue
            if match[group].strip(":"):
                yield match.span(group)


def phones(text: str) -> Iterator[Span]:
    """Spans of numbers that are valid in the plan of their country, or of one of ``REGIONS``.

    Raises:
        MissingExtraError: phonenumbers is not installed.
    """
    try:
        from phonenumbers import Leniency, PhoneNumberMatcher
    except ModuleNotFoundError as error:
        raise MissingExtraError("phonenumbers", "privacy") from error
    for run in _RUN.finditer(text):
        # The matcher takes a fresh look from every digit; without an end a column of digits would take it hours.
        for begin in range(run.start(), run.end(), _SLICE):
            part = text[max(0, begin - 2) : min(run.end(), begin + _SLICE + _OVERLAP)]
            for region in REGIONS if sum(map(str.isdigit, part)) >= _FEWEST else ():
                for match in PhoneNumberMatcher(part, region, leniency=Leniency.VALID, max_tries=_TRIES):
                    yield match.start + max(0, begin - 2), match.end + max(0, begin - 2)


def telephone(value: str) -> str | None:
    """A number with its country code and without marks (E.164), in the first of ``REGIONS`` that it is valid in."""
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_valid_number, parse

    for region in REGIONS:
        try:
            number = parse(value, region)
        except NumberParseException:
            return None
        if is_valid_number(number):
            return format_number(number, PhoneNumberFormat.E164)
    return None


def cards(text: str) -> Iterator[Span]:
    """Spans of payment card numbers: 13 to 19 digits with a right check digit."""
    is_valid = _number("luhn")
    for match in _DIGITS.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if 13 <= len(digits) <= 19 and digits[0] in "23456" and is_valid(digits):
            yield match.span()


def ids(text: str) -> Iterator[Span]:
    """Spans of Chinese resident numbers, US social security numbers, and passports that are named as such."""
    checks = ((_RESIDENT, "cn.ric"), (_SSN, "us.ssn"))
    for pattern, kind in checks:
        for match in pattern.finditer(text):
            if _number(kind)(match[0]):
                yield match.span()
    yield from (match.span(1) for match in _PASSPORT.finditer(text))
    yield from (match.span() for match in _PLATE.finditer(text))


def accounts(text: str) -> Iterator[Span]:
    """Spans of international bank account numbers with right check digits."""
    is_valid = _number("iban")
    return (match.span() for match in _IBAN.finditer(text) if is_valid(match[0]))


def addresses(text: str) -> Iterator[Span]:
    """Spans of postal addresses with a house number, and of postcodes."""
    yield from (match.span() for match in _ADDRESS_EN.finditer(text))
    for match in _ADDRESS_ZH.finditer(text):
        yield _with_town(text, *match.span())
    for match in _POSTCODE.finditer(text):
        yield match.span(1) if match[1] else match.span()


def _with_town(text: str, start: int, end: int) -> Span:
    """The address from its province, town or district on, of which the name before the unit has up to three letters."""
    before = _BEFORE_ZH.search(text, max(0, start - 30), start)
    begin = start if before is None else before.start()
    unit = _UNIT_ZH.search(text, begin + 2, end)
    return (start if unit is None else min(start, max(begin, unit.start() - 3))), end


def people(text: str) -> Iterator[Span]:
    """Spans of names that stand where a name must: after a title or a greeting, before 先生, after 我叫."""
    for pattern in (_TITLED, _NAMED, _CALLED, _FILLED, _ADDRESSED):
        for match in pattern.finditer(text):
            if match[1] not in _NO_NAMES:
                yield match.span(1)
    yield from chinese_people(text)


def _number(kind: str) -> Callable[[str], bool]:
    """The check of a kind of number.

    Raises:
        MissingExtraError: python-stdnum is not installed.
    """
    from importlib import import_module

    try:
        return import_module(f"stdnum.{kind}").is_valid
    except ModuleNotFoundError as error:
        raise MissingExtraError("python-stdnum", "privacy") from error


FINDERS: dict[str, Callable[[str], Iterator[Span]]] = {
    "email": emails,
    "url": urls,
    "ip": ips,
    "id": ids,
    "card": cards,
    "account": accounts,
    "phone": phones,
    "address": addresses,
    "name": people,
}
"""What is looked for, by kind; of two that meet the longer one counts, and of two as long the first of these."""
