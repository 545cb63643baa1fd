"""What the mentions of one document stand for, told by the document alone.

A surname stands for the person whose full name came before it, an acronym for the long name that the text explains, a
pronoun for the person who was named last. A pure function of the text and its mentions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from slmkit.tasks.knowledge.records import Mention
from slmkit.tasks.knowledge.rules import is_abbreviation, is_acronym
from slmkit.tasks.knowledge.stated import says_same
from slmkit.tasks.knowledge.surfaces import Form, analyse, clean, initials
from slmkit.tasks.knowledge.words import family_of, words

_PRONOUNS = frozenset(["he", "him", "his", "himself", "she", "her", "hers", "herself", "他", "她", "他自己", "她自己"])
_SCORES = {"": 1.0, "stated": 0.95, "acronym": 0.9, "surname": 0.9, "given name": 0.8, "short name": 0.8}
_SCORES |= {"abbreviation": 0.8, "pronoun": 0.6}
STATED = 0.95
_KEY = 30  # characters of a key


@dataclass(frozen=True)
class Use:
    """A mention that stands for a name.

    Attributes:
        mention: which. surface: as it is written. name: the name that it stands for, as that is written; the same as
            ``surface`` where the mention is a name by itself. family: of the thing. rule: why it stands for the name,
            "" where it is that name. score: 0 to 1. bound: whether the name means something in this document alone.
    """

    mention: Mention
    surface: str
    name: str
    family: str
    rule: str
    score: float
    bound: bool


@dataclass(frozen=True)
class Reading:
    """A document read: how each mention is used (None: a pronoun that stands for nobody), and names that it equates.

    ``stated`` holds pairs of names of a family, the short or other name first.
    """

    uses: tuple[Use | None, ...]
    stated: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class _Read:
    mention: Mention
    form: Form
    pronoun: bool


def read(text: str, mentions: Sequence[Mention]) -> Reading:
    """Resolve the mentions of a document, which come in the order of the text."""
    reads = [_take(mention) for mention in mentions]
    local: dict[int, tuple[int, str]] = {}
    stated: dict[tuple[str, str, str], None] = {}
    for short, long in _stated_pairs(text, reads):
        form = reads[short].form
        if form.acronym or (form.family == "organization" and form.folded in words().generic):
            for other, each in enumerate(reads):
                if each.form.folded == form.folded and each.form.family == form.family:
                    local.setdefault(other, (long, "stated"))
        else:
            stated[form.family, form.surface, reads[long].form.surface] = None
    names = _Names(reads)
    for at, each in enumerate(reads):
        if at not in local and not each.pronoun:
            found = _resolve(at, reads, names)
            if found is not None:
                local[at] = found
    uses: list[Use | None] = []
    for at, each in enumerate(reads):
        uses.append(_pronoun(at, reads, uses) if each.pronoun else _use(each, reads, _follow(at, local)))
    return Reading(tuple(uses), tuple(stated))


def _follow(at: int, local: dict[int, tuple[int, str]]) -> tuple[int, str] | None:
    """What a mention stands for in the end; two that stand for each other stand for themselves."""
    if at not in local:
        return None
    target, rule = local[at]
    seen = {at}
    while target in local:
        if target in seen:
            return None
        seen.add(target)
        target = local[target][0]
    return target, rule


def _take(mention: Mention) -> _Read:
    surface, family = clean(mention.text), family_of(mention.type)
    pronoun = surface.casefold() in _PRONOUNS and family in ("person", "")
    return _Read(mention, analyse(surface, family), pronoun)


def _stated_pairs(text: str, reads: Sequence[_Read]) -> Iterator[tuple[int, int]]:
    for at in range(len(reads) - 1):
        one, two = reads[at], reads[at + 1]
        gap = text[one.mention.end : two.mention.start]
        if one.pronoun or two.pronoun or two.mention.start < one.mention.end or one.form.core == two.form.core:
            continue
        if says_same(gap, text[two.mention.end : two.mention.end + 3], one.form, two.form):
            turned = is_acronym(one.form, two.form) if one.form.acronym else is_abbreviation(one.form, two.form)
            yield (at, at + 1) if turned else (at + 1, at)


def _use(each: _Read, reads: Sequence[_Read], found: tuple[int, str] | None) -> Use:
    form = each.form
    if found is not None:
        target, rule = found
        return Use(each.mention, form.surface, reads[target].form.surface, form.family, rule, _SCORES[rule], False)
    # "Mr. Smith" whom nothing explains is somebody else in the next document.
    bound = form.family == "person" and not form.full and (form.civil or (form.han and len(form.core) < 3))
    return Use(each.mention, form.surface, form.surface, form.family, "", 1.0, bound)


def _pronoun(at: int, reads: Sequence[_Read], uses: Sequence[Use | None]) -> Use | None:
    for earlier in range(at - 1, -1, -1):
        use = uses[earlier]
        if use is not None and use.family == "person" and not reads[earlier].pronoun:
            form = reads[at].form
            return Use(reads[at].mention, form.surface, use.name, "person", "pronoun", _SCORES["pronoun"], use.bound)
    return None


def _resolve(at: int, reads: Sequence[_Read], names: _Names) -> tuple[int, str] | None:
    """Which other mention this one stands for, and by which rule."""
    form = reads[at].form
    rules: tuple[str, ...]
    if form.family == "person" and (not form.full or (form.han and len(form.tokens) == 1)):
        rules = ("surname", "given name")
        found = [names.nearest(at, form, rule) for rule in rules]
    else:
        whole = ("short name", "abbreviation") if form.family == "organization" else ()
        rules = ("acronym",) if form.acronym else whole
        found = [names.only(form, rule) for rule in rules]
    return next(((target, rule) for target, rule in zip(found, rules, strict=True) if target is not None), None)


Fits = Callable[[Form, Form], bool]


class _Names:
    """The names of a document, so kept that a short form is compared with few of them, and once."""

    def __init__(self, reads: Sequence[_Read]) -> None:
        self._places: dict[Form, list[int]] = {}
        for number, each in enumerate(reads):
            if not each.pronoun:
                self._places.setdefault(each.form, []).append(number)
        self._kept: dict[str, dict[tuple[str, str], list[Form]]] = {}
        self._found: dict[tuple[str, Form], tuple[list[int], bool]] = {}

    def only(self, form: Form, rule: str) -> int | None:
        """The first mention that a short form may stand for by a rule, if all such mentions are of one name."""
        places, one = self._fitting(form, rule)
        return places[0] if one else None

    def nearest(self, at: int, form: Form, rule: str) -> int | None:
        """The last one before a place; else the first one after it, if all after it are of one name."""
        places, one = self._fitting(form, rule)
        before = bisect_left(places, at)
        return places[before - 1] if before else places[0] if one else None

    def _fitting(self, form: Form, rule: str) -> tuple[list[int], bool]:
        """The mentions that a short form may stand for, and whether they are of one name."""
        if (rule, form) not in self._found:
            found: dict[Form, None] = {}
            for key in _LONG[rule].short(form):
                near = self._under(rule).get((form.family, key[:_KEY]), ())
                found.update(dict.fromkeys(each for each in near if each != form and _LONG[rule].fits(form, each)))
            places = sorted(place for each in found for place in self._places[each])
            self._found[rule, form] = places, len({each.core for each in found}) == 1
        return self._found[rule, form]

    def _under(self, rule: str) -> dict[tuple[str, str], list[Form]]:
        if rule not in self._kept:
            kept = self._kept[rule] = {}
            for form in self._places:
                for key in _LONG[rule].long(form):
                    kept.setdefault((form.family, key[:_KEY]), []).append(form)
        return self._kept[rule]


def _is_surname(short: Form, long: Form) -> bool:
    if long.family != "person" or not long.full or short.han != long.han or short.core == long.core:
        return False
    if short.han and len(long.tokens) == 1:
        return not short.full and long.core.startswith(short.core)
    return long.tokens[-len(short.tokens) :] == short.tokens


def _is_given_name(short: Form, long: Form) -> bool:
    if long.family != "person" or not long.full or short.han != long.han or short.core == long.core:
        return False
    if short.han and len(long.tokens) == 1:
        return len(short.folded) == 2 and len(long.core) == 3 and long.core.endswith(short.folded)
    return long.tokens[: len(short.tokens)] == short.tokens


def _is_beginning(short: Form, long: Form) -> bool:
    """Whether an organisation is called by the first words of its name: "Ford" for "Ford Motor Company"."""
    if short.core in words().generic or short.core == long.core or short.han != long.han:
        return False
    if short.han:  # 清华大学 is another one than 清华大学附属中学
        whole = short.folded.endswith(words().institution_zh)
        return not whole and len(short.core) >= 2 and long.core.startswith(short.core)
    return len(short.tokens) == 1 and long.tokens[:1] == short.tokens


@dataclass(frozen=True)
class _Long:
    """Which long names a short one may stand for: those that fit. Such a pair has a key in common."""

    fits: Fits
    short: Callable[[Form], Iterable[str]]
    long: Callable[[Form], Iterable[str]]


def _beginnings(form: Form) -> Iterable[str]:
    last = min(len(form.core), _KEY + 1)
    return (form.core[:end] for end in range(1, last)) if form.han else ()


_LONG = {
    "surname": _Long(_is_surname, lambda form: {form.core}, lambda form: {*_beginnings(form), *form.tokens[-1:]}),
    "given name": _Long(
        _is_given_name, lambda form: {form.core, form.folded}, lambda form: {form.core[-2:], *form.tokens[:1]}
    ),
    "acronym": _Long(is_acronym, lambda form: {form.acronym}, initials),
    "short name": _Long(_is_beginning, lambda form: {form.core}, lambda form: {*_beginnings(form), *form.tokens[:1]}),
    "abbreviation": _Long(
        is_abbreviation,
        lambda form: {form.core[:1] + form.core[-1:]} if form.han and len(form.core) <= 4 else (),
        lambda form: {form.folded[0] + char for char in form.folded[1:]} if form.han else (),
    ),
}
