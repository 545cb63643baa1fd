"""Whether an edit leaves what a sentence says: it may bring and take the words that only hold it together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from slmkit.tasks.spelling.edits import Edit
from slmkit.text.function_words import FUNCTION_WORDS, MEASURES, PARTICLES, SAID_TWICE, TAKEN_FOR_EACH_OTHER
from slmkit.text.language import is_han, words_apart

_SAYING = frozenset({"not", "can", "i", "he", "she", "we", "they"} | set("被让使会要对"))  # who, whether, to whom
_FREE = (FUNCTION_WORDS | PARTICLES) - _SAYING
_PAIRS = frozenset((one, other) for group in TAKEN_FOR_EACH_OTHER for one in group for other in group if one != other)
Change = frozenset[tuple[str, int]]  # words, and by how many each becomes more
_SAME_WORD = frozenset({"form of the word", "spelled nearly alike", "capital", "punctuation"})


def keeping_content(sentence: str, edits: Sequence[Edit]) -> list[Edit]:
    """Those of the edits by which no word that says something is brought, taken, or made another one.

    Free to come and go are articles, prepositions, auxiliaries without "not" and "can", and Chinese particles. Any
    other word may only move, go where it stands twice or says again what was said, or give way to a form of itself, to
    a word spelled or sounding nearly alike, or to one it is commonly taken for.

    Args:
        sentence: as it stands. edits: of it, without a common character.

    Raises:
        MissingExtraError: a Han character gives way to another, and pypinyin, which knows how they sound, is missing.
    """
    changes = [_change(sentence, edit) for edit in edits]
    moved = {i for i, change in enumerate(changes) if change and _opposite(change) in changes}
    return [edit for i, edit in enumerate(edits) if i in moved or not changes[i]]


def _change(sentence: str, edit: Edit) -> Change:
    """Words that say something which an edit takes, and which it brings."""
    ours, theirs = _words(sentence[edit.start : edit.end]), _words(edit.right)
    same = edit.reason in ("repeated word", "word order") or "".join(ours) == "".join(theirs)
    if same or (not theirs and _said_twice(sentence, edit)):
        return frozenset()
    if len(ours) == len(theirs) == 1 and (edit.reason in _SAME_WORD or _taken_for_each_other(ours[0], theirs[0])):
        return frozenset()
    taken, brought = Counter(ours) - Counter(theirs), Counter(theirs) - Counter(ours)
    told = ((word, way * count) for way, words in ((-1, taken), (1, brought)) for word, count in words.items())
    return frozenset((word, count) for word, count in told if word not in _FREE)


def _opposite(change: Change) -> Change:
    return frozenset((word, -count) for word, count in change)


def _words(text: str) -> list[str]:
    """Words and Han characters in small letters, without marks."""
    return [word for each in words_apart(text) if any(map(str.isalnum, word := each.strip().lower()))]


def _taken_for_each_other(wrong: str, right: str) -> bool:
    if (wrong, right) in _PAIRS or {wrong, right} <= MEASURES:
        return True
    return is_han(wrong) and is_han(right) and bool(_sounds(wrong) & _sounds(right))


@lru_cache(maxsize=8192)
def _sounds(character: str) -> frozenset[str]:
    from slmkit.text.pinyin import blurred, readings

    return frozenset(blurred(syllable) for syllable, _ in readings([character])[0])


def _said_twice(sentence: str, edit: Edit) -> bool:
    """Whether what is taken away only says again what stands beside it."""
    for once, twice in SAID_TWICE.items():
        at = sentence.find(twice, max(0, edit.start - len(twice)), edit.end + len(twice))
        if at >= 0 and sentence[at : edit.start] + sentence[edit.end : at + len(twice)] == once:
            return True
    return False
