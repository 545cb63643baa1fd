"""Raw text as things to write: the end of a text, or the text itself from what is left of it (Lewis et al. 2020)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from slmkit.pretraining.pairs import CONTINUE, FILL, Pair
from slmkit.text.language import language, words_apart
from slmkit.text.sentences import sentence_spans

GAP = " … "


def unlabelled(rows: Sequence[str], rng: np.random.Generator) -> Iterator[Pair]:
    """Raw rows as things to write: the end of a text from its beginning, or a text from what is left of it.

    Args:
        rows: texts. rng: of the damage.
    """
    for text in rows:
        words = words_apart(text)
        if len(words) < 8:
            continue
        if rng.random() < 0.6:
            at = int(rng.integers(len(words) // 6 + 1, 2 * len(words) // 3 + 1))
            yield Pair(CONTINUE, "".join(words[:at]).strip(), "".join(words[at:]).strip())
        else:
            yield Pair(FILL, infilled(permuted(text, rng), rng).strip(), text)


def permuted(text: str, rng: np.random.Generator) -> str:
    """The sentences of a text in another order, half of the time (Lewis et al. 2020)."""
    spans = list(sentence_spans(text))
    if len(spans) < 2 or rng.random() < 0.5:
        return text
    joint = " " if language(text) == "en" else ""
    return joint.join(text[slice(*spans[i])].strip() for i in rng.permutation(len(spans)))


def infilled(text: str, rng: np.random.Generator, share: float = 0.3) -> str:
    """A text with stretches of about three taken out, each leaving one gap sign (text infilling)."""
    words, kept, at = words_apart(text), [], 0
    while at < len(words):
        if rng.random() < share / 3:
            kept.append(GAP)
            at += 1 + int(rng.poisson(2))
        else:
            kept.append(words[at])
            at += 1
    return "".join(kept)
