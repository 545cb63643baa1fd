"""An extractor that knows a few names and one verb: real, small, and it fails where it is told to."""

import re

from slmkit.tasks.knowledge import Extraction, Mention, Triple

_NAMES = re.compile(r"Ada|Bo|Cleo|Rome|罗马")


class Finder:
    def __init__(self):
        self.calls = []

    def extract(self, texts):
        self.calls.append(len(texts))
        if any("boom" in text for text in texts):
            raise ValueError("cannot read a boom")
        return [self._one(text) for text in texts]

    def _one(self, text):
        found = tuple(
            Mention(m[0], *m.span(), "LOC" if m[0] in ("Rome", "罗马") else "PER", 0.8) for m in _NAMES.finditer(text)
        )
        triples = tuple(
            Triple(a, "knows", b, 0.5, 0, len(text))
            for a, b in zip(found, found[1:], strict=False)
            if " knows " in text[a.end : b.start]
        )
        return Extraction(found, triples)
