"""``Reader``: where in given passages the answer to a question stands, or that none of them has it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks.inputs import check_seed
from slmkit.tasks.question_answering.answer import answers_frame
from slmkit.tasks.question_answering.reading_rows import Asked, Taught

if TYPE_CHECKING:
    from slmkit.core import SLM
    from slmkit.tasks.question_answering.candidates import Places
    from slmkit.tasks.question_answering.reading_model import ReadingModel

COLUMNS = ("answer", "score", "start", "end", "passage", "reason")
NO_ANSWER = "no answer in the passages"
_LEFT_OUT = ("slm", "random_state", "verbose")  # they belong to the machine and the run, not to the model


class Reader(BaseEstimator):
    """Extractive question answering, English and Chinese: a branch of the encoder and a span head (Devlin et al. 2019).

    All passages of a question are scored on one scale (Clark & Gardner 2018), on which "no answer" stands too. Long
    passages are read in overlapping windows; nothing is cut. What is None is chosen from the data's size.

    Args:
        depth: encoder layers that are tuned. epochs: passes over the questions. learning_rate: peak, of the branch.
        batch_tokens: tokens of an optimiser step. max_length: tokens of a window. max_answer: of the longest answer.
        abstain: share of the readings of a question, in training, that show it without its answer.
        mine: learn to abstain from passages of other questions that look alike and lack the answer; for questions that
            make sense without their passage. False where they do not ("How is the room?").
        validation_fraction: of the questions, held back for the choice of the best weights, for calibration and for the
            threshold of abstaining; 0 learns from all of them.
        dropout: while training. minutes: shorten the training to what fits in them.
        random_state: same seed, same machine, same result (unless ``minutes`` cuts it short). verbose: 1 shows budget
            and progress on stderr.
        slm: the core, or the folder of one; None takes the one that ships with the package.

    Attributes:
        model_: the ``ReadingModel``. history_: the looks at the held-back part.
    """

    def __init__(
        self,
        *,
        depth: int = 6,
        epochs: int | None = None,
        learning_rate: float = 3e-4,
        batch_tokens: int = 4096,
        max_length: int | None = None,
        max_answer: int | None = None,
        abstain: float = 0.2,
        mine: bool = True,
        validation_fraction: float | None = None,
        dropout: float = 0.1,
        minutes: float | None = None,
        random_state: int | None = 0,
        verbose: int = 0,
        slm: SLM | str | Path | None = None,
    ) -> None:
        self.depth = depth
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_tokens = batch_tokens
        self.max_length = max_length
        self.max_answer = max_answer
        self.abstain = abstain
        self.mine = mine
        self.validation_fraction = validation_fraction
        self.dropout = dropout
        self.minutes = minutes
        self.random_state = random_state
        self.verbose = verbose
        self.slm = slm

    def fit(
        self,
        questions: Any,
        passages: Any = None,
        answers: Any = None,
        answer_start: Any = None,
        *,
        sample_weight: Any = None,
        others: Sequence[Sequence[str]] | None = None,
        begin: Reader | ReadingModel | str | Path | None = None,
        folder: str | Path | None = None,
    ) -> Reader:
        """Learn from questions, passages and the answers in them.

        Args:
            questions: a list, array or Series of str; or a frame with the columns ``question``, ``passage``,
                ``answers`` and, if there is one, ``answer_start``, which then stands alone.
            passages: one a question. answers: a list of texts that are right for each, or one text; an empty list,
                or None, where the passage does not answer the question.
            answer_start: first characters of the answers; without a right one an answer is looked up by its text.
            sample_weight: how often a row is read, beside the others.
            others: for each row, passages that do not answer its question; None has them looked for, see ``mine``.
            begin: a fitted reader, or the folder of one, to go on from: one that reads well learns the manner of
                your questions from a few hundred of them; None starts from the core.
            folder: keep the state of the run here; the same call after a kill goes on where it was cut off.

        Raises:
            InputError: rows without question or passage (the message names them), an argument out of range, or
                ``begin`` has another depth or core, or is no reader.
            CheckpointError: the folder holds the run of another fit, or ``begin`` names a folder that cannot be read or
                belongs to another core.
        """
        from slmkit.tasks.classification.training_set import row_weights
        from slmkit.tasks.question_answering.reading_fit import fit_reader
        from slmkit.tasks.question_answering.reading_recipe import ReadingRecipe

        taught = Taught.of(questions, passages, answers, answer_start)
        given = len(taught.rows) + len(taught.left_out)
        if others is not None and len(others) != given:
            raise InputError(f"{given} questions and {len(others)} entries of others; give one a question")
        own = {name: value for name, value in self.get_params(deep=False).items() if name not in _LEFT_OUT}
        own["held_back"] = own.pop("validation_fraction")
        core = self._core()
        self.model_ = fit_reader(
            core,
            taught,
            ReadingRecipe(**own, seed=check_seed(self.random_state)),
            weights=row_weights(sample_weight, given)[taught.rows],
            others=None if others is None else [others[row] for row in taught.rows],
            begin=None if begin is None else _beginning(begin, core),
            folder=None if folder is None else Path(folder),
            verbose=self.verbose,
        )
        self.history_ = self.model_.about["history"]
        return self

    def predict(self, questions: Any, passages: Any = None, *, n_best: int = 1) -> Any:
        """The answer to each question.

        Args:
            questions: one str, or a list, array or Series of them; or a frame with the columns ``question`` and
                ``passage``, which then stands alone.
            passages: for each question a passage, or a list of passages, all of which are looked through.
            n_best: answers a question.

        Returns:
            ``{"answer", "score", "start", "end", "passage", "reason"}`` for one question, a list of them for many, a
            frame with its index for a Series or frame. ``passage[start:end]`` is the answer, where ``passage`` is its
            number among those of the question; the score is the probability that the answer stands there. Where the
            reader abstains, and where a question or its passages are missing or blank, the answer is None, the score
            the probability of "no answer" (None where nothing could be read), and ``reason`` says why.
            With ``n_best`` above 1 each question has a list of at most so many different places, and with them "no
            answer", first where the reader abstains and last where it does not (a Series of lists for a Series).

        Raises:
            InputError: not as many passages as questions, or ``n_best`` is out of range.
        """
        if not isinstance(n_best, (int, np.integer)) or isinstance(n_best, bool) or n_best < 1:
            raise InputError(f"n_best must be a whole number from 1 up, not {n_best!r}")
        asked = Asked.of(questions, passages)
        found = self._answers(asked, int(n_best))
        rows: list[Any] = [each[0] for each in found] if n_best == 1 else found
        if asked.single:
            return rows[0]
        if asked.index is None:
            return rows
        if n_best > 1:
            import pandas as pd

            return pd.Series(rows, index=asked.index, name="answers", dtype=object)
        return answers_frame(rows, COLUMNS, asked.index)

    def score(self, questions: Any, passages: Any = None, answers: Any = None, answer_start: Any = None) -> float:
        """Mean F1 of the characters of each answer against the right one that it is nearest to; see ``fit``."""
        from slmkit.tasks.question_answering.held_back import overlap_f1

        taught = Taught.of(questions, passages, answers, answer_start)
        if not taught.questions:
            raise InputError("there is nothing to score: no row has a question, a passage and an answer")
        total = 0.0
        for found, spans in zip(self.predict(taught.questions, taught.passages), taught.spans, strict=True):
            if found["answer"] is None:
                total += float(not spans)
            else:
                total += overlap_f1((found["start"], found["end"]), spans)
        return total / len(taught.questions)

    def _answers(self, asked: Asked, n_best: int) -> list[list[dict[str, Any]]]:
        model = self._fitted()
        good = [row for row, problem in enumerate(asked.problems) if problem is None]
        read = iter(model.read([asked.questions[i] for i in good], [asked.passages[i] for i in good]))
        made = []
        for row, problem in enumerate(asked.problems):
            if problem is not None:
                made.append([dict.fromkeys(COLUMNS) | {"reason": problem}])
            else:
                made.append(_ranked(next(read), model, asked.passages[row], asked.numbers[row], n_best))
        return made

    def save(self, folder: str | Path) -> None:
        """Write branch, head and settings to a folder (about 11 MB at depth 6; the core is named, not written)."""
        settings = {name: value for name, value in self.get_params(deep=False).items() if name not in _LEFT_OUT}
        self._fitted().save(folder, settings=settings)

    @classmethod
    def load(cls, folder: str | Path, *, slm: SLM | str | Path | None = None) -> Reader:
        """Read what ``save`` wrote.

        Args:
            folder: the folder. slm: the core, or the folder of one; None takes the one that ships with the package.

        Raises:
            CheckpointError: the folder is missing, damaged, newer than this package, or belongs to another core.
        """
        from slmkit.tasks.question_answering.reading_model import ReadingModel

        made = cls(slm=slm)
        made.model_ = ReadingModel.load(folder, slm=made._core())
        try:
            made.set_params(**(made.model_.about.get("settings") or {}))
        except (TypeError, ValueError) as error:
            raise CheckpointError(f"{folder}: its settings cannot be read ({error})") from error
        made.history_ = made.model_.about.get("history", [])
        return made

    @property
    def fingerprint(self) -> str:
        """Identifies the fitted model."""
        return self._fitted().fingerprint

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def __sklearn_clone__(self) -> Reader:
        # The core is shared: it never changes, and a copy in every fold would cost its whole size.
        parameters = self.get_params(deep=False)
        core = parameters.pop("slm")
        return type(self)(**copy.deepcopy(parameters), slm=core)

    def _core(self) -> SLM:
        if self.slm is None or isinstance(self.slm, (str, Path)):
            from slmkit.core import load

            return load(self.slm)
        return self.slm

    def _fitted(self) -> ReadingModel:
        if not hasattr(self, "model_"):
            raise NotFittedError("this Reader is not fitted yet; call fit or load first")
        return self.model_


def _beginning(given: Reader | ReadingModel | str | Path, core: SLM) -> ReadingModel:
    from slmkit.tasks.question_answering.reading_model import ReadingModel

    if isinstance(given, (str, Path)):
        return ReadingModel.load(given, slm=core)
    model = given._fitted() if isinstance(given, Reader) else given
    if not isinstance(model, ReadingModel):
        raise InputError(f"begin: got {type(given).__name__}, expected a fitted Reader or the folder of a saved one")
    return model


def _ranked(
    places: Places, model: ReadingModel, passages: Sequence[str], numbers: Sequence[int], n_best: int
) -> list[dict[str, Any]]:
    """The answers of one question; ``numbers`` are those of its passages for the caller."""
    chances = places.probabilities(model.temperature)
    none = {**dict.fromkeys(COLUMNS), "score": float(chances[0]), "reason": NO_ANSWER}
    found = [
        {
            "answer": passages[passage][start:end],
            "score": float(chance),
            "start": int(start),
            "end": int(end),
            "passage": numbers[passage],
            "reason": None,
        }
        for passage, start, end, chance in zip(
            places.passage[:n_best], places.start, places.end, chances[1:], strict=False
        )
    ]
    if not found or chances[0] > model.threshold:
        return [none, *found]
    return [*found, none]
