"""Word lists and regular expressions that add entities or veto those of a model, in the style of ``EntityRuler``."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from slmkit.errors import InputError
from slmkit.tasks.knowledge.entities.candidates import Flat, Nested
from slmkit.tasks.knowledge.entities.entity import Entity, Span
from slmkit.text.language import is_cjk, language

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.matcher import Matcher

_KEYS = frozenset({"label", "pattern", "regex", "veto", "ignore_case", "id"})
_SEED = 2  # characters by which a phrase is looked for

_ONE_AT_A_TIME = Lock()
"""A zone of a vocabulary, which all rules share, is of one text alone."""


@dataclass(frozen=True)
class _Regex:
    pattern: re.Pattern[str]
    label: str
    veto: bool


class Rules:
    """What a caller knows by name.

    Args:
        given: dicts with a ``label`` and one of:

            - ``pattern``: a phrase, found where it stands as whole words; or a list of spaCy's token patterns;
            - ``regex``: a regular expression.

            ``"veto": True`` takes entities of the label (any, without a label) away that lie inside of a match.
            ``"ignore_case": True`` finds them in any case.

    Raises:
        InputError: one of them is no such thing.
    """

    def __init__(self, given: Iterable[Mapping[str, Any]] = ()) -> None:
        if isinstance(given, (str, Mapping)):
            raise InputError(f"rules: give a list of dicts, not {type(given).__name__}")
        self._phrases = {False: _Phrases(), True: _Phrases(fold=True)}
        self._regexes: list[_Regex] = []
        self._tokens: list[tuple[list[dict[str, Any]], str, bool]] = []
        self._matchers: dict[str, Matcher] = {}
        for number, rule in enumerate(given):
            self._take(rule, f"rule {number}")
        self._any = bool(self._regexes or self._tokens or any(map(len, self._phrases.values())))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._any

    def _take(self, rule: Mapping[str, Any], where: str) -> None:
        if not isinstance(rule, Mapping) or set(rule) - _KEYS or ("pattern" in rule) == ("regex" in rule):
            raise InputError(f"{where}: {rule!r}: give a dict with label, and pattern or regex (and veto, ignore_case)")
        label, veto = rule.get("label", ""), bool(rule.get("veto"))
        if not isinstance(label, str) or not (label or veto):
            raise InputError(f"{where}: {rule!r} has no label; only a veto may do without")
        folds, pattern = bool(rule.get("ignore_case")), rule.get("pattern", rule.get("regex"))
        if isinstance(pattern, list) and "pattern" in rule and pattern and all(isinstance(t, Mapping) for t in pattern):
            self._tokens.append(([dict(token) for token in pattern], label, veto))
        elif not isinstance(pattern, str) or not pattern.strip():
            raise InputError(f"{where}: {rule!r}: a pattern is a text, or a list of token patterns")
        elif "pattern" in rule:
            self._phrases[folds].add(pattern.strip(), label, veto)
        else:
            try:
                compiled = re.compile(pattern, re.IGNORECASE if folds else 0)
            except re.error as error:
                raise InputError(f"{where}: {pattern!r} is no regular expression: {error}") from None
            self._regexes.append(_Regex(compiled, label, veto))

    def matches(self, text: str) -> tuple[list[Span], list[Span]]:
        """Spans to add, and spans to veto (of any type where the type is empty), each in order."""
        found: dict[bool, set[Span]] = {False: set(), True: set()}
        for phrases in self._phrases.values():
            for veto, span in phrases.find(text):
                found[veto].add(span)
        for rule in self._regexes:
            for match in rule.pattern.finditer(text):
                start, end = _trim(text, *match.span())
                if start < end:
                    found[rule.veto].add((start, end, rule.label))
        if self._tokens:
            for veto, span in self._of_tokens(text):
                found[veto].add(span)
        return sorted(found[False], key=lambda s: (s[0], -s[1])), sorted(found[True])

    def _of_tokens(self, text: str) -> list[tuple[bool, Span]]:
        code = language(text)
        nlp = _blank(code)
        with _ONE_AT_A_TIME:
            if code not in self._matchers:
                self._matchers[code] = self._matcher(nlp)
            found = []
            # What is new in a text is forgotten at the end of the zone; else the vocabulary would grow with every text.
            with nlp.memory_zone():
                doc = nlp.make_doc(text)
                for key, start, end in self._matchers[code](doc):
                    _, label, veto = self._tokens[int(nlp.vocab.strings[key])]
                    span = doc[start:end]
                    found.append((veto, (span.start_char, span.end_char, label)))
                del doc
        return found

    def _matcher(self, nlp: Language) -> Matcher:
        from spacy.matcher import Matcher

        matcher = Matcher(nlp.vocab)
        for number, (tokens, _, _) in enumerate(self._tokens):
            try:
                matcher.add(str(number), [tokens], greedy="LONGEST")
            except Exception as error:  # spaCy's own and pydantic's
                raise InputError(f"{tokens!r} are no token patterns: {error}") from None
        return matcher

    def apply(self, text: str, entities: Sequence[Entity], *, nested: bool) -> list[Entity]:
        """The entities of a text without what is vetoed and with what is added, whose score is 1; in order.

        Args:
            text: itself. entities: that a model found.
            nested: keep those that lie inside what is added, or around it; else what overlaps it goes. Of what is added
            and overlaps the longest stays.
        """
        if not self:
            return list(entities)
        added, against = self.matches(text)
        vetoes = _Vetoes(against)
        taken = Nested() if nested else Flat(len(text))
        longest = sorted(added, key=lambda span: (span[0] - span[1], span))
        own = [span for span in longest if not vetoes.against(span) and taken.take(*span)]
        kept = [
            each
            for each in entities
            if not vetoes.against((each.start, each.end, each.type)) and taken.take(each.start, each.end, each.type)
        ]
        made = [Entity(text[start:end], start, end, kind, 1.0) for start, end, kind in own]
        return sorted([*kept, *made], key=lambda each: (each.start, -each.end, each.type))


class _Vetoes:
    """Spans that entities of a type (of any, where it is empty) must not lie in."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._by_type: dict[str, tuple[list[int], list[int]]] = {}
        for start, end, kind in sorted(spans):
            starts, reach = self._by_type.setdefault(kind, ([], []))
            starts.append(start)
            reach.append(max(end, reach[-1] if reach else 0))  # how far those that begin here or before go

    def against(self, span: Span) -> bool:
        for kind in ("", span[2]):
            starts, reach = self._by_type.get(kind, ([], []))
            at = bisect_right(starts, span[0])
            if at and reach[at - 1] >= span[1]:
                return True
        return False


class _Phrases:
    """Phrases, found by their first characters."""

    def __init__(self, *, fold: bool = False) -> None:
        self._fold = fold
        self._meanings: dict[str, set[tuple[str, bool]]] = defaultdict(set)
        self._lengths: dict[str, set[int]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._meanings)

    def add(self, phrase: str, label: str, veto: bool) -> None:
        phrase = _folded(phrase) if self._fold else phrase
        self._meanings[phrase].add((label, veto))
        self._lengths[phrase[:_SEED]].add(len(phrase))

    def find(self, text: str) -> Iterable[tuple[bool, Span]]:
        if not self._meanings:
            return
        read = _folded(text) if self._fold else text
        shortest = {seed for seed in self._lengths if len(seed) < _SEED}
        for start in range(len(read)):
            seeds = {read[start : start + _SEED]} | ({read[start]} & shortest)
            for length in {length for seed in seeds for length in self._lengths.get(seed, ())}:
                end = start + length
                for label, veto in self._meanings.get(read[start:end], ()):
                    if _parts(text, start) and _parts(text, end):
                        yield veto, (start, end, label)


def _folded(text: str) -> str:
    """In lower case, character by character, so that places stay."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _parts(text: str, at: int) -> bool:
    """Whether a word may begin or end between two characters."""
    if not 0 < at < len(text):
        return True
    before, after = text[at - 1], text[at]
    return not (before.isalnum() and after.isalnum()) or is_cjk(before) or is_cjk(after)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    kept = text[start:end]
    start += len(kept) - len(kept.lstrip())
    return start, start + len(kept.strip())


@lru_cache(maxsize=2)
def _blank(code: str) -> Language:
    import spacy

    return spacy.blank(code)
