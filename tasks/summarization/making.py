"""From the pieces of texts to their summaries: taken from the text, or written and checked against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from slmkit.tasks.summarization.extractive import Reader, Reading
from slmkit.tasks.summarization.length import Length, Wish
from slmkit.tasks.summarization.pieces import LONGEST, Pieces
from slmkit.tasks.summarization.summary import Summary, SummarySentence
from slmkit.tasks.summarization.support import own_support, supports
from slmkit.tasks.summarization.words import count_words, join_sentences
from slmkit.text.language import language
from slmkit.text.sentences import sentence_spans

if TYPE_CHECKING:
    from slmkit.tasks.summarization.writing import Draft, Drafting


def extract(reader: Reader, wish: Wish, texts: Sequence[Pieces]) -> list[Summary]:
    """Summaries made of each text's own sentences, in its order."""
    found: list[Summary | None] = [_without_reading(pieces, wish) for pieces in texts]
    rows = [number for number, made in enumerate(found) if made is None]
    for number, reading in zip(rows, reader.read([texts[i] for i in rows]), strict=True):
        length = wish.extractive(len(reading.candidates))
        found[number] = _extracted(texts[number], reading.choose(length), length)
    return [made for made in found if made is not None]


def _without_reading(pieces: Pieces, wish: Wish) -> Summary | None:
    """Where nothing is left out, or a title stands there already, no vector is needed."""
    if wish.style == "title" and len(pieces) and pieces.headings[0]:
        length = wish.extractive(1)
        if length.admits(1, count_words(pieces.shown(0))):
            return _extracted(pieces, [0], length)
    candidates = [number for number, heading in enumerate(pieces.headings) if not heading]
    length = wish.extractive(len(candidates))
    counted = sum(count_words(pieces.shown(n)) for n in candidates) if length.words is not None else 0
    if len(candidates) < 2 or length.admits(len(candidates), counted):
        return _extracted(pieces, candidates, length)
    return None


def _extracted(pieces: Pieces, numbers: Sequence[int], length: Length) -> Summary:
    text, spans = join_sentences(pieces.shown(number) for number in numbers)
    sentences = tuple(
        SummarySentence(text[start:end], start, end, own)
        for (start, end), own in zip(spans, own_support(pieces, numbers), strict=True)
    )
    notes = _notes(pieces)
    if length.words is not None and count_words(text) > length.words:
        notes = (*notes, f"no sentence has at most {length.words} words: the shortest was taken")
    return Summary(text, language(pieces.text), "extractive", sentences, (), pieces.text, notes=notes)


def _notes(pieces: Pieces) -> tuple[str, ...]:
    if not pieces.cut:
        return ()
    return (f"a stretch without end marks was cut into pieces of at most {LONGEST} columns, {pieces.cut} in all",)


def readable(reader: Reader, texts: Sequence[Pieces], limit: int) -> list[tuple[str, Reading | None]]:
    """What a writer reads of each text: all, or the most salient sentences where it has more tokens than ``limit``.

    Returns:
        The source, and the reading of a text that is not read whole.
    """
    tokens = reader.slm.tokenizer.encode_batch([pieces.text for pieces in texts])
    long = [number for number, each in enumerate(tokens) if len(each) > limit]
    found: list[tuple[str, Reading | None]] = [(pieces.text, None) for pieces in texts]
    for number, reading in zip(long, reader.read([texts[i] for i in long]), strict=True):
        found[number] = (_within(reader, reading, limit), reading)
    return found


def _within(reader: Reader, reading: Reading, limit: int) -> str:
    """The heading and the most salient sentences that fit into the limit."""
    pieces = reading.pieces
    tokens = reader.slm.tokenizer.encode_batch([pieces.shown(number) for number in range(len(pieces))])
    sizes = np.array([len(each) + 1 for each in tokens])
    head = [0] if pieces.headings[0] and 2 * sizes[0] < limit else []
    chosen = reading.choose(Length(words=limit - int(sizes[head].sum())), sizes[reading.candidates])
    return join_sentences(pieces.shown(number) for number in [*head, *chosen])[0]


@dataclass(frozen=True)
class Composer:
    """What a writer makes of texts, and what of them it reads.

    Attributes:
        reader: chooses what is read of long texts. drafting: writes. limit: tokens of a text that are read.
    """

    reader: Reader
    drafting: Drafting
    limit: int

    def summaries(self, wish: Wish, texts: Sequence[Pieces], *, supported: bool) -> list[Summary | None]:
        """One a text; None where nothing was written.

        Args:
            wish: the length. texts: what to summarize. supported: look for the sentences that support it.
        """
        read = readable(self.reader, texts, self.limit)
        sources, readings = [source for source, _ in read], [reading for _, reading in read]
        lengths = [wish.written(pieces.text) for pieces in texts]
        drafts = self.drafting.write(sources, [pieces.text for pieces in texts], lengths)
        made = [
            self._summary(pieces, source, draft) for pieces, source, draft in zip(texts, sources, drafts, strict=True)
        ]
        return [*self._supported(texts, readings, made)] if supported else made

    def _summary(self, pieces: Pieces, source: str, draft: Draft) -> Summary | None:
        if not draft.text:
            return None
        notes: tuple[str, ...] = ()
        read = 1.0 if source is pieces.text else min(1.0, len(source) / len(pieces.text))
        if read < 1:
            notes = (f"the text is long: its most salient sentences, {read:.0%} of it, were read",)
        if draft.flags and self.drafting.faithful:
            notes = (*notes, "every try held names or numbers that the text lacks: the one with the fewest was kept")
        sentences = tuple(
            SummarySentence(draft.text[start:end].strip(), start, start + len(draft.text[start:end].rstrip()), ())
            for start, end in sentence_spans(draft.text)
        )
        return Summary(
            draft.text, language(pieces.text), "abstractive", sentences, draft.flags, pieces.text, read, notes
        )

    def _supported(
        self, texts: Sequence[Pieces], readings: Sequence[Reading | None], made: Sequence[Summary | None]
    ) -> list[Summary | None]:
        """The summaries with the sentences of the text that support theirs."""
        missing = [i for i, reading in enumerate(readings) if reading is None and made[i] is not None]
        vectors = {i: reading.vectors for i, reading in enumerate(readings) if reading is not None}
        vectors |= dict(zip(missing, self.reader.vectors([texts[i] for i in missing]), strict=True))
        found: list[Summary | None] = []
        for number, summary in enumerate(made):
            if summary is None:
                found.append(None)
                continue
            own = self.reader.slm.embed([each.text for each in summary.sentences])
            backed = supports(own, texts[number], vectors[number])
            pairs = zip(summary.sentences, backed, strict=True)
            found.append(replace(summary, sentences=tuple(replace(each, supports=those) for each, those in pairs)))
        return found
