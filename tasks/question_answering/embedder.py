"""The embedder of an index: the shipped one unless another is given, and from then on none but the same one."""

from __future__ import annotations

from pathlib import Path

from slmkit.errors import CheckpointError
from slmkit.tasks.question_answering.fusion import cosine_spread
from slmkit.tasks.question_answering.records import Embedder


def shipped(made_with: str | None = None) -> Embedder:
    """The shipped retriever, or its core where an index was made with that.

    Args:
        made_with: fingerprint of what the index was made with; None for a new one.
    """
    from slmkit.tasks.question_answering.retriever import core_of, shipped_embedder

    made = shipped_embedder()
    return core_of(made) if made_with == core_of(made).fingerprint else made


def facts_of(embedder: Embedder) -> dict[str, str | int | float]:
    """What an index keeps of the embedder that it is made with."""
    width = embedder.embed(["width"], kind="passage").shape[1]
    spread = cosine_spread(lambda texts: embedder.embed(list(texts), kind="passage"))
    return {"core": embedder.fingerprint, "width": width, "spread": spread}


def require(embedder: Embedder, made_with: str, folder: Path) -> None:
    """Refuse an embedder that the index in ``folder`` was not made with.

    Raises:
        CheckpointError: its fingerprint is another one.
    """
    if embedder.fingerprint != made_with:
        raise CheckpointError(
            f"{folder} was made with core {made_with}, this core is {embedder.fingerprint}, whose vectors "
            "mean something else: open it with slm=slmkit.load(PATH) or Retriever.load(PATH) of that one, or index "
            "its documents() anew with DocumentIndex.create in another folder"
        )
