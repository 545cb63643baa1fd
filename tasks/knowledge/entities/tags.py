"""Words with a tag each, as corpora are written, as texts with spans: BIO, IOB1, BIOES, BILOU, BMES, bare types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slmkit.errors import InputError
from slmkit.tasks.knowledge.entities.entity import Span
from slmkit.tasks.question_answering.natural_words import join_natural
from slmkit.text.language import is_cjk, join_words

_BEGINS, _GOES_ON, _ENDS, _ALONE = frozenset("B"), frozenset("IM"), frozenset("EL"), frozenset("SUW")
_OUTSIDE = frozenset({"O", "", "-", "_"})
_UNTYPED = "entity"

Place = tuple[int, int]


def join(words: Sequence[str], *, natural: bool = True) -> tuple[str, list[Place]]:
    """A text of these words, and the half-open span of each in it.

    Args:
        words: of a sentence; Chinese ones, and single characters of Chinese sentences, are joined without spaces.
        natural: English marks and clitics stand where people write them, Penn Treebank's brackets and quotes as such;
            otherwise there is a space between any two words.
    """
    if not any(is_cjk(word[0]) for word in words if word):
        return join_natural(words) if natural else join_words(words)
    if all(len(word) == 1 for word in words):
        return "".join(words), [(at, at + 1) for at in range(len(words))]
    return join_words(words)


def tag_spans(tags: Sequence[str], places: Sequence[Place], where: str = "the tags") -> list[Span]:
    """Typed spans of tagged words; whatever the scheme, what a tag says of its own word decides.

    ``B`` begins; ``I`` and ``M`` go on, or begin where nothing of their type is open (as in IOB1); ``E`` and ``L`` end;
    ``S``, ``U`` and ``W`` stand alone; ``O`` is outside. A tag without such a letter is a type itself, and goes on for
    as long as it stays the same.

    Args:
        tags: such as ``B-PER`` or ``B_PER``, one a word. places: the words' spans. where: what an error calls them.

    Raises:
        InputError: not one tag a word.
    """
    if len(tags) != len(places):
        raise InputError(f"{where}: {len(places)} words and {len(tags)} tags")
    spans: list[Span] = []
    open_kind: str | None = None
    for tag, (start, end) in zip(tags, places, strict=True):
        letter, kind = _parts(tag)
        if letter == "O":
            open_kind = None
            continue
        if letter not in _BEGINS | _ALONE and open_kind == kind:
            spans[-1] = (spans[-1][0], end, kind)
        else:
            spans.append((start, end, kind))
        open_kind = None if letter in _ENDS | _ALONE else kind
    return spans


def _parts(tag: str) -> tuple[str, str]:
    """Letter and type of a tag."""
    if tag in _OUTSIDE:
        return "O", ""
    letters = _BEGINS | _GOES_ON | _ENDS | _ALONE
    if tag in letters:
        return tag, _UNTYPED
    if len(tag) > 2 and tag[0] in letters and tag[1] in "-_":
        return tag[0], tag[2:]
    return "I", tag


def columns(
    text: str, *, word: int = 0, tag: int = -1, separator: str | None = None, prefix: str = ""
) -> Iterator[tuple[list[str], list[str]]]:
    """Words and tags of each sentence of a text with a word a line and blank lines between sentences.

    Lines with one field only (white space as a word), and those of ``-DOCSTART-``, are left out.

    Args:
        text: the whole of it. word, tag: number of the field. separator: of the fields; None is any white space.
        prefix: taken off each word.
    """
    words: list[str] = []
    tags: list[str] = []
    for line in [*text.split("\n"), ""]:
        line = line.rstrip("\r")
        fields = line.split(separator)
        if not line.strip() or fields[0].startswith("-DOCSTART-"):
            if words:
                yield words, tags
                words, tags = [], []
            continue
        if len(fields) > 1 and fields[word].removeprefix(prefix).strip():
            words.append(fields[word].removeprefix(prefix).strip())
            tags.append(fields[tag].strip())


def tagged(words: Sequence[str], tags: Sequence[str], *, natural: bool = True) -> tuple[str, list[Span]]:
    """A text and its spans; see ``join`` and ``tag_spans``."""
    text, places = join(words, natural=natural)
    return text, tag_spans(tags, places)
