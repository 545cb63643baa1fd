"""Looks at the held-back part during a fit, and what tells one fit from another."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from torch import Tensor

from slmkit.core import SLM
from slmkit.tasks.fit_report import Report
from slmkit.tasks.question_answering.held_back import Held
from slmkit.tasks.question_answering.lessons import Lessons
from slmkit.tasks.question_answering.reading_model import ReadingModel
from slmkit.tasks.question_answering.reading_network import ReadingNetwork
from slmkit.tasks.question_answering.reading_recipe import ReadingRecipe
from slmkit.tasks.question_answering.reading_rows import Taught
from slmkit.training.drawing import SMALLEST
from slmkit.training.kept import Kept


class Watch:
    """Reads the held-back questions now and then, and keeps the best weights.

    Args:
        network: what learns. slm: the core. lessons: all rows. rows: held back. recipe: settings. report: progress.
        kept: where looks are kept.
    """

    def __init__(
        self,
        network: ReadingNetwork,
        slm: SLM,
        lessons: Lessons,
        rows: np.ndarray,
        recipe: ReadingRecipe,
        report: Report,
        kept: Kept,
    ) -> None:
        self.network, self.rows, self.report, self.kept = network, rows, report, kept
        self.held = Held(slm, lessons, rows, depth=recipe.depth, seed=recipe.seed) if len(rows) else None
        self.history: list[dict[str, Any]] = []
        self._best: tuple[float, dict[str, Tensor]] | None = None

    def go_on(self, step: int) -> None:
        """Take up the looks of a run that was cut off after so many steps."""
        self.history, self._best = self.kept.looks(step)

    def look(self, step: int) -> None:
        """Score the weights of this moment; without a held-back part nothing is done."""
        if self.held is None:
            return
        judged = self.held.judge(self.held.places(self.network))
        value, _ = judged.best()
        entry = {"step": step, "f1": round(value, 5)}
        if not judged.right.all():
            entry["answered_f1"] = round(float(judged.answered[~judged.right].mean()), 5)
        self.history.append(entry)
        better = self._best is None or value > self._best[0]
        if self._best is None or better:
            self._best = value, self.network.snapshot()
        self.kept.keep_looks(self.history, self._best[0], self._best[1] if better else None)
        self.report.look(entry)

    def calibrated(self) -> tuple[float, float]:
        """Put the best weights back; their temperature and threshold, 1 and a half where too few were held back."""
        if self._best is not None:
            self.network.load_state_dict(self._best[1])
        self.network.eval()
        if self.held is None or len(self.held) < SMALLEST:
            return 1.0, 0.5
        return self.held.calibrate(self.held.places(self.network))


def about_fit(
    slm: SLM, taught: Taught, weights: np.ndarray, recipe: ReadingRecipe, begin: ReadingModel | None
) -> dict[str, Any]:
    """What tells one fit from another: the core, the beginning, the rows and the settings, but not its minutes."""
    digest = hashlib.sha256(weights.tobytes())
    for row in zip(taught.questions, taught.passages, taught.spans, strict=True):
        digest.update(repr(row).encode("utf-8", "surrogatepass"))
    settings = {name: value for name, value in recipe.to_dict().items() if name != "minutes"}
    begun = None if begin is None else begin.fingerprint
    return {"core": slm.fingerprint, "begin": begun, "rows": digest.hexdigest(), "recipe": settings}
