"""Split rules of the spelling sets: real misspellings put into clean sentences, held-back rows, references.

Which word gets which misspelling is decided by hashes of seed and sentence, so it is the same on every machine.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from slmkit.benchmarks.datasets.base import Rows
from slmkit.benchmarks.datasets.splits import FromTrain, InPlace, draw_per_class
from slmkit.benchmarks.words import WORD, in_case_of
from slmkit.errors import DataError
from slmkit.pretraining.held_back import is_held_back, is_sentence_held_back

_PLAIN = re.compile(r"[a-z]+|[A-Z][a-z]*|[A-Z]{2,}")


@dataclass(frozen=True)
class Misspell:
    """Make ``dev`` of the rows of ``clean``: ``per_source`` sentences of each source, ``rate`` of their words misspelt.

    Only misspellings of held-back words are put in. A sentence that holds any misspelling of the dictionary is not
    clean and is left out; so is a sentence of ``careless`` sources with a lower-case word that neither the other
    sources nor a second of its own sentences has, since most of those words are slips.
    """

    rate: float
    per_source: int
    seed: int
    careless: tuple[str, ...] = ()

    @property
    def changes(self) -> frozenset[str]:
        """Dev."""
        return frozenset(("dev",))

    @property
    def needs(self) -> frozenset[str]:
        """Sentences and dictionary."""
        return frozenset(("clean", "errors"))

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Choose and misspell."""
        errors = splits["errors"]
        rows = _clean(splits["clean"], set(errors.inputs), self.careless)
        right = rows.take(draw_per_class(rows, self.per_source, seed=self.seed)).inputs
        known = wrong_forms(errors)
        splits["dev"] = Rows(misspelt(right, known, rate=self.rate, seed=self.seed), list(right))


def wrong_forms(errors: Rows) -> dict[str, list[str]]:
    """The misspellings of each held-back word, in order of the alphabet."""
    found: dict[str, set[str]] = defaultdict(set)
    for wrong, right in zip(errors.inputs, errors.labels, strict=True):
        if is_held_back(right) and wrong != right:
            found[right].add(wrong)
    return {right: sorted(wrong) for right, wrong in found.items()}


def misspelt(sentences: Sequence[str], known: Mapping[str, Sequence[str]], *, rate: float, seed: int) -> list[str]:
    """The sentences with ``rate`` of all their words misspelt.

    Each sentence takes its share, and what earlier ones could not take because too few of their words are ``known``.

    Raises:
        DataError: The sentences have too few words that can be misspelt.
    """
    made, owed = [], 0.0
    for sentence in sentences:
        words = list(WORD.finditer(sentence))
        owed += rate * len(words)
        able = [m for m in words if _PLAIN.fullmatch(m[0]) and m[0].lower() in known]
        chosen = sorted(able, key=lambda m: _hash(seed, "place", sentence, m.start()))[: int(owed)]
        owed -= len(chosen)
        made.append(_with_errors(sentence, chosen, known, seed))
    if owed > 1 + rate * sum(len(WORD.findall(s)) for s in sentences) / 100:
        raise DataError(f"{owed:.0f} misspellings more were asked for than the sentences have words for")
    return made


def _with_errors(sentence: str, chosen: Sequence[re.Match[str]], known: Mapping[str, Sequence[str]], seed: int) -> str:
    for match in sorted(chosen, key=lambda m: -m.start()):
        forms = known[match[0].lower()]
        wrong = forms[_hash(seed, "form", sentence, match.start()) % len(forms)]
        sentence = sentence[: match.start()] + in_case_of(match[0], wrong) + sentence[match.end() :]
    return sentence


def _hash(seed: int, what: str, sentence: str, place: int) -> int:
    digest = hashlib.sha256(f"{seed}\x1e{what}\x1e{place}\x1e{sentence}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")


def _clean(rows: Rows, wrong: AbstractSet[str], careless: Collection[str]) -> Rows:
    tokens = [frozenset(WORD.findall(sentence)) for sentence in rows.inputs]
    trusted: set[str] = set()
    once: set[str] = set()
    for words, source in zip(tokens, rows.labels, strict=True):
        if source in careless:
            trusted |= words & once
            once |= words
        else:
            trusted |= words

    def fits(words: frozenset[str], source: str) -> bool:
        if not wrong.isdisjoint(map(str.lower, words)):
            return False
        return source not in careless or all(word in trusted for word in words if word.islower())

    kept = [i for i, (words, source) in enumerate(zip(tokens, rows.labels, strict=True)) if fits(words, source)]
    return rows.take(kept)


@dataclass(frozen=True)
class CarveSentences(FromTrain):
    """Move the rows whose right sentence is held back from train into dev."""

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Carve."""
        rows = splits["train"]
        held = [is_sentence_held_back(right) for right in rows.labels]
        splits["dev"] = rows.take([i for i, out in enumerate(held) if out])
        splits["train"] = rows.take([i for i, out in enumerate(held) if not out])


@dataclass(frozen=True)
class References(InPlace):
    """Put the files of ``split``, read line by line and labelled by their side, together: ``source`` and references."""

    split: str
    source: str = "src"

    def apply(self, splits: dict[str, Rows], other: Callable[[str, str], Rows]) -> None:
        """Put together."""
        sides: dict[str, list[str]] = defaultdict(list)
        for line, side in zip(splits[self.split].inputs, splits[self.split].labels, strict=True):
            sides[side].append(line)
        if len({len(side) for side in sides.values()}) != 1 or self.source not in sides:
            raise DataError(f"the sides are not parallel: { {side: len(found) for side, found in sides.items()} }")
        inputs = sides.pop(self.source)
        splits[self.split] = Rows(inputs, [list(texts) for texts in zip(*sides.values(), strict=True)])
