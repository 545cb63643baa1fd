"""A stand-in for the core that needs no torch: words as tokens, and vectors that are sums of the words' own."""

import hashlib
import re

import numpy as np

from slmkit.text.tokenizer import Tokens

_TOKENS = re.compile(r"[a-z0-9]+|\S", re.IGNORECASE)


def _vector(word, width):
    seed = int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "big")
    return np.random.default_rng(seed).standard_normal(width)


class ToyTokenizer:
    def encode_batch(self, texts):
        spans = [np.array([m.span() for m in _TOKENS.finditer(t)], dtype=np.int64).reshape(-1, 2) for t in texts]
        return [Tokens(np.zeros(len(each), dtype=np.int64), each) for each in spans]


class ToyEmbedder:
    """Vectors of texts that share words are near each other."""

    def __init__(self, fingerprint="toy-embedder", width=24):
        self.fingerprint, self.width, self.tokenizer = fingerprint, width, ToyTokenizer()
        self.texts = 0  # how many were embedded
        self._known = {}

    def embed(self, texts, *, kind):
        self.texts += len(texts)
        rows = np.zeros((len(texts), self.width))
        for row, text in zip(rows, texts, strict=True):
            for word in _TOKENS.findall(text.lower()) or [""]:
                if word not in self._known:
                    self._known[word] = _vector(word, self.width)
                row += self._known[word]
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
