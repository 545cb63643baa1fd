"""Sentences with names that a toy core can learn soon."""

import numpy as np

NAMES = {"bank card": "ORG", "good team": "PER", "酒店": "LOC"}
FILLER = ["the", "a", "is", "of", "news", "很", "film"]
SETTINGS = {"depth": 2, "epochs": 8, "learning_rate": 3e-3, "validation_fraction": 0.25}


def marked(count, seed=0, words=6):
    """Texts and their spans."""
    rng = np.random.default_rng(seed)
    texts, spans = [], []
    for _ in range(count):
        chosen = [str(rng.choice(list(NAMES) if rng.random() < 0.4 else FILLER)) for _ in range(words)]
        text, own = "", []
        for word in chosen:
            text += " " if text else ""
            if word in NAMES:
                own.append((len(text), len(text) + len(word), NAMES[word]))
            text += word
        texts.append(text)
        spans.append(own)
    return texts, spans
