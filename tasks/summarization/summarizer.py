"""``Summarizer``: summaries and titles, written or taken from the text, that say what they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmkit.errors import InputError
from slmkit.tasks.generation.writing_task import WritingTask
from slmkit.tasks.inputs import as_texts
from slmkit.tasks.summarization.extractive import Reader
from slmkit.tasks.summarization.facts import common_words
from slmkit.tasks.summarization.length import Wish
from slmkit.tasks.summarization.making import Composer, extract, readable
from slmkit.tasks.summarization.pieces import split_pieces
from slmkit.tasks.summarization.writing import STARTS, Drafting

if TYPE_CHECKING:
    from slmkit.core import SLM
    from slmkit.tasks.summarization.summary import Summary

METHODS = ("auto", "abstractive", "extractive")
LEAST_SOURCE_TOKENS = 64
TAKEN = "nothing was written that the text bears out: its own sentences were taken"


class Summarizer(WritingTask):
    """Summaries of texts, English and Chinese, without training; ``fit`` learns from pairs of one's own.

    An extractive summary is made of the text's most salient sentences, as they stand and in their order. An abstractive
    one is written by the core's decoder; of a text longer than ``max_source_tokens`` the decoder reads the most salient
    sentences. "auto" writes where it was fitted, and takes sentences where it was not, since what the shipped decoder
    writes is further from the summaries of people (SciTLDR dev, 80 rows: ROUGE-L .21 against .26).

    An extractive title is the heading that the text has, or else its most salient sentence.

    Give at most one of ``ratio``, ``sentences`` and ``words``; without any the text's length decides.

    Args:
        method: "auto", "abstractive" or "extractive". style: "summary", or "title" for one line.
        ratio: share of the text's sentences (of its words where the summary is written).
        sentences: at most so many. words: at most so many English words and Chinese characters.
        faithful: of what the decoder finds, prefer what has no name or number that the text lacks.
        num_beams: hypotheses that the decoder follows. max_source_tokens: of a text, that the decoder reads.
        random_state: of ``fit``. verbose: 1 shows budget and progress of a fit on stderr.
        slm: the core, or the folder of one; None takes the one that ships with the package.

    Attributes:
        model_: after ``fit``, the ``WritingModel``.
    """

    name = "summarize"
    columns = ("summary", "flags", "notes")

    def __init__(
        self,
        method: str = "auto",
        *,
        style: str = "summary",
        ratio: float | None = None,
        sentences: int | None = None,
        words: int | None = None,
        faithful: bool = True,
        num_beams: int = 4,
        max_source_tokens: int = 768,
        random_state: int | None = 0,
        verbose: int = 0,
        slm: SLM | str | Path | None = None,
    ) -> None:
        self.method = method
        self.style = style
        self.ratio = ratio
        self.sentences = sentences
        self.words = words
        self.faithful = faithful
        self.num_beams = num_beams
        self.max_source_tokens = max_source_tokens
        self.random_state = random_state
        self.verbose = verbose
        self.slm = slm

    def fit(self, X: Any, y: Any, **options: Any) -> Summarizer:
        """Learn from texts and their summaries: tunes a branch of the encoder and the decoder.

        Of texts longer than ``max_source_tokens`` it reads what it will read of them later: the most salient sentences.

        Args:
            X: texts, a list, array or Series of str. y: the summary, or title, of each.
            **options: fields of ``WriterRecipe``: depth, epochs, learning_rate …

        Raises:
            InputError: rows that are no texts, an unknown or impossible option, or ``method="extractive"``.
        """
        self._wish()
        if self.method == "extractive":
            raise InputError("method 'extractive' takes sentences of the text and learns nothing; give 'auto'")
        split = [split_pieces(text) for text in as_texts(X)]
        sources = [source for source, _ in readable(Reader(self._core()), split, self.max_source_tokens)]
        return super().fit(sources, y, **options)

    def summarize(self, texts: Any) -> Any:
        """A ``Summary`` for a string; a list of them for a list, array or Series."""
        if isinstance(texts, str):
            return self._summaries([texts], supported=True)[0]
        return self._summaries(as_texts(texts), supported=True)

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """``{"summary", "flags", "notes"}`` a text; the latter two joined by "; ", empty where there is nothing."""
        return [
            {
                "summary": made.text,
                "flags": "; ".join(dict.fromkeys(flag.text for flag in made.flags)),
                "notes": "; ".join(made.notes),
            }
            for made in self._summaries(list(texts))
        ]

    @property
    def _start(self) -> str | None:
        return STARTS[self.style]

    def _write(self, texts: list[str]) -> list[str]:
        return [made.text for made in self._summaries(texts)]

    def _summaries(self, texts: Sequence[str], *, supported: bool = False) -> list[Summary]:
        """One a text, in order.

        Args:
            texts: any strings. supported: look for the sentences that support what was written.
        """
        wish, drafting = self._wish(), self._drafting()
        reader = Reader(self._core())
        split = [split_pieces(text) for text in texts]
        found: list[Summary | None] = [None] * len(split)
        tried: set[int] = set()
        if drafting is not None:
            composer = Composer(reader, drafting, self.max_source_tokens)
            rows = [number for number, pieces in enumerate(split) if len(pieces)]
            tried = set(rows)
            made = composer.summaries(wish, [split[i] for i in rows], supported=supported)
            for number, summary in zip(rows, made, strict=True):
                found[number] = summary
        left = [number for number, summary in enumerate(found) if summary is None]
        for number, taken in zip(left, extract(reader, wish, [split[i] for i in left]), strict=True):
            found[number] = replace(taken, notes=(*taken.notes, TAKEN)) if number in tried else taken
        return [summary for summary in found if summary is not None]

    def _drafting(self) -> Drafting | None:
        """How summaries are written; None where sentences are to be taken."""
        if self.method == "extractive":
            return None
        core, start, longest = self._core(), self._start, None
        if self._is_fitted():
            start, longest = self.model_.start, self.model_.longest
        elif self.method == "auto":
            return None
        return Drafting(
            self.writer,
            start,
            style=self.style,
            num_beams=self.num_beams,
            faithful=self.faithful,
            is_common=common_words(core.tokenizer),
            longest=longest,
        )

    def _is_fitted(self) -> bool:
        return hasattr(self, "model_")

    def _wish(self) -> Wish:
        """What was asked for.

        Raises:
            InputError: a parameter is out of range, or two of them contradict each other.
        """
        if self.method not in METHODS:
            raise InputError(f"method {self.method!r}: give one of {', '.join(METHODS)}")
        for name, least in (("num_beams", 1), ("max_source_tokens", LEAST_SOURCE_TOKENS)):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
                raise InputError(f"{name} {value!r}: give an int of at least {least}")
        wish = Wish(self.style, self.ratio, self.sentences, self.words)
        wish.check()
        return wish

    def __sklearn_is_fitted__(self) -> bool:
        return True  # it summarizes as it is
