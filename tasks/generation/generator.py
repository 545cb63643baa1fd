"""``Generator``: goes on with a text, or writes what a start asks for; learns from pairs of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmkit.tasks.generation.writing_task import WritingTask

if TYPE_CHECKING:
    from slmkit.core import SLM
    from slmkit.writing import Step, Written

CONTINUE = "continue"
# A continuation is one of many, so it is greedy with repetition kept down; everything else has a best answer.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    CONTINUE: {"num_beams": 1, "repetition_penalty": 1.15, "no_repeat_ngram_size": 4},
    "": {"num_beams": 4, "length_penalty": 1.0},
}


class Generator(WritingTask):
    """Writes texts.

    Args:
        start: what to write: "continue", or another of the core's starts ("describe", "title", "ask" …).
        max_new_tokens: most tokens of a result; None for 128, or for what a fitted model saw.
        stop: strings that end a text; they are not part of it.
        settings: of the search, over the defaults: ``num_beams``, ``do_sample``, ``temperature``, ``top_p``, ``seed``
            … (``GenerationConfig``), ``prefix``, ``forbidden``.
        random_state: of ``fit``. verbose: 1 shows budget and progress of a fit on stderr.
        slm: the core, or the folder of one; None takes the one that ships with the package.
    """

    name = "generate"
    columns = ("generated",)

    def __init__(
        self,
        *,
        start: str = CONTINUE,
        max_new_tokens: int | None = None,
        stop: tuple[str, ...] = (),
        settings: Mapping[str, Any] | None = None,
        random_state: int | None = 0,
        verbose: int = 0,
        slm: SLM | str | Path | None = None,
    ) -> None:
        self.start = start
        self.max_new_tokens = max_new_tokens
        self.stop = stop
        self.settings = settings
        self.random_state = random_state
        self.verbose = verbose
        self.slm = slm

    @property
    def _start(self) -> str | None:
        return self.start

    def candidates(self, text: str, count: int = 4) -> list[Written]:
        """Several texts for one, best first, with their scores."""
        search = self._search()
        if not search.get("do_sample"):
            search["num_beams"] = max(count, search["num_beams"])
        return self.writer.write([text], self._mark(), stop=self.stop, **{**search, "num_return_sequences": count})[0]

    def stream(self, text: str) -> Iterator[str]:
        """The pieces of one greedy or sampled text as they come; closing the iterator cancels the rest."""
        return self.writer.stream(text, self._mark(), stop=self.stop, **{**self._search(), "num_beams": 1})

    def explain(self, text: str, written: str | None = None) -> list[Step]:
        """Where each token of a result came from: what it looked at in the source, and whether it was copied.

        Args:
            text: the source. written: what is explained; None for what ``predict`` gives.
        """
        made = self.predict(text) if written is None else written
        return self.writer.trace(text, self._mark(), made) if made else []

    def _write(self, texts: list[str]) -> list[str]:
        made = self.writer.write(texts, self._mark(), stop=self.stop, **self._search())
        return [found[0].text for found in made]

    def _mark(self) -> str | None:
        return self.model_.start if hasattr(self, "model_") else self.start

    def _search(self) -> dict[str, Any]:
        most = self.max_new_tokens if self.max_new_tokens is not None else self._longest(128)
        search = {**DEFAULTS[CONTINUE if self.start == CONTINUE else ""], "max_new_tokens": most}
        if (self.settings or {}).get("do_sample"):
            search["num_beams"] = 1
        return {**search, **(self.settings or {})}
