"""``EntityRecognizer``: which things a text names, where, and what they are, in English and Chinese."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmkit.errors import InputError
from slmkit.tasks.exploding import Items
from slmkit.tasks.inputs import as_series_like, as_texts
from slmkit.tasks.knowledge.entities.entity import Entity
from slmkit.tasks.knowledge.entities.folders import folder_of, read_start
from slmkit.tasks.parameters import Parameters

if TYPE_CHECKING:
    from slmkit.core import SLM
    from slmkit.from_states import FromStates
    from slmkit.tasks.knowledge.entities.candidates import Found
    from slmkit.tasks.knowledge.entities.recognizer_model import RecognizerModel
    from slmkit.tasks.knowledge.entities.rules import Rules

_OF_FIT = (
    *("head", "depth", "epochs", "learning_rate", "batch_tokens", "max_length", "validation_fraction", "patience"),
    *("dropout", "minutes", "start"),
)
_LEFT_OUT = ("slm", "model", "start", "random_state", "verbose")  # they belong to the machine and the run


class EntityRecognizer(Parameters):
    """Finds names and other spans of given types, with exact characters and calibrated scores.

    None ships yet: ``fit`` it on one's own types, or give a saved one as ``model``. One that learned to read the names
    of types looks for others by theirs (``from_types``). Long texts are read in overlapping windows; nothing is cut. It
    has scikit-learn's manners without its import, which would delay a first result. What is None is chosen
    from the data.

    Args:
        types: what to look for by name instead of the types it knows: a list, or a mapping from type to a few words
            that say what it is. In ``fit``, words about the types in the spans, for a ``start`` that knows names.
        threshold: the probability from which an entity is given; None takes the one of the best F1 on held-back texts.
        nested: whether entities may lie inside others; None as in what it learned.
        rules: word lists and regular expressions that add or veto: dicts such as
            ``{"label": "drug", "pattern": "aspirin"}``, ``{"label": "code", "regex": "[A-Z]{3}-[0-9]+"}``,
            ``{"pattern": "May", "veto": True}``; see ``Rules``.
        head: of ``fit``: "pointer" (scores of first and last tokens), "tagger" (BIO labels), or "both" (the pointer
            answers, the tagger only learns beside it).
        depth: encoder layers that are tuned. epochs: passes over the texts. learning_rate: peak, of the branch.
        batch_tokens: tokens of an optimiser step. max_length: tokens of a window.
        validation_fraction: of the texts, held back for the choice of the best weights, for calibration and threshold;
            0 learns from all of them. patience: epochs without a better score before training ends.
        dropout: while training. minutes: shorten the training to what fits in them.
        start: what ``fit`` goes on from, with its depth and head: "shipped", or the folder of a saved recognizer; None
            is the core itself.
        random_state: same seed, same machine, same result (unless ``minutes`` cuts it short). verbose: 1 shows budget
            and progress on stderr.
        slm: the core, or the folder of one; None takes the one that ships with the package.
        model: the folder of a saved recognizer; None takes the one that ships with the package.

    Attributes:
        model_: the ``RecognizerModel``, after ``fit`` or ``load``. history_: its looks at the held-back part.
    """

    name = "entities"
    columns = ("entities",)
    column_types: Mapping[str, type] = {"entities": list}
    items = Items(
        "entities",
        (
            ("text", "mention", str),
            ("start", "start", int),
            ("end", "end", int),
            ("type", "type", str),
            ("score", "score", float),
        ),
    )
    of_fit = _OF_FIT

    def __init__(
        self,
        types: Mapping[str, str] | Sequence[str] | None = None,
        *,
        threshold: float | None = None,
        nested: bool | None = None,
        rules: Sequence[Mapping[str, Any]] = (),
        head: str = "both",
        depth: int = 6,
        epochs: int | None = None,
        learning_rate: float = 3e-4,
        batch_tokens: int | None = None,
        max_length: int | None = None,
        validation_fraction: float | None = None,
        patience: int | None = None,
        dropout: float = 0.1,
        minutes: float | None = None,
        start: str | Path | None = None,
        random_state: int | None = 0,
        verbose: int = 0,
        slm: SLM | str | Path | None = None,
        model: str | Path | None = None,
    ) -> None:
        self.types = types
        self.threshold = threshold
        self.nested = nested
        self.rules = rules
        self.head = head
        self.depth = depth
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_tokens = batch_tokens
        self.max_length = max_length
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.dropout = dropout
        self.minutes = minutes
        self.start = start
        self.random_state = random_state
        self.verbose = verbose
        self.slm = slm
        self.model = model

    @classmethod
    def from_types(cls, types: Mapping[str, str] | Sequence[str], **parameters: Any) -> EntityRecognizer:
        """A recognizer of types that it was not trained on, by their names, ready to predict.

        Args:
            types: such as ``["drug", "side effect"]``, or a mapping from type to a few words that say what it is.
            **parameters: of the class; ``fit`` may follow.

        Raises:
            InputError: these are no types, or the recognizer was not trained to know types by name.
            CheckpointError: no recognizer ships with this package and none is given.
        """
        made = cls(types, **parameters)
        made._fitted()
        return made

    @property
    def types_(self) -> tuple[str, ...]:
        """The types that are looked for."""
        return self._fitted().types

    def fit(self, texts: Any, spans: Any = None, *, validation: tuple[Any, Any] | None = None) -> EntityRecognizer:
        """Learn from texts and the spans in them.

        Args:
            texts: a list, array or Series of str; or a frame, see ``formats.from_frame``, which then stands alone.
            spans: for each text a list of ``(start, end, type)`` or of ``{"start", "end", "type"}``, half-open
                characters. ``formats`` has readers of other shapes.
            validation: texts and spans to choose the best weights by, for calibration and threshold; None holds back a
                part of the texts.

        Raises:
            InputError: rows that are no texts or spans (the message names them), or a parameter out of range.
        """
        from slmkit.tasks.knowledge.entities.fitting import fit_recognizer
        from slmkit.tasks.knowledge.entities.given import taught_by
        from slmkit.tasks.knowledge.entities.type_rows import named_types

        slm = self._core()
        start = read_start(self.start, slm)
        taught, recipe = taught_by(self, slm, start, texts, spans, validation)
        names = None if self.types is None else named_types(self.types)
        self.model_ = fit_recognizer(
            slm, taught, recipe, nested=self.nested, start=start, names=names, verbose=self.verbose
        )
        self.history_ = self.model_.about["history"]
        return self

    def predict(self, texts: Any) -> Any:
        """The entities of texts.

        Args:
            texts: one str, or a list, array or Series of them.

        Returns:
            A list of ``Entity`` in the order of the text for one str, a list of such lists for many, a Series of them
            with its index for a Series.

        Raises:
            InputError: a row that is no text, or a parameter out of range.
            CheckpointError: no recognizer ships with this package and none is given, or it is damaged.
        """
        if isinstance(texts, str):
            return self._entities([texts])[0]
        found, index = self._entities(as_texts(texts)), as_series_like(texts)
        if index is None:
            return found
        import pandas as pd

        return pd.Series(found, index=index, name="entities", dtype=object)

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """One dict a text, for tables: its entities as a list of ``{text, start, end, type, score}``."""
        return _as_dicts(self._entities(list(texts)))

    def from_states(self, texts: Sequence[str]) -> FromStates[list[dict[str, Any]]]:
        """As ``annotate``; see ``slmkit.tasks.base.AnswersFromStates``."""
        self._check()
        return self._fitted().spans(texts, nested=self.nested).then(lambda found: _as_dicts(self._told(texts, found)))

    def explain(self, text: str, *, least: float = 0.02) -> list[dict[str, Any]]:
        """What was thought of: every span that may be an entity, found or not.

        Args:
            text: one str. least: probability from which a type of a span is told.

        Returns:
            ``{"text", "start", "end", "found", "reason", "alternatives"}`` for each, in order; the alternatives are
            ``{"type", "score"}``, the likeliest first.
        """
        from slmkit.tasks.knowledge.entities.explaining import explained

        if not isinstance(text, str):
            raise InputError(f"explain: got {type(text).__name__}, expected one str")
        found = self.predict(text)
        return explained(self._fitted(), text, found, self._threshold(), least)

    def score(self, texts: Any, spans: Any = None) -> float:
        """Strict F1: an entity counts when its start, end and type are all right; see ``fit`` for the arguments."""
        from slmkit.tasks.knowledge.entities.given import pairs_of

        listed, truth = pairs_of(texts, spans)
        right = said = 0
        for own, known in zip(self._entities(listed), truth, strict=True):
            found = {(each.start, each.end, each.type) for each in own}
            right, said = right + len(found & set(known)), said + len(found) + len(known)
        return 2 * right / said if said else 1.0

    def save(self, folder: str | Path) -> None:
        """Write branch, heads, types and settings to a folder (about 12 MB at depth 6; the core is named only)."""
        settings = {name: value for name, value in self.get_params().items() if name not in _LEFT_OUT}
        settings |= {"types": _listed(self.types), "rules": [dict(rule) for rule in self.rules]}
        self._fitted().save(folder, settings=settings)

    @classmethod
    def load(cls, folder: str | Path, *, slm: SLM | str | Path | None = None) -> EntityRecognizer:
        """Read what ``save`` wrote.

        Args:
            folder: the folder. slm: the core, or the folder of one; None takes the one that ships with the package.

        Raises:
            CheckpointError: the folder is missing, damaged, newer than this package, or belongs to another core.
        """
        from slmkit.tasks.knowledge.entities.recognizer_model import RecognizerModel

        made = cls(slm=slm)
        model = RecognizerModel.load(folder, slm=made._core())
        made._take_settings(model, folder)
        made.model_ = model
        made.history_ = model.about.get("history", [])
        return made

    @property
    def fingerprint(self) -> str:
        """Identifies the model and the settings, so that an interrupted table is never finished by another one."""
        told = [self.threshold, self.nested, list(self.rules)]
        digest = hashlib.sha256(json.dumps(told, ensure_ascii=True, default=str, sort_keys=True).encode()).hexdigest()
        return f"{self._fitted().fingerprint}/{digest[:8]}"

    def _entities(self, texts: list[str]) -> list[list[Entity]]:
        self._check()
        return self._told(texts, self._fitted().read(texts, nested=self.nested))

    def _told(self, texts: Sequence[str], found: Sequence[Sequence[Found]]) -> list[list[Entity]]:
        """The entities among the spans that the model found in each text."""
        from slmkit.tasks.knowledge.entities.recognizer_model import probabilities

        model, rules, threshold = self._fitted(), self._rules(), self._threshold()
        nested = model.nested if self.nested is None else self.nested
        made = []
        for text, spans in zip(texts, found, strict=True):
            own = [
                Entity(text[each.start : each.end], each.start, each.end, model.types[each.kind], float(chance))
                for each, chance in zip(spans, probabilities(model, spans), strict=True)
                if chance >= threshold
            ]
            own.sort(key=lambda each: (each.start, -each.end, each.type))
            made.append(rules.apply(text, own, nested=nested))
        return made

    def _threshold(self) -> float:
        return self._fitted().calibration.threshold if self.threshold is None else float(self.threshold)

    def _check(self) -> None:
        number = isinstance(self.threshold, Real) and not isinstance(self.threshold, bool)
        if self.threshold is not None and not (number and 0 <= self.threshold <= 1):
            raise InputError(f"threshold {self.threshold!r}: give None, or 0 to 1")
        self._rules()

    def _rules(self) -> Rules:
        """The rules, compiled; kept while they do not change."""
        from slmkit.tasks.knowledge.entities.rules import Rules

        asked = repr(self.rules)
        held = self.__dict__.get("_compiled")
        if held is None or held[0] != asked:
            held = asked, Rules(self.rules)
            self.__dict__["_compiled"] = held
        return held[1]

    def _fitted(self) -> RecognizerModel:
        """The model of ``fit`` or ``load``; without one, that of the folder, kept while the parameters stay."""
        if hasattr(self, "model_"):
            return self.model_
        asked = json.dumps([str(self.model), _listed(self.types), id(self.slm)])
        held = self.__dict__.get("_loaded")
        if held is None or held[0] != asked:
            held = asked, self._read()
            self.__dict__["_loaded"] = held
        return held[1]

    def _read(self) -> RecognizerModel:
        from slmkit.tasks.knowledge.entities.recognizer_model import RecognizerModel
        from slmkit.tasks.knowledge.entities.type_rows import named_types

        model = RecognizerModel.load(folder_of(self.model), slm=self._core())
        return model if self.types is None else model.with_types(named_types(self.types))


def _as_dicts(found: Sequence[Sequence[Entity]]) -> list[dict[str, Any]]:
    return [{"entities": [each.to_dict() for each in own]} for own in found]


def _listed(types: Any) -> Any:
    """Types as JSON holds them; a mapping keeps its order."""
    if types is None or isinstance(types, str):
        return types
    return dict(types) if isinstance(types, Mapping) else list(types)
