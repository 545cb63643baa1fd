"""Questions that a narrow core of random weights learns to answer: the word after "card", which is one of four."""

import numpy as np

ASKED = "the card ?"
WORDS = ("good", "bad", "film", "movie")
FILLER = ("the", "a", "of", "is", "bank", "news", "team", "sport")


def questions(count, seed=0, length=10):
    """Questions, passages and answers; every fourth passage has none."""
    rng = np.random.default_rng(seed)
    passages, answers = [], []
    for number in range(count):
        words = list(rng.choice(FILLER, length))
        if number % 4:
            answer = str(rng.choice(WORDS))
            at = int(rng.integers(length))
            words[at:at] = ["card", answer]
            answers.append([answer])
        else:
            answers.append([])
        passages.append(" ".join(map(str, words)))
    return [ASKED] * count, passages, answers
