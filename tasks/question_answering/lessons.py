"""What a reader learns from: rows as tokens, and for each draw of a row the windows that are read together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from slmkit.tasks.question_answering.reading import Sizes, question_head, window_of
from slmkit.text.alignment import span_tokens
from slmkit.text.tokenizer import Tokenizer, Tokens
from slmkit.text.windows import Windows, window_spans
from slmkit.training.drawing import order_of

Span = tuple[int, int]
# Of the answered draws that bring a part without the answer too: what costs most to learn is where answers end.
_BESIDE = 0.5


@dataclass(frozen=True)
class Part:
    """A part of a passage beside a question.

    Attributes:
        passage: its number. start, end: its tokens. answers: first and last token of each right answer in it, as tokens
            of the passage.
    """

    passage: int
    start: int
    end: int
    answers: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Piece:
    """Windows of some draws, ready to be learned from.

    Attributes:
        windows: ``text_index`` says which draw. answers: of each window, first and last token in it of the right
            answers; a draw none of whose windows has one is to be answered by "no answer".
    """

    windows: Windows
    answers: list[tuple[Span, ...]]


class Lessons:
    """Rows to draw windows from.

    Args:
        tokenizer: the core's. questions, passages: one of each a row.
        spans: characters of the right answers in each passage, none where it has no answer.
        others: for each row, passages that do not answer its question.
        sizes: of the windows. abstain: share of the draws of a row that show it without its answer.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        questions: Sequence[str],
        passages: Sequence[str],
        spans: Sequence[Sequence[Span]],
        others: Sequence[Sequence[str]],
        *,
        sizes: Sizes,
        abstain: float,
    ) -> None:
        self.sizes, self.abstain = sizes, abstain
        numbers: dict[str, int] = {}
        for text in (*passages, *(text for each in others for text in each)):
            numbers.setdefault(text, len(numbers))
        self.texts = list(numbers)
        self.tokens = _encoded(tokenizer, self.texts)
        self.questions = _encoded(tokenizer, questions)
        self.own = np.array([numbers[text] for text in passages], dtype=np.int64)
        self.others = [np.array([numbers[text] for text in each], dtype=np.int64) for each in others]
        self.spans = [tuple(each) for each in spans]
        self.places = [
            tuple(dict.fromkeys(span_tokens(self.tokens[own].offsets, span) for span in each))
            for own, each in zip(self.own.tolist(), self.spans, strict=True)
        ]

    def __len__(self) -> int:
        return len(self.own)

    def parts(self, row: int, passage: int | None = None) -> list[Part]:
        """All parts of a row's own passage, or of another one, beside its question."""
        number = int(self.own[row]) if passage is None else passage
        places = self.places[row] if passage is None else ()
        room = self.sizes.room(self.questions[row])
        return [
            Part(number, start, end, tuple(p for p in places if start <= p[0] and p[1] < end))
            for start, end in window_spans(len(self.tokens[number]), room, self.sizes.overlap)
        ]

    def has_lesson(self, row: int) -> bool:
        """Whether an answer of the row stands whole in a window, or there is none to be found."""
        return not self.places[row] or any(part.answers for part in self.parts(row))

    def draw(self, row: int, rng: np.random.Generator) -> list[Part]:
        """Parts to be read together: one with an answer and, half the time, one without; or two without an answer."""
        own = self.parts(row)
        right = [part for part in own if part.answers]
        wrong = [part for part in own if not part.answers and not self._hints(row, part)]
        elsewhere = self._elsewhere(row, rng)
        if wrong and elsewhere and rng.random() < 0.5:
            wrong, elsewhere = elsewhere, wrong
        wrong = [*_shuffled(wrong, rng), *_shuffled(elsewhere, rng)]
        if right and (not wrong or rng.random() >= self.abstain):
            return [right[int(rng.integers(len(right)))], *wrong[: int(rng.random() < _BESIDE)]]
        return wrong[:2]

    def _elsewhere(self, row: int, rng: np.random.Generator) -> list[Part]:
        if not len(self.others[row]):
            return []
        return self.parts(row, int(rng.choice(self.others[row])))

    def _hints(self, row: int, part: Part) -> bool:
        """Whether a part of the own passage cuts an answer off, or has its words elsewhere: neither right nor wrong."""
        if not self.spans[row] or part.start == part.end:
            return False
        offsets, text = self.tokens[part.passage].offsets, self.texts[part.passage]
        start, end = int(offsets[part.start, 0]), int(offsets[part.end - 1, 1])
        return any((a < end and b > start) or text.find(text[a:b], start, end) >= 0 for a, b in self.spans[row])

    def lay(self, rows: Sequence[int], drawn: Sequence[Sequence[Part]]) -> Piece:
        """Windows of these parts of each row."""
        ids, offsets, index, fresh, answers = [], [], [], [], []
        for number, (row, parts) in enumerate(zip(rows, drawn, strict=True)):
            head = question_head(self.questions[row], self.sizes.question)
            for part in parts:
                window = window_of(head, self.tokens[part.passage], part.start, part.end)
                ids.append(window[0])
                offsets.append(window[1])
                fresh.append(window[2])
                index.append(number)
                shift = len(head) - part.start
                answers.append(tuple((first + shift, last + shift) for first, last in part.answers))
        return Piece(Windows(ids, offsets, np.array(index, dtype=np.int64), fresh, len(rows)), answers)


def pieces(lessons: Lessons, rows: np.ndarray, weights: np.ndarray, seed: int, size: int = 1024) -> Iterator[Piece]:
    """Draws of these rows without end, epoch after epoch.

    Args:
        lessons: all rows. rows: those to learn from. weights: of these. seed: of everything. size: draws a piece.
    """
    epoch = 0
    while True:
        order = rows[order_of(weights, epoch, seed)]
        for number, begin in enumerate(range(0, len(order), size)):
            rng = np.random.default_rng([seed, epoch, number])
            chosen = order[begin : begin + size].tolist()
            drawn = [lessons.draw(row, rng) for row in chosen]
            kept = [i for i, parts in enumerate(drawn) if parts]
            if kept:
                yield lessons.lay([chosen[i] for i in kept], [drawn[i] for i in kept])
        epoch += 1


def _shuffled(parts: list[Part], rng: np.random.Generator) -> list[Part]:
    return [parts[i] for i in rng.permutation(len(parts))]


def _encoded(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """Tokens in half the memory: a training set's stay there for as long as it is learned from."""
    return [
        Tokens(read.ids.astype(np.int32), read.offsets.astype(np.int32))
        for begin in range(0, len(texts), 4096)
        for read in tokenizer.encode_batch(texts[begin : begin + 4096])
    ]
