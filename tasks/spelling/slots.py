"""A text as chunks, and the slots of each: places at which something else could stand, with all that is told of them.

A place without another candidate has no slot. Nothing could be changed there, so leaving it out changes no result; and
a chunk without slots need not be read at all. That is what makes mostly correct text quick.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slmkit.tasks.spelling.candidates import Candidates, Options
from slmkit.tasks.spelling.foreign import NOT_ENGLISH, reason_to_leave
from slmkit.tasks.spelling.guard import Guard
from slmkit.tasks.spelling.places import APOSTROPHES, BEGIN, Place, chunks, code, neighbours, places

_OPENS = frozenset(BEGIN + '.!?…:"“‘(（「『《。！？：')  # after these a capital says nothing of a name


@dataclass(frozen=True)
class Slot:
    """A place with candidates.

    Attributes:
        start, end: its characters in the chunk. typed: what stands there. options: the candidates.
        left, right: codes of its neighbours. stretch: where the next place ends, and ``beyond`` what follows that, for
            candidates that take its room; the place's own end and right neighbour where none does.
        capital: it begins with a capital within a sentence. chinese: it is a Han character.
    """

    start: int
    end: int
    typed: str
    options: Options
    left: int
    right: int
    stretch: int
    beyond: int
    capital: bool
    chinese: bool


@dataclass(frozen=True)
class Chunk:
    """Neighbouring sentences of a text.

    Attributes:
        text: what they are. start: first character in the caller's text. slots: see ``Slot``.
        places: number of words and characters, those without a slot too. reason: why it is left alone, or None.
    """

    text: str
    start: int
    slots: tuple[Slot, ...]
    places: int
    reason: str | None = None


class Slotter:
    """Cuts texts into chunks with slots.

    Args:
        candidates: what could stand where. guard: what is not touched. language: "en" or "zh" looks at words of one
            language only, "auto" at both.
    """

    def __init__(self, candidates: Candidates, guard: Guard, language: str = "auto") -> None:
        self.candidates, self.guard, self.language = candidates, guard, language

    def chunks(self, text: str) -> list[Chunk]:
        """The chunks of a text."""
        return list(self.one_by_one(text))

    def one_by_one(self, text: str) -> Iterator[Chunk]:
        """The chunks of a text, each made when it is asked for."""
        spans = self.guard.spans(text)
        return (self._chunk(text, span, spans) for span in chunks(text))

    def _chunk(self, text: str, span: tuple[int, int], spans: Sequence[tuple[int, int]]) -> Chunk:
        found = list(places(text, *span))
        part, begin = text[span[0] : span[1]], span[0]
        free = self.guard.open_places(text, found, spans)
        looked_at = [place for place, ok in zip(found, free, strict=True) if ok]
        reason = reason_to_leave(part, text, looked_at, self.candidates)
        if reason == NOT_ENGLISH and any(place.chinese for place in looked_at):
            free = [ok and place.chinese for place, ok in zip(found, free, strict=True)]
            reason = None
        if reason is not None or not looked_at:
            return Chunk(part, begin, (), len(found), reason)
        options = [self._options(text, place, ok) for place, ok in zip(found, free, strict=True)]
        pairs = self._pairs(text, found, free)
        if not pairs and not any(options):
            return Chunk(part, begin, (), len(found))
        left, right = neighbours(text, span, found)
        slots = []
        for number, place in enumerate(found):
            both, pair = options[number], pairs.get(number)
            if pair is not None:
                both = (both or Options.of([(text[place.start : place.end].lower(), {"kept": 1.0})])).joined_with(pair)
            if both is None:
                continue
            next_one = number + 1 if pair is not None else number
            slots.append(
                Slot(
                    place.start - begin,
                    place.end - begin,
                    text[place.start : place.end],
                    both,
                    code(left[number]),
                    code(right[number]),
                    found[next_one].end - begin,
                    code(right[next_one]),
                    text[place.start].isupper() and left[number] not in _OPENS,
                    place.chinese,
                )
            )
        return Chunk(part, begin, tuple(slots), len(found))

    def _options(self, text: str, place: Place, free: bool) -> Options | None:
        if not free or self.language == ("en" if place.chinese else "zh"):
            return None
        if place.chinese:
            return self.candidates.of_character(text[place.start])
        return self.candidates.of_word(text[place.start : place.end])

    def _pairs(self, text: str, found: Sequence[Place], free: Sequence[bool]) -> dict[int, Options]:
        """For a place's number, the candidates that stand for it and the next word together."""
        made: dict[int, Options] = {}
        if self.language == "zh":
            return made
        for number, (place, after) in enumerate(zip(found, found[1:], strict=False)):
            near = after.start == place.end + 1 and text[place.end] == " " and free[number] and free[number + 1]
            if near and not place.chinese and not after.chinese:
                pair = self.candidates.of_pair(text[place.start : place.end], text[after.start : after.end])
                if pair is not None:
                    made[number] = pair
        return made


def as_typed(typed: str, option: str, *, curly: bool = False) -> str:
    """A candidate in the case of what was typed, with its apostrophe.

    Args:
        typed: what stands there. option: the candidate. curly: the text writes ``’``.
    """
    if len(typed) > 1 and typed.isupper():
        made = option.upper()
    elif typed[:1].isupper():
        made = option[:1].upper() + option[1:]
    else:
        made = option
    mark = next((letter for letter in typed if letter in APOSTROPHES), None)
    if "'" in made and (mark == "’" or (mark != "'" and curly)):
        made = made.replace("'", "’")
    return made


def applied(chunk: Chunk, slot: Slot, number: int, *, curly: bool = False) -> tuple[int, int, str]:
    """What a candidate does: the characters of the chunk that it replaces, and by what."""
    end = slot.stretch if slot.options.reach[number] else slot.end
    typed = chunk.text[slot.start : end]
    return slot.start, end, typed if number == 0 else as_typed(typed, slot.options.texts[number], curly=curly)
