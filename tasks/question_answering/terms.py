"""The words of a text as the lexical index holds them, and a query's words as match expressions.

English words are lower-cased here and stemmed by SQLite (Porter). Chinese needs no segmenter: a run of characters is
held as its overlapping pairs, and its last character alone, so that a single character is found as the beginning of
one of them. An index is thus the same wherever it is made.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

TOKENIZE = "porter unicode61 remove_diacritics 2"
_PAIRED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(rf"([{_PAIRED}]+)|\d+(?:[.,]\d+)+|[^\W_{_PAIRED}]+")
MOST_TERMS = 64  # of a query: a whole document as a query would otherwise take seconds


def index_terms(text: str) -> str:
    """The terms of a text, in order, with spaces between them."""
    found: list[str] = []
    for match in _RUNS.finditer(_fold(text)):
        run = match[0]
        if match[1]:
            found += [a + b for a, b in pairwise(run)]
            found.append(run[-1])
        else:
            found.append(run)
    return " ".join(found)


def query_terms(text: str) -> list[str]:
    """The different words of a query, each as an FTS5 expression.

    Each is a quoted string of letters and digits, so that nothing in ``text`` is read as syntax.
    """
    terms: dict[str, None] = {}
    for match in _RUNS.finditer(_fold(text)):
        run = match[0]
        if not match[1]:
            terms[f'"{run}"'] = None
        elif len(run) == 1:
            terms[f'"{run}" *'] = None
        else:
            terms.update((f'"{a}{b}"', None) for a, b in pairwise(run))
    return list(terms)[:MOST_TERMS]


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()
