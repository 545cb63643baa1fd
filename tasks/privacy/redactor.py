"""``Redactor``: blanks, labels or pseudonymises what names or reaches a person."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from base64 import b32encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmkit.errors import InputError
from slmkit.tasks.inputs import as_series_like, as_texts
from slmkit.tasks.parameters import Parameters
from slmkit.tasks.privacy.finders import FINDERS, Span, telephone
from slmkit.text.spans import longest_apart, replaced

if TYPE_CHECKING:
    from slmkit.core import SLM
    from slmkit.tasks.knowledge import EntityRecognizer

STYLES = ("label", "pseudonym", "mask")
PERSON_TYPES = frozenset(("person", "per", "name", "people"))
_LETTERS = 8  # of a pseudonym: two values meet by chance once in a million tables of a thousand names
_NOT_LETTERS = re.compile(r"[\W_]+")


class Redactor(Parameters):
    """Takes names, phones, e-mails, identity numbers, cards, accounts and addresses out of texts.

    Numbers are known by their plans and check digits. Names are known by rules, where a title, a greeting or a form's
    word stands beside them, and by an entity recognizer where one ships or is given; without it most names in running
    text stay. Nothing of a text goes into messages or logs.

    Args:
        style: "label" puts ``[PHONE]`` in the place of what was found, "pseudonym" ``[PHONE-K2J5WQ7A]``, the same for
            the same value in every row and table under one key, "mask" one ``█`` for each character.
        kinds: what is looked for; None for all: ``email``, ``url``, ``ip``, ``id``, ``card``, ``account``, ``phone``,
            ``address``, ``name``.
        key: of pseudonyms, a secret of yours; with the same key other tables get the same ones. None draws one, so
            that the pseudonyms of another run are others, and a file run that was cut off cannot go on.
        keep: values that are never taken out, as your own hotline; spaces, marks and case do not matter.
        patterns: what else is taken out: a mapping from a label to a regular expression.
        recognizer: the folder of a saved ``EntityRecognizer`` for the names; None takes the shipped one, if any.
        slm: the core, or the folder of one; None takes the one that ships with the package.
    """

    name = "redact"
    columns = ("redacted", "found")
    column_types: Mapping[str, type] = {"redacted": str, "found": str}

    def __init__(
        self,
        style: str = "label",
        *,
        kinds: Sequence[str] | None = None,
        key: str | None = None,
        keep: Sequence[str] = (),
        patterns: Mapping[str, str] | None = None,
        recognizer: str | Path | None = None,
        slm: SLM | str | Path | None = None,
    ) -> None:
        self.style = style
        self.kinds = kinds
        self.key = key
        self.keep = keep
        self.patterns = patterns
        self.recognizer = recognizer
        self.slm = slm

    def predict(self, texts: Any) -> Any:
        """Redact texts.

        Args:
            texts: one str, or a list, array or Series of them.

        Returns:
            A str for a str, a Series for a Series, a list for everything else.

        Raises:
            InputError: a row that is no text, or a parameter out of range.
            MissingExtraError: an optional dependency is not installed.
        """
        if isinstance(texts, str):
            return self._redacted([texts])[0][0]
        made, index = [text for text, _ in self._redacted(as_texts(texts))], as_series_like(texts)
        if index is None:
            return made
        import pandas as pd

        return pd.Series(made, index=index, name=self.columns[0], dtype="str")

    def find(self, text: str) -> list[dict[str, Any]]:
        """What would be taken out: ``{"start", "end", "kind", "replacement"}`` in order, without the text itself."""
        if not isinstance(text, str):
            raise InputError(f"find: got {type(text).__name__}, expected one str")
        return self._redacted([text])[0][1]

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """One dict a text, for tables: the redacted text, and what was found as JSON."""
        return [{"redacted": made, "found": json.dumps(found)} for made, found in self._redacted(list(texts))]

    def __repr__(self) -> str:
        told = super().__repr__()  # the key is a secret
        return told if self.key is None else told.replace(f"key={self.key!r}", "key=…")

    @property
    def fingerprint(self) -> str:
        """Identifies the settings and the recognizer, so that an interrupted table is never finished by another one."""
        key = self._secret() if self.style == "pseudonym" else None
        told = [self.style, self._kinds(), sorted(self.keep), self.patterns, key]
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]
        names = self._recognizer()
        made = digest if names is None else f"{digest}/{names.fingerprint}"
        if not self.drawn_options:
            return made
        # The error of a run that cannot go on shows this and says to ask for the same again, which nobody can here.
        return f"{made} with a drawn key (only a run begun with key=…, as in --option key=…, can go on)"

    @property
    def drawn_options(self) -> dict[str, Any]:
        """The options that this object drew for itself; one that is to give the same results needs them too."""
        return {"key": self._secret()} if self.style == "pseudonym" and self.key is None else {}

    def _redacted(self, texts: list[str]) -> list[tuple[str, list[dict[str, Any]]]]:
        kinds, own = self._kinds(), self._patterns()
        if self.style not in STYLES:
            raise InputError(f"style {self.style!r}: give one of {', '.join(STYLES)}")
        kept = {_plain(value, kind) for value in self.keep for kind in ("", *(k for k in kinds if k == "phone"))}
        names = self._names(texts) if "name" in kinds else [[] for _ in texts]
        made = []
        for text, people in zip(texts, names, strict=True):
            spans = [(span, kind) for kind in kinds for span in FINDERS[kind](text)]
            spans += [(span, "name") for span in people]
            spans += [(match.span(), label) for label, pattern in own.items() for match in pattern.finditer(text)]
            wanted = [(span, kind) for span, kind in spans if _plain(text[slice(*span)], kind) not in kept]
            found: list[dict[str, Any]] = [
                {"start": a, "end": b, "kind": kind, "replacement": self._replacement(text[a:b], kind)}
                for (a, b), kind in longest_apart(wanted, len(text))
            ]
            made.append((replaced(text, ((each["start"], each["end"], each["replacement"]) for each in found)), found))
        return made

    def _replacement(self, value: str, kind: str) -> str:
        if self.style == "mask":
            return "█" * len(value)
        label = kind.upper()
        if self.style == "label":
            return f"[{label}]"
        told = f"{kind}\x1e{_plain(value, kind)}".encode("utf-8", "surrogatepass")
        digest = hmac.new(self._secret().encode("utf-8", "surrogatepass"), told, hashlib.sha256).digest()
        return f"[{label}-{b32encode(digest).decode()[:_LETTERS]}]"

    def _kinds(self) -> list[str]:
        kinds = list(FINDERS) if self.kinds is None else list(self.kinds)
        unknown = [kind for kind in kinds if kind not in FINDERS]
        if unknown:
            raise InputError(f"kind {unknown[0]!r} is not known; the kinds are: {', '.join(FINDERS)}")
        return kinds

    def _patterns(self) -> dict[str, re.Pattern[str]]:
        made = {}
        for label, pattern in (self.patterns or {}).items():
            try:
                made[str(label)] = re.compile(pattern)
            except (re.error, TypeError) as error:
                raise InputError(f"patterns: {label!r} is no regular expression: {error}") from None
        return made

    def _secret(self) -> str:
        if self.key is None:
            return self.__dict__.setdefault("_drawn", secrets.token_hex(32))
        if not isinstance(self.key, str) or not self.key:
            raise InputError("key: give a text that is not empty")
        return self.key

    def _names(self, texts: list[str]) -> list[list[Span]]:
        recognizer = self._recognizer()
        if recognizer is None:
            return [[] for _ in texts]
        found = recognizer.predict(texts)
        return [[(each.start, each.end) for each in own if each.type.lower() in PERSON_TYPES] for own in found]

    def _recognizer(self) -> EntityRecognizer | None:
        held = self.__dict__.get("_entities")
        if held is None or held[0] != self.recognizer:
            from slmkit.tasks.base import ships

            own = None
            if self.recognizer is not None or ships("entities"):
                from slmkit.tasks.knowledge import EntityRecognizer

                model = None if self.recognizer is None else str(self.recognizer)
                own = EntityRecognizer(model=model, slm=self._core())
            held = self.__dict__["_entities"] = self.recognizer, own
        return held[1]


def _plain(value: str, kind: str) -> str:
    """What does not change when a value is written otherwise: its letters and digits, in small letters.

    Of a phone number that is the whole number, with its country's code.
    """
    whole = telephone(value) if kind == "phone" else None
    return whole or _NOT_LETTERS.sub("", value).lower()
