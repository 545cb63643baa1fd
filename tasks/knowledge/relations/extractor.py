"""``RelationExtractor``: which two things a text joins, and how, with the sentence that says so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks.base import cell_problem, weights_folder
from slmkit.tasks.inputs import as_rows, as_series_like, as_texts, check_seed, is_missing
from slmkit.tasks.knowledge.records import Extraction
from slmkit.tasks.knowledge.relations.relation import ITEMS, Relation
from slmkit.tasks.parameters import Parameters

if TYPE_CHECKING:
    from slmkit.core import SLM
    from slmkit.from_states import FromStates
    from slmkit.tasks.knowledge.relations.examples import LeftOut
    from slmkit.tasks.knowledge.relations.reading import Reading
    from slmkit.tasks.knowledge.relations.relation_model import RelationModel

MODES = ("auto", "found", "given")
_LEFT_OUT = ("slm", "model", "random_state", "verbose")  # they belong to the machine and the run, not to the model


class RelationExtractor(Parameters):
    """Finds relations and the mentions that they join, or tells the relations of mentions that are given.

    One branch of the encoder reads a window of whole sentences; a relation never reaches out of its window. Where
    mentions are *found*, spans and pairs of tokens are scored together (after GPLinker, Su 2022), so that several
    relations may hold for a pair and triples may overlap. Where they are *given*, each pair is marked in the text and
    read by itself. What is None is chosen from the data. It has scikit-learn's manners without its import.

    Args:
        entities: "found", "given", or "auto": given where ``fit`` gets two mentions a text, else found.
        schema: relation -> (head types, tail types), each a name or a list of names, or a list of such pairs, or None
            for any types. None learns from the triples between which types each relation stands.
        single: with given mentions, whether a pair has one relation at most.
        threshold: the score from which a relation is given back; None is what had the best F1 on the held-back part.
        depth: encoder layers that are tuned. epochs: passes over the texts, or over the pairs of given mentions.
        learning_rate: peak, of the branch. batch_tokens: tokens of an optimiser step. max_length: tokens of a window.
        validation_fraction: of the texts, held back for the choice of the best weights and for calibration.
        dropout: while training. minutes: shorten the training to what fits in them.
        random_state: same seed, same machine, same result (unless ``minutes`` cuts it short). verbose: 1 shows budget
            and progress on stderr.
        slm: the core, or the folder of one; None takes the one that ships with the package.
        model: the folder of a saved extractor; None takes the one that ships with the package.

    Attributes:
        model_: the ``RelationModel``. left_out_: triples that nothing was learned from, each with its reason.
        history_: the looks at the held-back part.
    """

    name = "relations"
    columns = ("relations",)
    items = ITEMS
    column_types: Mapping[str, type] = {"relations": list}
    of_fit = (
        *("entities", "schema", "single", "depth", "epochs", "learning_rate", "batch_tokens", "max_length"),
        *("validation_fraction", "dropout", "minutes"),
    )

    def __init__(
        self,
        *,
        entities: str = "auto",
        schema: Mapping[str, Any] | None = None,
        single: bool | None = None,
        threshold: float | None = None,
        depth: int = 6,
        epochs: int | None = None,
        learning_rate: float = 3e-4,
        batch_tokens: int | None = None,
        max_length: int | None = None,
        validation_fraction: float | None = None,
        dropout: float = 0.1,
        minutes: float | None = None,
        random_state: int | None = 0,
        verbose: int = 0,
        slm: SLM | str | Path | None = None,
        model: str | Path | None = None,
    ) -> None:
        self.entities = entities
        self.schema = schema
        self.single = single
        self.threshold = threshold
        self.depth = depth
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_tokens = batch_tokens
        self.max_length = max_length
        self.validation_fraction = validation_fraction
        self.dropout = dropout
        self.minutes = minutes
        self.random_state = random_state
        self.verbose = verbose
        self.slm = slm
        self.model = model

    def fit(
        self,
        texts: Any,
        triples: Any = None,
        entities: Any = None,
        *,
        complete: Any = None,
        sample_weight: Any = None,
        folder: str | Path | None = None,
    ) -> RelationExtractor:
        """Learn from texts and what they say.

        Args:
            texts: a list, array or Series of str; or a frame with the columns ``text``, ``triples`` and, if there is
                one, ``entities``, which then stands alone.
            triples: of each text a list of triples: dicts with head, relation and tail (and head_type, tail_type), or
                three in a row. A head or tail is a dict or object with start, end and perhaps type, ``(start, end)``,
                ``(start, end, type)``, or a name, which is looked for in the text. An empty list says that there is
                none.
            entities: of each text the list of its mentions, each with start, end and perhaps type.
            complete: one bool a text: whether no other relation is said in it; None says so of all.
            sample_weight: how often a text is read, beside the others.
            folder: keep the state of the run here; the same call after a kill goes on where it was cut off.

        Raises:
            InputError: rows that cannot be read (the message names them), nothing to learn from, or an argument out of
                range.
            CheckpointError: the folder holds the run of another fit.
        """
        from slmkit.tasks.classification.training_set import row_weights
        from slmkit.tasks.knowledge.relations.examples import in_twos, parts_of, read_examples
        from slmkit.tasks.knowledge.relations.fitting import fit_relations
        from slmkit.tasks.knowledge.relations.jobs import Asked
        from slmkit.tasks.knowledge.relations.recipe import RelationRecipe

        self._check()
        listed, triples, entities = parts_of(texts, triples, entities)
        examples, left_out = read_examples(listed, triples, entities, complete)
        given = self.entities == "given"
        if self.entities == "auto" and entities is not None:
            given = in_twos(entities, listed)
        if given and entities is None:
            raise InputError("entities='given' needs the mentions of each text: fit(texts, triples, entities)")
        recipe = RelationRecipe(
            depth=self.depth,
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            batch_tokens=self.batch_tokens,
            max_length=self.max_length,
            held_back=self.validation_fraction,
            dropout=self.dropout,
            minutes=self.minutes,
            seed=check_seed(self.random_state),
        )
        self.left_out_: list[LeftOut] = left_out
        self.model_ = fit_relations(
            self._core(),
            examples,
            left_out,
            recipe,
            Asked(self.schema, given, self.single),
            weights=None if sample_weight is None else row_weights(sample_weight, len(listed)),
            folder=None if folder is None else Path(folder),
            verbose=self.verbose,
        )
        self.history_ = self.model_.about["history"]
        return self

    def predict(self, texts: Any, entities: Any = None) -> Any:
        """The relations of texts.

        Args:
            texts: one str, or a list, array or Series of them; what is missing or blank has no relations.
            entities: for an extractor that is given the mentions, those of each text (of the one text): dicts, objects
                or tuples with start, end and perhaps type.

        Returns:
            A list of ``Relation`` for one text, a list of such lists for many, a Series of lists for a Series; the
            surest first.

        Raises:
            InputError: entities are given and not wanted, or the other way round, or cannot be read.
            CheckpointError: nothing is fitted, and no extractor ships with this package.
        """
        if isinstance(texts, str) or is_missing(texts):
            return self._relations([texts], None if entities is None else [entities])[0]
        rows = as_rows(texts, "the texts")
        made, index = self._relations(rows, entities), as_series_like(texts)
        if index is None:
            return made
        import pandas as pd

        return pd.Series(made, index=index, name="relations", dtype=object)

    def predict_proba(self, texts: Any, entities: Any) -> list[np.ndarray]:
        """For an extractor that is given the mentions: the chances of each pair that it looks at.

        Args:
            texts: a list, array or Series of str. entities: the mentions of each.

        Returns:
            For each text float64 ``(pairs, 1 + relations)``: "no relation" first, then ``classes_``; the pairs go by
            their heads, then by their tails, in the order of the mentions.
        """
        from slmkit.tasks.knowledge.relations.reading import mentions_of

        listed = as_texts(texts)
        reading = self._reading(given=True)
        width = 1 + len(self.classes_)
        told = reading.model.tell(listed, mentions_of(entities, listed))
        return [np.array([chances for *_, chances in each]).reshape(-1, width) for each in told]

    def extract(self, texts: Sequence[str]) -> list[Extraction]:
        """Mentions and triples of each text: a ``KnowledgeGraph`` takes the extractor as it is."""
        return self._reading(given=False).extractions(list(texts))

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """One dict a text, for tables: the list of its relations, each a dict with the keys of ``items``."""
        return _as_dicts(self._relations(list(texts), None))

    def from_states(self, texts: Sequence[str]) -> FromStates[list[dict[str, Any]]]:
        """As ``annotate``; see ``slmkit.tasks.base.AnswersFromStates``."""
        return self._reading(given=False).finding(texts).then(_as_dicts)

    def score(self, texts: Any, triples: Any = None, entities: Any = None) -> float:
        """Micro F1 of the triples (see ``fit``): relations with places and types or, where none were given, names."""
        from slmkit.tasks.knowledge.relations.examples import parts_of
        from slmkit.tasks.knowledge.relations.reading import f1

        listed, triples, entities = parts_of(texts, triples, entities)
        return f1(self._relations(listed, entities if self._fitted().manner.given else None), listed, triples, entities)

    def save(self, folder: str | Path) -> None:
        """Write branch, pointers, schema and settings (the core is named, not written)."""
        settings = {name: value for name, value in self.get_params().items() if name not in _LEFT_OUT}
        settings["schema"] = None  # the model has it
        self._fitted().save(folder, settings=settings)

    @classmethod
    def load(cls, folder: str | Path, *, slm: SLM | str | Path | None = None) -> RelationExtractor:
        """Read what ``save`` wrote.

        Args:
            folder: the folder. slm: the core, or the folder of one; None takes the one that ships with the package.

        Raises:
            CheckpointError: the folder is missing, damaged, newer than this package, or belongs to another core.
        """
        from slmkit.tasks.knowledge.relations.relation_model import RelationModel

        made = cls(slm=slm)
        model = RelationModel.load(folder, slm=made._core())
        made._take_settings(model, folder)
        made.model_ = model
        made.history_ = model.about.get("history", [])
        return made

    @property
    def classes_(self) -> tuple[str, ...]:
        """The relations, in order."""
        return self._fitted().schema.relations

    @property
    def finds(self) -> bool:
        """Whether it finds the mentions itself, rather than that they are given to it."""
        return not self._fitted().manner.given

    @property
    def fingerprint(self) -> str:
        """Identifies the model and the threshold, so that an interrupted table is never finished by another one."""
        told = hashlib.sha256(json.dumps(self.threshold).encode()).hexdigest()[:8]
        return f"{self._fitted().fingerprint}/{told}"

    def _relations(self, rows: Sequence[Any], entities: Any) -> list[list[Relation]]:
        reading = self._reading(given=entities is not None)
        good = [row for row, cell in enumerate(rows) if cell_problem(cell) is None]
        texts = [str(rows[row]) for row in good]
        made: list[list[Relation]] = [[] for _ in rows]
        if entities is None:
            found = reading.found(texts)
        else:
            listed = as_rows(entities, "the entities")
            if len(listed) != len(rows):
                raise InputError(f"{len(rows)} texts and {len(listed)} rows of entities; give one list a text")
            found = reading.told(texts, [listed[row] for row in good])
        for row, each in zip(good, found, strict=True):
            made[row] = each
        return made

    def _reading(self, *, given: bool) -> Reading:
        from slmkit.tasks.knowledge.relations.reading import Reading

        self._check()
        model = self._fitted()
        if model.manner.given and not given:
            raise InputError("this extractor tells the relations of mentions that are given: predict(texts, entities)")
        if given and not model.manner.given:
            raise InputError("this extractor finds the mentions itself; it was not fitted for entities='given'")
        return Reading(model, self.threshold)

    def _check(self) -> None:
        if self.entities not in MODES:
            raise InputError(f"entities {self.entities!r}: give one of {', '.join(MODES)}")
        threshold = self.threshold
        number = isinstance(threshold, Real) and not isinstance(threshold, bool)
        if threshold is not None and not (number and 0 <= threshold <= 1):
            raise InputError(f"threshold {threshold!r}: give None, or 0 to 1")

    def _fitted(self) -> RelationModel:
        if not hasattr(self, "model_"):
            from slmkit.tasks.knowledge.relations.relation_model import RelationModel

            folder = Path(self.model) if self.model is not None else shipped_extractor()
            if self.model is None and not (folder / "config.json").is_file():
                raise CheckpointError(
                    f"no extractor of relations is in this installation ({folder}); fit one with "
                    "RelationExtractor().fit(texts, triples) and save it, or give the folder of a saved one as model= "
                    "(on the command line --model)"
                )
            self.model_ = RelationModel.load(folder, slm=self._core())
        return self.model_


def _as_dicts(found: Sequence[Sequence[Relation]]) -> list[dict[str, Any]]:
    return [{"relations": [each.to_row() for each in own]} for own in found]


def shipped_extractor() -> Path:
    """The folder of the extractor's weights inside the package."""
    return weights_folder("relations")
