"""What a speller learns from: texts as typed, with what is wrong in them and what is right there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from slmkit.errors import MissingExtraError
from slmkit.tasks.spelling.distance import weighed
from slmkit.tasks.spelling.places import fold, places
from slmkit.tasks.spelling.slots import Chunk, Slot, applied
from slmkit.text.spans import replaced

Edit = tuple[int, int, str]
_BLOCK = 12  # neighbouring words that differ, at most, among which words for words are looked for
_APART = 1.5  # cost of the edits between one word and the two that it stands for, at most


@dataclass(frozen=True)
class Lesson:
    """A text as typed.

    Attributes:
        text: what was typed. edits: characters that are wrong and what is right there, in order.
        unclear: characters of which nothing is learned.
    """

    text: str
    edits: tuple[Edit, ...] = ()
    unclear: tuple[tuple[int, int], ...] = ()

    @property
    def right(self) -> str:
        """The text with all edits made."""
        return replaced(self.text, self.edits)


def lesson_of(wrong: str, right: str) -> Lesson:
    """Align what was typed with what is right: words and characters by the fewest changes.

    A word for a word, a character for a character, a word for two and two for one are edits; all else that differs is
    unclear.

    Raises:
        MissingExtraError: rapidfuzz is not installed.
    """
    if wrong == right:
        return Lesson(wrong)
    try:
        from rapidfuzz.distance import Levenshtein
    except ModuleNotFoundError as error:
        raise MissingExtraError("rapidfuzz", "spelling") from error
    typed, meant = _items(wrong), _items(right)
    edits: list[Edit] = []
    unclear: list[tuple[int, int]] = []
    steps = Levenshtein.opcodes([wrong[a:b] for a, b in typed], [right[a:b] for a, b in meant])
    for a, b, c, d in _differing([(s.tag, s.src_start, s.src_end, s.dest_start, s.dest_end) for s in steps]):
        found = _edits(wrong, right, typed[a:b], meant[c:d])
        edits += found
        if not found:
            start = typed[a - 1][1] if a == b and a else (typed[a][0] if a < len(typed) else len(wrong))
            unclear.append((start, typed[b - 1][1] if b > a else (typed[a][1] if a < len(typed) else len(wrong))))
    return Lesson(wrong, tuple(edits), tuple((s, e) for s, e in unclear if s < e))


def gold_of(lesson: Lesson, chunks: Sequence[Chunk]) -> list[list[int]]:
    """For each slot of each chunk the number of its right candidate, -1 where it is none of them.

    Args:
        lesson: the text. chunks: all of its chunks, with slots.
    """
    by_start = {start: (start, end, right) for start, end, right in lesson.edits}
    blocked = np.zeros(len(lesson.text), dtype=bool)
    for start, end in (*((s, e) for s, e, _ in lesson.edits), *lesson.unclear):
        blocked[start:end] = True

    def gold(chunk: Chunk, slot: Slot) -> int:
        begin, end = slot.start + chunk.start, slot.end + chunk.start
        if begin in by_start:
            return _right_candidate(chunk, slot, by_start[begin])
        return -1 if blocked[begin:end].any() else 0

    return [[gold(chunk, slot) for slot in chunk.slots] for chunk in chunks]


def taught_by(lessons: Iterable[Lesson]) -> dict[str, list[str]]:
    """What was right for each folded word or character that was wrong."""
    made: dict[str, list[str]] = {}
    for lesson in lessons:
        for start, end, right in lesson.edits:
            wrong = fold(lesson.text[start:end])
            if " " not in wrong and right not in made.setdefault(wrong, []):
                made[wrong].append(right)
    return made


def _right_candidate(chunk: Chunk, slot: Slot, edit: Edit) -> int:
    start, end, right = edit
    for option in range(1, len(slot.options)):
        a, b, made = applied(chunk, slot, option)
        if (a + chunk.start, b + chunk.start) == (start, end) and fold(made) == fold(right):
            return option
    return -1


def _items(text: str) -> list[tuple[int, int]]:
    """Places, and every other character that is no space, one by one."""
    made, at = [], 0
    for place in [*((p.start, p.end) for p in places(text)), (len(text), len(text))]:
        made += [(i, i + 1) for i in range(at, place[0]) if not text[i].isspace()]
        if place[0] < place[1]:
            made.append(place)
        at = place[1]
    return made


def _differing(steps: Sequence[tuple[str, int, int, int, int]]) -> Iterator[tuple[int, int, int, int]]:
    """Neighbouring steps that change something, put together."""
    held: tuple[int, int, int, int] | None = None
    for tag, a, b, c, d in steps:
        if tag == "equal":
            if held is not None:
                yield held
            held = None
        else:
            held = (a, b, c, d) if held is None else (held[0], b, held[2], d)
    if held is not None:
        yield held


def _edits(wrong: str, right: str, typed: Sequence[tuple[int, int]], meant: Sequence[tuple[int, int]]) -> list[Edit]:
    def wordy(text: str, spans: Sequence[tuple[int, int]]) -> bool:
        return all(text[a:b].isascii() and text[a].isalpha() for a, b in spans)

    if len(typed) == len(meant) and typed:
        pairs = [(wrong[a:b], right[c:d]) for (a, b), (c, d) in zip(typed, meant, strict=True)]
        if all(one[0].isalpha() and other[0].isalpha() for one, other in pairs):
            return [(a, b, other) for (a, b), (_, other) in zip(typed, pairs, strict=True)]
        return []
    if typed and meant and max(len(typed), len(meant)) <= _BLOCK and wordy(wrong, typed) and wordy(right, meant):
        return _regrouped(wrong, right, typed, meant)
    return []


def _regrouped(
    wrong: str, right: str, typed: Sequence[tuple[int, int]], meant: Sequence[tuple[int, int]]
) -> list[Edit]:
    """Words for words by the fewest letters that differ: one for one, or one for two that have nearly its letters."""
    best: dict[tuple[int, int], tuple[float, list[Edit]]] = {(0, 0): (0.0, [])}
    for i in range(len(typed) + 1):
        for j in range(len(meant) + 1):
            for a, b in ((1, 1), (1, 2), (2, 1)):
                if i + a > len(typed) or j + b > len(meant) or (i, j) not in best:
                    continue
                start, end = typed[i][0], typed[i + a - 1][1]
                made = right[meant[j][0] : meant[j + b - 1][1]]
                apart = weighed(fold(wrong[start:end]), fold(made))
                if a != b and apart > _APART:
                    continue
                cost = best[i, j][0] + apart + 0.1 * (a != b)
                if (i + a, j + b) not in best or cost < best[i + a, j + b][0]:
                    edit = [] if wrong[start:end] == made else [(start, end, made)]
                    best[i + a, j + b] = cost, [*best[i, j][1], *edit]
    return best.get((len(typed), len(meant)), (0.0, []))[1]
