"""Entity F1 by seqeval: an entity counts when its start, end and type are all right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

Span = tuple[int, int, str]


def entity_f1(gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]]) -> float:
    """Micro F1 over all entities; spans are ``(start, end, type)`` in characters, end excluded."""
    from seqeval.metrics import f1_score

    truth, guess = zip(*_tagged(gold, predicted), strict=True)
    if not any(tag != "O" for row in truth for tag in row):
        return 0.0
    return float(f1_score(list(truth), list(guess), zero_division=0))


def counts(gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]]) -> np.ndarray:
    """Entities of each row that are right, that were said and that there are ``(n, 3)``: what micro F1 is made of."""
    from seqeval.metrics.sequence_labeling import get_entities

    pairs = [(set(get_entities(a)), set(get_entities(b))) for a, b in _tagged(gold, predicted)]
    return np.array([(len(truth & said), len(said), len(truth)) for truth, said in pairs], dtype=np.int64)


def of_counts(total: np.ndarray) -> float:
    """Micro F1 of summed counts ``(3,)``."""
    right, said, there = map(int, total)
    return 2 * right / (said + there) if there else 0.0


def _tagged(
    gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]]
) -> Iterator[tuple[list[str], list[str]]]:
    for a, b in zip(gold, predicted, strict=True):
        right, said = list(a), list(b)
        length = max((end for _, end, _ in (*right, *said)), default=0)
        yield _tags(right, length), _tags(said, length)


def _tags(spans: Sequence[Span], length: int) -> list[str]:
    # One tag a character. Of spans that overlap, the first to start (then the longest) keeps its characters.
    tags = ["O"] * length
    for start, end, kind in sorted(spans, key=lambda s: (s[0], -s[1], s[2])):
        if start < end and all(tag == "O" for tag in tags[start:end]):
            tags[start:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - start - 1)]
    return tags
