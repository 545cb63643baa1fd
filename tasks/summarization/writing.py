"""Summaries that a decoder writes: several hypotheses a text, and the best that claims nothing of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slmkit.tasks.summarization.facts import Facts
from slmkit.tasks.summarization.length import Length
from slmkit.tasks.summarization.pieces import one_line
from slmkit.tasks.summarization.words import count_words, word_spans
from slmkit.text.sentences import sentence_spans

if TYPE_CHECKING:
    from slmkit.tasks.summarization.summary import Flag
    from slmkit.writing import Writer, Written

TOKENS = {"summary": 160, "title": 64}  # of a text whose length nobody asked for
TOKENS_A_WORD = 1.6  # English words have 1.3 pieces of the vocabulary on average, Chinese characters one
NO_REPEAT = 4  # tokens of a stretch that may not stand twice, lest a small decoder goes round in a circle
STARTS = {"summary": "summarize", "title": "title"}


@dataclass(frozen=True)
class Draft:
    """What was written about one text.

    Attributes:
        text: the summary; empty where nothing usable was written. flags: names and numbers that the text lacks.
    """

    text: str
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True)
class Drafting:
    """A writer and how it is used.

    Attributes:
        writer: the decoder. start: what it is asked for, one of the writer's starts, or None for the begin mark.
        style: "summary" or "title". num_beams: hypotheses a text. faithful: prefer those without flags.
        is_common: see ``facts.common_words``. longest: tokens of a text whose length nobody asked for; None for
            what the style has.
    """

    writer: Writer
    start: str | None
    style: str
    num_beams: int
    faithful: bool
    is_common: Callable[[str], bool]
    longest: int | None = None

    def write(self, sources: Sequence[str], checked: Sequence[str], lengths: Sequence[Length]) -> list[Draft]:
        """One draft a source.

        Args:
            sources: what the decoder reads. checked: the whole texts, which names and numbers may come from.
            lengths: bounds of each draft.
        """
        drafts: list[Draft] = [Draft("")] * len(sources)
        groups: dict[int, list[int]] = {}
        for number, length in enumerate(lengths):
            groups.setdefault(self._tokens(length), []).append(number)
        for tokens, rows in groups.items():
            for number, found in zip(rows, self._hypotheses([sources[i] for i in rows], tokens), strict=True):
                drafts[number] = self._draft(found, checked[number], lengths[number])
                if self.faithful and drafts[number].flags:
                    drafts[number] = self._again(sources[number], checked[number], lengths[number], drafts[number])
        return drafts

    def _again(self, source: str, checked: str, length: Length, first: Draft) -> Draft:
        """Write once more without the words that the source lacks; what was better stays."""
        forbidden = sorted({flag.text for flag in first.flags})
        second = self._draft(self._hypotheses([source], self._tokens(length), forbidden=forbidden)[0], checked, length)
        return second if second.text and len(second.flags) < len(first.flags) else first

    def _hypotheses(self, sources: Sequence[str], tokens: int, **settings: Any) -> list[list[Written]]:
        return self.writer.write(
            sources,
            self.start,
            num_beams=self.num_beams,
            num_return_sequences=self.num_beams,
            max_new_tokens=tokens,
            no_repeat_ngram_size=NO_REPEAT,
            **settings,
        )

    def _draft(self, found: Sequence[Written], checked: str, length: Length) -> Draft:
        """The first of the hypotheses, best first, that ended and has no flags; else that with the fewest."""
        facts = Facts(checked, self.is_common)
        line = one_line if self.style == "title" else str
        texts = [(shortened(line(one.text), length), one.ended) for one in found]
        drafts = [(Draft(text, facts.flags(text)), ended) for text, ended in texts if text]
        if not drafts:
            return Draft("")
        if not self.faithful:
            return drafts[0][0]
        return min(drafts, key=lambda each: (len(each[0].flags), not each[1]))[0]

    def _tokens(self, length: Length) -> int:
        most = self.writer.decoder.config.positions - 1
        wanted = self.longest or TOKENS[self.style]
        if length.words is not None:
            wanted = int(length.words * TOKENS_A_WORD) + 2
        return min(most, max(wanted, 1))


def shortened(text: str, length: Length) -> str:
    """The leading sentences of a text that fit into a length; where not even the first does, its leading words."""
    text = text.strip()
    spans = sentence_spans(text)[: length.sentences]
    kept = text[: spans[-1][1]].strip() if spans else ""
    if length.words is None or count_words(kept) <= length.words:
        return kept
    while len(spans) > 1 and count_words(text[: spans[-1][1]]) > length.words:
        spans = spans[:-1]
    kept = text[: spans[-1][1]].strip()
    counted = word_spans(kept)
    return kept if len(counted) <= length.words else kept[: counted[length.words - 1][1]]
