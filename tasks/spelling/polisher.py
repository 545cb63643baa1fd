"""``Polisher``: grammar and fluency by the decoder, as single edits with reasons, never as a silent rewriting."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks.generation.writing_task import WritingTask
from slmkit.tasks.inputs import as_series_like, as_texts
from slmkit.tasks.spelling.content import keeping_content
from slmkit.tasks.spelling.edits import Edit, edits_between
from slmkit.tasks.spelling.foreign import unknown_script
from slmkit.tasks.spelling.given import pairs_of
from slmkit.tasks.spelling.guard import Guard
from slmkit.text.sentences import sentence_spans
from slmkit.text.spans import replaced

if TYPE_CHECKING:
    from slmkit.core import SLM
    from slmkit.tasks.spelling.correction import Correction
    from slmkit.tasks.spelling.corrector import SpellCorrector

START = "clean"
PRESETS: Mapping[str, float] = {"careful": 0.95, "balanced": 0.8, "eager": 0.5}
DEFAULTS: Mapping[str, Any] = {"num_beams": 4, "length_penalty": 1.0}
LONGEST = 120  # tokens of a sentence; the decoder learned from none that were longer
ROOM, STRIDE = 8, 16  # tokens that a better sentence may have more; by which lengths differ that are written together
_PRONOUN = re.compile(r"I(?:['’].*|\W*)")
TOO_LONG = "a sentence of more than 120 tokens"


@dataclass(frozen=True)
class Sentence:
    """A sentence of a text, without the white space around it.

    Attributes:
        number: of the text. start: its first character there. text: what it is.
    """

    number: int
    start: int
    text: str


class Polisher(WritingTask):
    """Mends grammar and fluency, sentence by sentence: words missing, unneeded or out of order, articles, agreement.

    The decoder writes each sentence anew. What differs from what stands there is taken apart into edits; each is judged
    by how much more likely the decoder finds the sentence with it than without, and made only from ``threshold`` on.
    Edits that would touch an address, code, a name or a number are never made; nor are those that bring or take a word
    that says something, unless ``fit`` was called, whose pairs decide that. Where none is made, the speller is asked,
    where one ships.

    Args:
        threshold: the probability from which an edit is made, or a preset: "careful" 0.95, "balanced" 0.8, "eager" 0.5.
        spelling: whether spelling is corrected where the decoder changes nothing; None where a speller ships.
        words: never touched. patterns: regular expressions of what is never touched.
        settings: of the search, over the defaults (``num_beams`` 4 …), see ``GenerationConfig``.
        random_state: of ``fit``. verbose: 1 shows budget and progress of a fit on stderr.
        slm: the core, or the folder of one; None takes the one that ships with the package.
    """

    name = "polish"
    columns = ("target", "errors", "reason")

    def __init__(
        self,
        threshold: str | float = "balanced",
        *,
        spelling: bool | None = None,
        words: Sequence[str] = (),
        patterns: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
        random_state: int | None = 0,
        verbose: int = 0,
        slm: SLM | str | Path | None = None,
    ) -> None:
        self.threshold = threshold
        self.spelling = spelling
        self.words = words
        self.patterns = patterns
        self.settings = settings
        self.random_state = random_state
        self.verbose = verbose
        self.slm = slm

    @property
    def _start(self) -> str | None:
        """A core that was not taught to polish has no mark for it; what is fitted on it begins with the plain one."""
        own = self._core().config.decoder
        return START if own is not None and START in own.starts else None

    def predict(self, X: Any) -> Any:
        """Polish texts.

        Args:
            X: one str, or a list, array or Series of them.

        Returns:
            As ``SpellCorrector.predict``: ``{"source", "target", "errors", "left_alone"}`` for one text, a list of them
            for many, a frame for a Series. Every error also has a ``reason``; one that only adds words has an empty
            ``wrong``.

        Raises:
            InputError: a row that is no text, or a parameter out of range.
            CheckpointError: the core has no decoder, or it was not taught to polish.
        """
        if isinstance(X, str):
            return self._corrections([X])[0]
        made, index = self._corrections(as_texts(X)), as_series_like(X)
        if index is None:
            return made
        import pandas as pd

        return pd.DataFrame(made, columns=["source", "target", "errors"], index=index)

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """One dict a text, for tables: the target, the errors as JSON, and what was left alone and why, or None."""
        from slmkit.tasks.spelling.correction import as_row

        return [as_row(made) for made in self._corrections(list(texts))]

    def fit(self, X: Any, y: Any = None, **options: Any) -> Polisher:
        """Learn from pairs of one's own: tunes a branch of the encoder and the decoder (about 17 MB when saved).

        Args:
            X: texts as written, a list, array or Series of str; or a frame with the columns ``wrong`` and ``right``.
            y: each as it should be; the same text where nothing is wrong.
            **options: fields of ``WriterRecipe``: depth, epochs, learning_rate …

        Raises:
            InputError: rows that are no texts, an unknown or impossible option.
        """
        return super().fit(*pairs_of(X, y), **options)

    def _write(self, texts: list[str]) -> list[str]:
        return [made["target"] for made in self._corrections(texts)]

    def _corrections(self, texts: list[str]) -> list[Correction]:
        from slmkit.tasks.spelling.correction import corrected

        least, guard = self._threshold(), Guard(self.words, self.patterns)
        sentences = [each for number, text in enumerate(texts) for each in _sentences(number, text)]
        errors: list[list[dict[str, Any]]] = [[] for _ in texts]
        left: list[list[tuple[int, int, str]]] = [[] for _ in texts]
        read = []
        for sentence in sentences:
            reason = self._reason_to_leave(sentence.text)
            if reason is None:
                read.append(sentence)
            else:
                left[sentence.number].append((sentence.start, sentence.start + len(sentence.text), reason))
        spans = [guard.spans(text) for text in texts]
        untouched = []
        for sentence, found in zip(read, self._edits([each.text for each in read]), strict=True):
            kept = _allowed(sentence, [each for each in found if each[1] >= least], spans[sentence.number])
            if not hasattr(self, "model_"):
                keeping = keeping_content(sentence.text, [edit for edit, _ in kept])
                kept = [each for each in kept if each[0] in keeping]
            errors[sentence.number] += [_error(sentence, edit, score) for edit, score in kept]
            if not kept:
                untouched.append(sentence)
        speller = self._speller()
        if speller is not None:
            for sentence, made in zip(untouched, speller.predict([each.text for each in untouched]), strict=True):
                errors[sentence.number] += [_moved(error, sentence.start) for error in made["errors"]]
        for each in errors:
            each.sort(key=lambda error: (error["start"], error["end"]))
        return [corrected(*each) for each in zip(texts, errors, left, strict=True)]

    def _edits(self, sentences: Sequence[str]) -> list[list[tuple[Edit, float]]]:
        """The edits that would make a better sentence of each, with the probability of each."""
        wanted = list(dict.fromkeys(sentences))
        fitted = hasattr(self, "model_")
        start = self.model_.start if fitted else self._start
        if start is None and not fitted:
            raise CheckpointError(
                "this core was not taught to polish; fit it on pairs of your own with Polisher().fit(wrong, right)"
            )
        writer, encode = self.writer, self._core().tokenizer.encode_batch
        better: dict[str, str] = {}
        for length, group in _by_length(wanted, [len(ids) for ids in encode(wanted)]):
            most = min(length + ROOM, self._positions() - 1)
            search = {**DEFAULTS, "max_new_tokens": most, **(self.settings or {})}
            found = writer.write(group, start, **search)
            better |= {text: made[0].text for text, made in zip(group, found, strict=True) if made[0].ended}
        edits = {text: edits_between(text, better.get(text, text)) for text in wanted}
        asked = [(text, written) for text, own in edits.items() if own for written in _judged(text, own)]
        values = iter(writer.log_likelihoods([text for text, _ in asked], start, [written for _, written in asked]))
        judged = {}
        for text, own in edits.items():
            if own:
                whole, nothing, *without = (next(values) for _ in range(len(own) + 2))
                judged[text] = _scored(own, whole, nothing, without)
        return [judged.get(text, []) for text in sentences]

    def _reason_to_leave(self, sentence: str) -> str | None:
        script = unknown_script(sentence)
        if script is not None:
            return script
        few = len(sentence) <= LONGEST  # a token is a character at least
        return None if few or len(self._core().tokenizer.encode(sentence)) <= LONGEST else TOO_LONG

    def _speller(self) -> SpellCorrector | None:
        from slmkit.tasks.spelling.corrector import SpellCorrector, has_shipped

        if self.spelling is False or (self.spelling is None and not has_shipped()):
            return None
        asked = (tuple(self.words), tuple(self.patterns))
        held = self.__dict__.get("_corrector")
        if held is None or held[0] != asked:
            held = asked, SpellCorrector(words=self.words, patterns=self.patterns, slm=self._core())
            self.__dict__["_corrector"] = held
        return held[1]

    def _threshold(self) -> float:
        number = isinstance(self.threshold, Real) and not isinstance(self.threshold, bool)
        if isinstance(self.threshold, str) and self.threshold in PRESETS:
            return PRESETS[self.threshold]
        if not number or not 0 < float(self.threshold) <= 1:
            raise InputError(f"threshold {self.threshold!r}: give one of {', '.join(PRESETS)}, or more than 0, up to 1")
        return float(self.threshold)


def _sentences(number: int, text: str) -> Iterator[Sentence]:
    """The sentences of a text that have letters."""
    for start, end in sentence_spans(text):
        body = text[start:end]
        if any(map(str.isalpha, body)):
            yield Sentence(number, start + len(body) - len(body.lstrip()), body.strip())


def _by_length(texts: Sequence[str], lengths: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
    """Texts in groups of like length, each with a length that none of it exceeds and that no other text changes."""
    groups: dict[int, list[str]] = {}
    for text, length in zip(texts, lengths, strict=True):
        groups.setdefault(-(-length // STRIDE) * STRIDE, []).append(text)
    yield from groups.items()


def _judged(text: str, edits: list[Edit]) -> list[str]:
    """What is compared: the text with all edits, with none, and with all but each of them."""
    without = [_with(text, [*edits[:i], *edits[i + 1 :]]) for i in range(len(edits))]
    return [_with(text, edits), text, *without]


def _with(text: str, edits: list[Edit]) -> str:
    return replaced(text, ((edit.start, edit.end, edit.right) for edit in edits))


def _scored(edits: list[Edit], whole: float, nothing: float, without: list[float]) -> list[tuple[Edit, float]]:
    """Each edit with its probability, given the others; none where they make the text less likely together."""
    if whole <= nothing:
        return []
    return [(edit, 1 / (1 + math.exp(min(60.0, other - whole)))) for edit, other in zip(edits, without, strict=True)]


def _allowed(
    sentence: Sentence, edits: list[tuple[Edit, float]], spans: Sequence[tuple[int, int]]
) -> list[tuple[Edit, float]]:
    """Those that touch nothing that must stay, and neither bring nor take a name or a number."""
    made = []
    for edit, score in edits:
        begin, end = edit.start + sentence.start, edit.end + sentence.start
        guarded = any(a < end and begin < b for a, b in spans)
        if not guarded and not _changes_facts(sentence.text, edit):
            made.append((edit, score))
    return made


def _changes_facts(sentence: str, edit: Edit) -> bool:
    """Whether an edit brings or takes a digit, or a word with a capital that is not at a sentence's beginning."""
    wrong, right = sentence[edit.start : edit.end], edit.right
    if sorted(filter(str.isdigit, wrong)) != sorted(filter(str.isdigit, right)):
        return True
    ours, theirs = ({word.lower() for word in words.split()} for words in (wrong, right))
    names = [_names(words, opens=not edit.start) for words in (wrong, right)]
    return bool(names[0] - theirs or names[1] - ours)


def _names(text: str, *, opens: bool) -> set[str]:
    """Words with a capital, in small letters; the first word of a sentence has one of its own."""
    words = text.split()[1:] if opens else text.split()
    return {word.lower() for word in words if word[0].isupper() and not _PRONOUN.fullmatch(word)}


def _error(sentence: Sentence, edit: Edit, score: float) -> dict[str, Any]:
    return {
        "start": sentence.start + edit.start,
        "end": sentence.start + edit.end,
        "wrong": sentence.text[edit.start : edit.end],
        "right": edit.right,
        "score": round(score, 4),
        "reason": edit.reason,
        "alternatives": [],
    }


def _moved(error: Mapping[str, Any], by: int) -> dict[str, Any]:
    """An error of a sentence as one of the text it stands in."""
    return {**error, "start": error["start"] + by, "end": error["end"] + by, "reason": "spelling"}
