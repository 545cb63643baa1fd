"""``slm_entities``: the recognizer as a component of a spaCy pipeline.

    nlp = spacy.blank("en")
    nlp.add_pipe("slm_entities", config={"types": ["drug", "side effect"]})

``doc.ents`` holds the entities as spaCy's tokens allow, ``doc.spans["slm_entities"]`` all of them, nested ones too,
with their scores under ``attrs["scores"]``.
"""

# spaCy reads the types of a factory's arguments as they are when it is registered: no postponed annotations here.

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.util import minibatch

from slmkit.checkpoint import write_atomically
from slmkit.errors import CheckpointError, InputError
from slmkit.tasks.knowledge.entities.entity import Entity
from slmkit.tasks.knowledge.entities.recognizer import EntityRecognizer

NAME = "slm_entities"
ALIGNMENTS = ("strict", "contract", "expand")
_SETTINGS, _RECOGNIZER = "settings.json", "recognizer"


class EntityComponent:
    """Fills ``doc.ents`` and ``doc.spans``.

    An entity whose first or last character stands inside of one of spaCy's tokens is left out (alignment_mode
    "strict"), has the tokens that lie inside of it ("contract"), or those that it touches ("expand"), as
    ``Doc.char_span`` does. Of entities that overlap, the one with the higher score goes to ``doc.ents``.

    Args:
        recognizer: what finds them. spans_key: group of ``doc.spans``. alignment_mode: see above.
        overwrite_ents: take the place of entities that ``doc.ents`` holds already; else these stay and those that
            overlap them are left out.
    """

    def __init__(
        self,
        recognizer: EntityRecognizer,
        *,
        spans_key: str = NAME,
        alignment_mode: str = "expand",
        overwrite_ents: bool = False,
    ) -> None:
        if alignment_mode not in ALIGNMENTS:
            raise InputError(f"alignment_mode {alignment_mode!r} is not known; give one of {', '.join(ALIGNMENTS)}")
        self.recognizer, self.spans_key = recognizer, spans_key
        self.alignment_mode, self.overwrite_ents = alignment_mode, overwrite_ents

    def __call__(self, doc: Doc) -> Doc:
        """The doc, with its entities."""
        return self._filled(doc, self.recognizer.predict(doc.text))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128, **_: Any) -> Iterator[Doc]:
        """The docs, read in batches of the recognizer's own."""
        for docs in minibatch(stream, size=batch_size):
            for doc, found in zip(docs, self.recognizer.predict([doc.text for doc in docs]), strict=True):
                yield self._filled(doc, found)

    def _filled(self, doc: Doc, found: Sequence[Entity]) -> Doc:
        spans: list[tuple[Span, float]] = []
        for each in found:
            span = doc.char_span(each.start, each.end, each.type, alignment_mode=self.alignment_mode)
            if span is not None and len(span):
                spans.append((span, each.score))
        scores = [score for _, score in spans]
        doc.spans[self.spans_key] = SpanGroup(
            doc, name=self.spans_key, attrs={"scores": scores}, spans=[span for span, _ in spans]
        )
        kept = [] if self.overwrite_ents else list(doc.ents)
        taken = {token for span in kept for token in range(span.start, span.end)}
        for span, _ in sorted(spans, key=lambda pair: -pair[1]):
            tokens = range(span.start, span.end)
            if taken.isdisjoint(tokens):
                kept.append(span)
                taken.update(tokens)
        doc.ents = tuple(sorted(kept, key=lambda span: span.start))
        return doc

    def to_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> None:
        """Write the component's settings; and the recognizer, where it is not the one that ships with the package."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        own = hasattr(self.recognizer, "model_") or self.recognizer.model is not None
        if own and _RECOGNIZER not in exclude:
            self.recognizer.save(folder / _RECOGNIZER)
        told = {
            "spans_key": self.spans_key,
            "alignment_mode": self.alignment_mode,
            "overwrite_ents": self.overwrite_ents,
        }
        write_atomically(folder / _SETTINGS, json.dumps(told, indent=1).encode())

    def from_disk(self, path: str | Path, *, exclude: Sequence[str] = ()) -> "EntityComponent":
        """Read what ``to_disk`` wrote; returns the component.

        Raises:
            CheckpointError: it is missing or damaged, or its recognizer belongs to another core.
        """
        folder = Path(path)
        try:
            told = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
            self.spans_key, self.alignment_mode = str(told["spans_key"]), str(told["alignment_mode"])
            self.overwrite_ents = bool(told["overwrite_ents"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CheckpointError(f"{folder / _SETTINGS} is missing or damaged ({error!r})") from error
        if _RECOGNIZER not in exclude and (folder / _RECOGNIZER).is_dir():
            self.recognizer = EntityRecognizer.load(folder / _RECOGNIZER, slm=self.recognizer.slm)
        return self


@Language.factory(
    NAME,
    assigns=["doc.ents", "doc.spans"],
    default_config={
        "model": None,
        "core": None,
        "types": None,
        "rules": [],
        "threshold": None,
        "nested": None,
        "spans_key": NAME,
        "alignment_mode": "expand",
        "overwrite_ents": False,
    },
)
def make_entities(
    nlp: Language,
    name: str,
    model: str | None,
    core: str | None,
    types: list[str] | dict[str, str] | None,
    rules: list[dict[str, Any]],
    threshold: float | None,
    nested: bool | None,
    spans_key: str,
    alignment_mode: str,
    overwrite_ents: bool,
) -> EntityComponent:
    """Make the component; the recognizer is loaded at its first use.

    Args:
        nlp, name: given by spaCy. model: folder of a saved recognizer; None takes the one that ships.
        core: folder of the core; None takes the one that ships. types, rules, threshold, nested: see
            ``EntityRecognizer``. spans_key, alignment_mode, overwrite_ents: see ``EntityComponent``.
    """
    del nlp, name
    recognizer = EntityRecognizer(types, rules=rules, threshold=threshold, nested=nested, slm=core, model=model)
    return EntityComponent(
        recognizer, spans_key=spans_key, alignment_mode=alignment_mode, overwrite_ents=overwrite_ents
    )
