"""What the spelling benchmarks keep to themselves: which words, documents and sentences training has to leave out.

Each is told by its own content, so that a training script needs no list of what is measured.
"""

from __future__ import annotations

import hashlib
import re

WORDS = 0.5  # of the right words of the misspelling dictionary
DOCUMENTS = 0.125  # of the documents that clean sentences are drawn from
SENTENCES = 0.25  # of the sentences of a training file that has no dev part
_HEAD = 200  # characters of a text that decide
_OTHER = re.compile(r"[\W_]+")


def is_held_back(word: str) -> bool:
    """Whether the misspellings of a right word are measured on; those of the other half may be trained on."""
    return _share("word", word.lower()) < WORDS


def is_document_held_back(text: str) -> bool:
    """Whether the sentences of a document may be measured on; decided by the letters and digits of its beginning."""
    return _share("document", _letters(text[:_HEAD])) < DOCUMENTS


def is_sentence_held_back(right: str) -> bool:
    """Whether a sentence is carved out of a training file; decided by the letters and digits of its right form.

    So a sentence that stands there with several errors is carved out whole.
    """
    return _share("sentence", _letters(right)) < SENTENCES


def _letters(text: str) -> str:
    return _OTHER.sub("", text.lower())


def _share(kind: str, text: str) -> float:
    digest = hashlib.sha256(f"{kind}\x1e{text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
