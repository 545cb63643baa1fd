"""Entity F1 by seqeval: an entity counts when its start, end and type are all right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int, str]


def entity_f1(gold: Sequence[Iterable[Span]], predicted: Sequence[Iterable[Span]]) -> float:
    """Micro F1 over all entities; spans are ``(start, end, type)`` in characters, end excluded."""
    from seqeval.metrics import f1_score

    truth, guess = [], []
    for a, b in zip(gold, predicted, strict=True):
        right, said = list(a), list(b)
        length = max((end for _, end, _ in (*right, *said)), default=0)
        truth.append(_tags(right, length))
        guess.append(_tags(said, length))
    if not any(tag != "O" for row in truth for tag in row):
        return 0.0
    return float(f1_score(truth, guess, zero_division=0))


def _tags(spans: Sequence[Span], length: int) -> list[str]:
    # One tag a character. Of spans that overlap, the first to start (then the longest) keeps its characters.
    tags = ["O"] * length
    for start, end, kind in sorted(spans, key=lambda s: (s[0], -s[1], s[2])):
        if start < end and all(tag == "O" for tag in tags[start:end]):
            tags[start:end] = [f"B-{kind}", *[f"I-{kind}"] * (end - start - 1)]
    return tags
