"""Texts with spans out of what people have: frames, columns of words and tags, JSON lines, spaCy's ``DocBin``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from slmkit.errors import InputError
from slmkit.tasks.base import require_column
from slmkit.tasks.inputs import as_rows, as_texts, is_missing
from slmkit.tasks.knowledge.entities.entity import Span, all_spans, as_spans
from slmkit.tasks.knowledge.entities.tags import columns, tagged

if TYPE_CHECKING:
    import pandas as pd
    from spacy.vocab import Vocab

_SPAN_KEYS = ("spans", "entities", "labels", "label")


class Marked(NamedTuple):
    """Texts, and the spans in each: what ``EntityRecognizer.fit`` takes."""

    texts: list[str]
    spans: list[list[Span]]


def from_frame(
    frame: pd.DataFrame,
    *,
    text: Any = "text",
    spans: Any = "spans",
    id: Any = None,  # noqa: A002
) -> Marked:
    """Take a frame with a text a row and its spans in one cell, or with a span a row.

    Args:
        frame: with the column ``text``, and either the column ``spans`` (lists, or such lists as JSON) or the columns
            ``start``, ``end`` and ``type`` (or ``label``). text, spans: names of these columns.
        id: of a frame with a span a row, the column that says which rows are of one text; None takes the text itself.
            A row without start is a text, or one more text, without a span.

    Raises:
        InputError: a column is missing, a text is none, or a span cannot be read; the message names the row.
    """
    require_column(text, frame.columns, "the frame")
    texts = as_texts(frame[text])
    if spans in list(frame.columns):
        return Marked(texts, all_spans(frame[spans], texts, f"the column {spans!r}"))
    if "start" not in frame.columns:
        raise InputError(
            f"the frame has neither a column {spans!r} with lists of spans nor columns start, end and type"
        )
    kind = "type" if "type" in frame.columns else "label"
    for name in ("end", kind, *(() if id is None else (id,))):
        require_column(name, frame.columns, "the frame")
    owners = texts if id is None else frame[id].tolist()
    found: dict[Any, tuple[str, list[Any]]] = {}
    rows = zip(owners, texts, frame["start"].tolist(), frame["end"].tolist(), frame[kind].tolist(), strict=True)
    for number, (owner, said, start, end, name) in enumerate(rows):
        whole, own = found.setdefault(owner, (said, []))
        if whole != said:
            raise InputError(f"row {number} of the frame: another text than that of an earlier row with id {owner!r}")
        if not is_missing(start):
            own += as_spans([(start, end, name)], said, f"row {number} of the frame")
    return Marked([said for said, _ in found.values()], [as_spans(own, said) for said, own in found.values()])


def from_tags(words: Iterable[Sequence[str]], tags: Iterable[Sequence[str]], *, natural: bool = True) -> Marked:
    """Take sentences of words with a tag each (BIO, IOB1, BIOES, BILOU, BMES, or bare types).

    Args:
        words, tags: of each sentence. natural: see ``tags.join``.

    Raises:
        InputError: not one tag a word.
    """
    pairs = list(zip(as_rows(words, "the words"), as_rows(tags, "the tags"), strict=False))
    bad = next((row for row, (own, said) in enumerate(pairs) if len(own) != len(said)), None)
    if bad is not None:
        raise InputError(f"row {bad}: {len(pairs[bad][0])} words and {len(pairs[bad][1])} tags")
    return _marked(tagged(list(own), list(said), natural=natural) for own, said in pairs)


def from_columns(
    source: str | Path,
    *,
    word: int = 0,
    tag: int = -1,
    separator: str | None = None,
    natural: bool = True,
    encoding: str = "utf-8-sig",
) -> Marked:
    """Take a file in CoNLL's form: a word a line with its tag, blank lines between sentences.

    Args:
        source: the file. word, tag: number of the column. separator: of columns; None is any white space.
        natural: see ``tags.join``. encoding: of the file.

    Raises:
        InputError: it cannot be read, or has no sentence.
    """
    text = _read(Path(source), encoding)
    try:
        made = _marked(
            tagged(*each, natural=natural) for each in columns(text, word=word, tag=tag, separator=separator)
        )
    except IndexError:
        raise InputError(f"{source} has a line without a column {word} or {tag}") from None
    if not made.texts:
        raise InputError(f"{source} has no line with a word and a tag")
    return made


def from_jsonl(source: str | Path, *, text: str = "text", spans: str | None = None) -> Marked:
    """Take a file of JSON lines: objects with a text and a list of spans, as Prodigy, doccano and others write them.

    Lines that were rejected or ignored in Prodigy are left out.

    Args:
        source: the file. text, spans: keys; None takes the first of spans, entities, labels, label that is there.

    Raises:
        InputError: it cannot be read, or a line is not such an object; the message names the line.
    """
    found: list[tuple[str, list[Span]]] = []
    for number, line in enumerate(_read(Path(source), "utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        where = f"line {number} of {source}"
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"{where} is not JSON: {error}") from None
        if isinstance(row, list) and len(row) == 2 and isinstance(row[1], dict):  # as spaCy's examples were once given
            row = {text: row[0], **row[1]}
        if not isinstance(row, dict) or not isinstance(row.get(text), str):
            raise InputError(f"{where} is no object with a text under {text!r}")
        if row.get("answer") in ("reject", "ignore"):
            continue
        key = spans if spans is not None else next((key for key in _SPAN_KEYS if key in row), None)
        if key is None or key not in row:
            raise InputError(f"{where} has no spans; they are looked for under {spans or ', '.join(_SPAN_KEYS)}")
        found.append((row[text], as_spans(row[key], row[text], where)))
    return _marked(found)


def from_docbin(source: Any, *, vocab: Vocab | None = None, spans_key: str | None = None) -> Marked:
    """Take documents that spaCy has kept.

    Args:
        source: a ``DocBin``, the path of one, or docs. vocab: of the docs; None makes a blank one.
        spans_key: the group of ``doc.spans`` that is taken; None takes ``doc.ents``.

    Raises:
        InputError: it cannot be read.
    """
    if isinstance(source, (str, Path)) or hasattr(source, "get_docs"):
        from spacy.tokens import DocBin
        from spacy.vocab import Vocab as BlankVocab

        try:
            held = DocBin().from_disk(source) if isinstance(source, (str, Path)) else source
        except Exception as error:  # whatever unpacking damaged bytes may raise
            raise InputError(f"{source} is no DocBin that can be read: {error!r}") from error
        source = held.get_docs(BlankVocab() if vocab is None else vocab)
    return _marked(
        (doc.text, as_spans([(e.start_char, e.end_char, e.label_) for e in own], doc.text, "a doc"))
        for doc in source
        for own in [doc.ents if spans_key is None else doc.spans.get(spans_key, ())]
    )


def _marked(rows: Iterable[tuple[str, list[Span]]]) -> Marked:
    listed = list(rows)
    return Marked([text for text, _ in listed], [spans for _, spans in listed])


def _read(path: Path, encoding: str) -> str:
    try:
        return path.read_text(encoding=encoding)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeError as error:
        raise InputError(f"{path} is not text in {encoding}: {error}; say which encoding") from None
