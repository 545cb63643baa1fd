"""What callers hand a recognizer to learn from, read and looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from slmkit.errors import InputError
from slmkit.tasks.inputs import as_series_like, as_texts, check_seed
from slmkit.tasks.knowledge.entities.entity import Span, all_spans
from slmkit.tasks.knowledge.entities.fitting import Taught, hold_back
from slmkit.tasks.knowledge.entities.formats import from_frame
from slmkit.tasks.knowledge.entities.recipe import RecognizerRecipe

if TYPE_CHECKING:
    from slmkit.core import SLM
    from slmkit.tasks.knowledge.entities.recognizer import EntityRecognizer
    from slmkit.tasks.knowledge.entities.recognizer_model import RecognizerModel

_SAMPLE, _SAMPLE_CHARACTERS = 512, 10_000


def pairs_of(texts: Any, spans: Any) -> tuple[list[str], list[list[Span]]]:
    """Texts and their spans; see ``EntityRecognizer.fit``.

    Raises:
        InputError: not such a thing; the message names the rows.
    """
    if type(texts).__name__ == "DataFrame" and hasattr(texts, "iloc"):
        if spans is not None:
            raise InputError("a frame brings texts and spans in its columns; give it alone")
        return from_frame(texts)
    if spans is None:
        raise InputError("texts need their spans: for each a list of (start, end, type)")
    left, right = as_series_like(texts), as_series_like(spans)
    if left is not None and right is not None and not left.equals(right):
        raise InputError("texts and spans are series with different indexes; give them the same, or lists")
    listed = as_texts(texts)
    return listed, all_spans(spans, listed)


def taught_by(
    asked: EntityRecognizer,
    slm: SLM,
    start: RecognizerModel | None,
    texts: Any,
    spans: Any,
    validation: tuple[Any, Any] | None,
) -> tuple[Taught, RecognizerRecipe]:
    """What is learned from, and how; depth and head are those of ``start``. See ``EntityRecognizer.fit``.

    Raises:
        InputError: not such a thing, or a parameter out of range.
    """
    listed, known = pairs_of(texts, spans)
    if not listed:
        raise InputError("there are no texts")
    recipe = RecognizerRecipe(
        head=asked.head if start is None else start.head,
        depth=asked.depth if start is None else start.depth,
        epochs=asked.epochs,
        learning_rate=asked.learning_rate,
        batch_tokens=asked.batch_tokens,
        max_length=asked.max_length,
        held_back=asked.validation_fraction if validation is None else 0.0,
        patience=asked.patience,
        dropout=asked.dropout,
        minutes=asked.minutes,
        seed=check_seed(asked.random_state),
    ).settled(len(listed), _mean_tokens(slm, listed), slm)
    if validation is None:
        return Taught(listed, known, hold_back(known, recipe.held_back or 0.0, recipe.seed)), recipe
    try:
        given_texts, given_spans = validation
    except (TypeError, ValueError):
        raise InputError("validation: give a pair (texts, spans)") from None
    more, truth = pairs_of(given_texts, given_spans)
    held = np.arange(len(listed), len(listed) + len(more))
    return Taught([*listed, *more], [*known, *truth], held), recipe


def _mean_tokens(slm: SLM, texts: list[str]) -> float:
    """Tokens of a text, from an even sample of them."""
    sample = texts[:: max(1, len(texts) // _SAMPLE)]
    read = slm.tokenizer.encode_batch([text[:_SAMPLE_CHARACTERS] for text in sample])
    return sum(map(len, read)) / len(sample) + 2
