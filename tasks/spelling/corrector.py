"""``SpellCorrector``: what is wrong is fixed, what is right is left as it stands, in English and Chinese."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks.base import weights_folder
from slmkit.tasks.inputs import as_series_like, as_texts, check_seed
from slmkit.tasks.parameters import Parameters
from slmkit.tasks.spelling.given import blocks_of, pairs_of
from slmkit.tasks.spelling.places import LANGUAGES

if TYPE_CHECKING:
    import numpy as np

    from slmkit.core import SLM
    from slmkit.from_states import FromStates
    from slmkit.tasks.spelling.correction import Correction
    from slmkit.tasks.spelling.slots import Slotter
    from slmkit.tasks.spelling.spelling_model import SpellingModel

_LEFT_OUT = ("slm", "model", "random_state", "verbose")  # they belong to the machine and the run, not to the model
_PRESETS = ("careful", "balanced", "eager")
_SURE = 0.999  # what is as likely as that to be right as it stands is not worth explaining


class SpellCorrector(Parameters):
    """Corrects spelling: misspelt words, real words in the wrong place, words split or run together, wrong characters.

    Nothing but the words and characters that are named in ``errors`` changes. Addresses, names with @ and #, code,
    paths, words with digits, in mixed case or all capitals, and whatever is neither English nor simplified Chinese
    are left alone. It has scikit-learn's manners without its import, which would delay the first result.

    Args:
        language: "en" or "zh" looks at one language only, "auto" at both.
        threshold: the probability from which a change is made, or a preset: "careful" broke one right word in 1,000 of
            the held-back texts, "balanced" three, "eager" ten (of Chinese characters a quarter of that).
        words: right as they are, and good as corrections. patterns: regular expressions of what is never touched.
        random_state: of ``fit``. verbose: 1 shows budget and progress of a fit on stderr.
        slm: the core, or the folder of one; None takes the one that ships with the package.
        model: the folder of a saved speller; None takes the one that ships with the package.

    Attributes:
        model_: the ``SpellingModel``, after ``fit`` or ``load``.
    """

    name = "correct"
    columns = ("target", "errors", "reason")

    def __init__(
        self,
        language: str = "auto",
        threshold: str | float = "balanced",
        *,
        words: Sequence[str] = (),
        patterns: Sequence[str] = (),
        random_state: int | None = 0,
        verbose: int = 0,
        slm: SLM | str | Path | None = None,
        model: str | Path | None = None,
    ) -> None:
        self.language = language
        self.threshold = threshold
        self.words = words
        self.patterns = patterns
        self.random_state = random_state
        self.verbose = verbose
        self.slm = slm
        self.model = model

    def predict(self, texts: Any) -> Any:
        """Correct texts.

        Args:
            texts: one str, or a list, array or Series of them.

        Returns:
            ``{"source", "target", "errors", "left_alone"}`` for one text, a list of them for many, a frame with its
            index and the columns ``source``, ``target`` and ``errors`` for a Series; see ``Correction``. The errors
            applied to the source give the target.

        Raises:
            InputError: a row that is no text, or a parameter out of range.
            CheckpointError: no speller ships with this package and none is given, or it is damaged.
        """
        if isinstance(texts, str):
            return self._corrections([texts])[0]
        made, index = self._corrections(as_texts(texts)), as_series_like(texts)
        if index is None:
            return made
        import pandas as pd

        return pd.DataFrame(made, columns=["source", "target", "errors"], index=index)

    def explain(self, text: str) -> list[dict[str, Any]]:
        """What was thought of: every place that is not surely right, with its candidates.

        Returns:
            ``{"start", "end", "text", "changed", "alternatives"}`` for each, in order; the alternatives, the likeliest
            first and what stands there among them, are ``{"start", "end", "right", "score", "reason"}``. A place in an
            English text that no other word comes near is not there, nor is what must not be touched.
        """
        from slmkit.tasks.spelling.correction import ranked_candidates

        if not isinstance(text, str):
            raise InputError(f"explain: got {type(text).__name__}, expected one str")
        chunks = self._slotter().chunks(text)
        chances = self._fitted().chances(chunks)
        taken = {error["start"]: error["end"] for error in self.predict(text)["errors"]}
        return [
            {
                "start": slot.start + chunk.start,
                "end": slot.end + chunk.start,
                "text": slot.typed,
                "changed": slot.start + chunk.start in taken,
                "alternatives": ranked_candidates(chunk, slot, chance)[:8],
            }
            for chunk, own in zip(chunks, chances, strict=True)
            for slot, chance in zip(chunk.slots, own, strict=True)
            if chance[0] < _SURE
        ]

    def annotate(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """One dict a text, for tables: the target, the errors as JSON, and what was left alone and why, or None."""
        from slmkit.tasks.spelling.correction import as_row

        return [as_row(made) for made in self._corrections(list(texts))]

    def from_states(self, texts: Sequence[str]) -> FromStates[list[dict[str, Any]]]:
        """As ``annotate``; see ``slmkit.tasks.base.AnswersFromStates``."""
        from slmkit.tasks.spelling.correction import Making, as_row

        slotter, making = self._slotter(), Making(texts, self._thresholds())
        every = [(number, chunk) for number, text in enumerate(texts) for chunk in slotter.one_by_one(text)]

        def told(chances: list[list[np.ndarray]]) -> list[dict[str, Any]]:
            making.take(every, chances)
            return [as_row(made) for made in making.made()]

        return self._fitted().judging([chunk for _, chunk in every]).then(told)

    def fit(self, wrong: Any, right: Any = None, **options: Any) -> SpellCorrector:
        """Learn from pairs of one's own, on top of the speller that ships or is given, if there is one.

        Args:
            wrong: texts as typed, a list, array or Series of str; or a frame with the columns ``wrong`` and ``right``.
            right: each as it should be; the same text where nothing is wrong.
            **options: fields of ``SpellingRecipe``: epochs, learning_rate, held_back, minutes …

        Raises:
            InputError: rows that are no texts, nothing to learn from, an unknown or impossible option.
            MissingExtraError: an optional dependency is not installed.
        """
        from slmkit.tasks.spelling.fitting import fit_speller
        from slmkit.tasks.spelling.recipe import SpellingRecipe

        sources, targets = pairs_of(wrong, right)
        known = sorted(set(inspect.signature(SpellingRecipe).parameters) - {"seed"})
        unknown = sorted(set(options) - set(known))
        if unknown:
            raise InputError(f"fit has no option {unknown[0]!r}; its options are: {', '.join(known)}")
        self._check()
        recipe = SpellingRecipe(**options, seed=check_seed(self.random_state))
        self.model_ = fit_speller(self._core(), sources, targets, recipe, start=self._start(), verbose=self.verbose)
        self.history_ = self.model_.about["history"]
        self.__dict__.pop("_made", None)
        return self

    def score(self, wrong: Any, right: Any = None) -> float:
        """Share of texts that come out just as they should be; see ``fit``."""
        sources, targets = pairs_of(wrong, right)
        if not sources:
            raise InputError("there is nothing to score")
        made = self._corrections(sources)
        return sum(each["target"] == target for each, target in zip(made, targets, strict=True)) / len(made)

    def save(self, folder: str | Path) -> None:
        """Write the fitted branch, scorer and lists, and the settings (the core is named, not written)."""
        settings = {name: value for name, value in self.get_params().items() if name not in _LEFT_OUT}
        self._fitted().save(folder, settings={**settings, "words": list(self.words), "patterns": list(self.patterns)})

    @classmethod
    def load(cls, folder: str | Path, *, slm: SLM | str | Path | None = None) -> SpellCorrector:
        """Read what ``save`` wrote.

        Args:
            folder: the folder. slm: the core, or the folder of one; None takes the one that ships with the package.

        Raises:
            CheckpointError: the folder is missing, damaged, newer than this package, or belongs to another core.
        """
        from slmkit.tasks.spelling.spelling_model import SpellingModel

        made = cls(slm=slm)
        model = SpellingModel.load(folder, slm=made._core())
        made._take_settings(model, folder)
        made.model_ = model
        return made

    @property
    def fingerprint(self) -> str:
        """Identifies the model and the settings, so that an interrupted table is never finished by another one."""
        told = [self.language, self.threshold, list(self.words), [str(each) for each in self.patterns]]
        digest = hashlib.sha256(json.dumps(told, ensure_ascii=True).encode()).hexdigest()[:8]
        return f"{self._fitted().fingerprint}/{digest}"

    @property
    def column_types(self) -> dict[str, type]:
        """Types of the result columns, for tables in which every result is empty."""
        return dict.fromkeys(self.columns, str)

    def _corrections(self, texts: list[str]) -> list[Correction]:
        from slmkit.tasks.spelling.correction import Making

        slotter, model, making = self._slotter(), self._fitted(), Making(texts, self._thresholds())
        every = ((number, chunk) for number, text in enumerate(texts) for chunk in slotter.one_by_one(text))
        for block in blocks_of(every):
            making.take(block, model.chances([chunk for _, chunk in block]))
        return making.made()

    def _thresholds(self) -> dict[str, float]:
        self._check()
        if isinstance(self.threshold, str):
            return {language: presets[self.threshold] for language, presets in self._fitted().thresholds.items()}
        return {language: float(self.threshold) for language in ("en", "zh")}

    def _check(self) -> None:
        if self.language not in LANGUAGES:
            raise InputError(f"language {self.language!r} is not known; give one of {', '.join(LANGUAGES)}")
        number = isinstance(self.threshold, Real) and not isinstance(self.threshold, bool)
        if not (self.threshold in _PRESETS if isinstance(self.threshold, str) else number and 0 < self.threshold <= 1):
            raise InputError(
                f"threshold {self.threshold!r}: give one of {', '.join(_PRESETS)}, or more than 0, up to 1"
            )

    def _slotter(self) -> Slotter:
        """What finds places and candidates; kept while nothing that it depends on changes."""
        from slmkit.tasks.spelling.candidates import Candidates
        from slmkit.tasks.spelling.guard import Guard
        from slmkit.tasks.spelling.slots import Slotter

        self._check()
        model = self._fitted()
        asked = (id(model), self.language, tuple(self.words), tuple(self.patterns))
        held = self.__dict__.get("_made")
        if held is None or held[0] != asked:
            guard = Guard(self.words, self.patterns)
            held = asked, Slotter(Candidates(model.lists, self.words), guard, self.language)
            self.__dict__["_made"] = held
        return held[1]

    def _fitted(self) -> SpellingModel:
        if not hasattr(self, "model_"):
            from slmkit.tasks.spelling.spelling_model import SpellingModel

            folder = Path(self.model) if self.model is not None else shipped_speller()
            if self.model is None and not has_shipped():
                raise CheckpointError(
                    f"no speller is in this installation ({folder}); fit one with SpellCorrector().fit(wrong, right) "
                    "and save it, or give the folder of a saved one as model= (on the command line --model)"
                )
            self.model_ = SpellingModel.load(folder, slm=self._core())
        return self.model_

    def _start(self) -> SpellingModel | None:
        """The speller that ``fit`` goes on from; what was fitted before is forgotten."""
        self.__dict__.pop("model_", None)
        return self._fitted() if self.model is not None or has_shipped() else None


def shipped_speller() -> Path:
    """The folder of the speller's weights inside the package."""
    return weights_folder("speller")


def has_shipped() -> bool:
    """Whether a speller ships with this package."""
    return (shipped_speller() / "config.json").is_file()
