"""How long a summary is to be."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from numbers import Integral, Real

from slmkit.errors import InputError
from slmkit.tasks.summarization.words import count_words

MOST_SENTENCES = 12  # of a summary whose length nobody asked for
STYLES = ("summary", "title")


@dataclass(frozen=True)
class Length:
    """Bounds of one summary.

    Attributes:
        sentences: at most so many; None for any number. words: at most so many English words and Chinese characters.
    """

    sentences: int | None = None
    words: int | None = None

    def admits(self, sentences: int, words: int) -> bool:
        """Whether so much is within the bounds."""
        return (self.sentences is None or sentences <= self.sentences) and (self.words is None or words <= self.words)


@dataclass(frozen=True)
class Wish:
    """What the caller asked for, the same for every text; at most one of the lengths.

    Attributes:
        style: "summary" or "title". ratio: share of the text's sentences. sentences: at most so many.
        words: at most so many English words and Chinese characters.
    """

    style: str = "summary"
    ratio: float | None = None
    sentences: int | None = None
    words: int | None = None

    def check(self) -> None:
        """Refuse what cannot be done.

        Raises:
            InputError: an unknown style, two lengths at once, one out of range, or one that a title cannot have.
        """
        if self.style not in STYLES:
            raise InputError(f"style {self.style!r}: give one of {', '.join(STYLES)}")
        asked = {"ratio": self.ratio, "sentences": self.sentences, "words": self.words}
        given = [f"{name}={value!r}" for name, value in asked.items() if value is not None]
        if len(given) > 1:
            raise InputError(f"give one of ratio, sentences and words, got {' and '.join(given)}")
        if self.ratio is not None and not (
            isinstance(self.ratio, Real) and not isinstance(self.ratio, bool) and 0 < self.ratio <= 1
        ):
            raise InputError(f"ratio {self.ratio!r}: give a number above 0, at most 1, or None")
        for name in ("sentences", "words"):
            value = asked[name]
            if value is not None and (not isinstance(value, Integral) or isinstance(value, bool) or value < 1):
                raise InputError(f"{name} {value!r}: give an int of at least 1, or None")
        if self.style == "title" and given and self.words is None:
            raise InputError(f"a title is one line, its length is given by words; got {given[0]}")

    def extractive(self, count: int) -> Length:
        """The bounds where the summary is made of the text's own sentences.

        Without any wish it has about as many sentences as the square root of theirs: 2 of 4, 4 of 20, 10 of 100.

        Args:
            count: sentences of the text.
        """
        if self.style == "title":
            return Length(1, self.words)
        if self.ratio is not None:
            return Length(max(1, round(self.ratio * count)))
        if self.sentences is None and self.words is None:
            return Length(max(1, min(MOST_SENTENCES, isqrt(count))))
        return Length(self.sentences, self.words)

    def written(self, text: str) -> Length:
        """The bounds where the summary is written; a ratio is then one of words."""
        if self.ratio is not None:
            return Length(None, max(1, round(self.ratio * count_words(text))))
        return Length(self.sentences, self.words)
