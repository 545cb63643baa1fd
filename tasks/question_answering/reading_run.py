"""The run of a fit: looks at the held-back part, the best weights, and a folder from which it can go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from slmkit.checkpoint import write_atomically
from slmkit.core import SLM
from slmkit.errors import CheckpointError
from slmkit.tasks.fit_report import Report
from slmkit.tasks.question_answering.held_back import SMALLEST, Held
from slmkit.tasks.question_answering.lessons import Lessons
from slmkit.tasks.question_answering.reading_network import ReadingNetwork
from slmkit.tasks.question_answering.reading_recipe import ReadingRecipe
from slmkit.tasks.question_answering.reading_rows import Taught
from slmkit.training.loop import Descent, Run, Schedule

RATES = {"head.": 5.0}  # factor on the learning rate
SAVE_EVERY = 100  # steps
_ABOUT, _LOOKS, _BEST = "fit.json", "looks.json", "best.safetensors"


class Kept:
    """State of a fit in a folder: the same fit with the same folder goes on where it was cut off.

    Args:
        folder: made if it is not there; None keeps nothing. about: what is learned from and how, as plain data.

    Raises:
        CheckpointError: the folder holds another fit.
    """

    def __init__(self, folder: Path | None, about: Mapping[str, Any]) -> None:
        self.folder = folder
        self._run: Run | None = None
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        kept, wanted = _read_json(folder / _ABOUT), json.loads(json.dumps(about))
        if kept is not None and kept != wanted:
            raise CheckpointError(
                f"{folder} holds a fit of other questions or settings; give another folder or remove it"
            )
        write_atomically(folder / _ABOUT, json.dumps(about).encode())

    def steps(self) -> int | None:
        """Steps of the whole run that was begun here, or None."""
        if self.folder is None or not (self.folder / "state.safetensors").is_file():
            return None
        return int((_read_json(self.folder / "run.json") or {})["steps"])

    def descent(self, network: ReadingNetwork, schedule: Schedule) -> Descent:
        """The optimiser; where a run was begun, the network's weights and it are put back to where that was."""
        if self.folder is None:
            return Descent(network, schedule, RATES)
        self._run = Run(network, schedule, self.folder, scales=RATES)
        return self._run.descent

    def save(self) -> None:
        """Keep weights and optimiser of this moment."""
        if self._run is not None:
            self._run.save()

    def keep_looks(self, history: list[dict[str, Any]], value: float, best: dict[str, Tensor] | None) -> None:
        """Keep what was seen so far, and the best weights where they are new."""
        if self.folder is None:
            return
        if best is not None:
            write_atomically(self.folder / _BEST, save(best))
        write_atomically(self.folder / _LOOKS, json.dumps({"history": history, "best": value}).encode())

    def looks(self, before: int) -> tuple[list[dict[str, Any]], tuple[float, dict[str, Tensor]] | None]:
        """The looks up to a step, and the best score with its weights."""
        found = None if self.folder is None else _read_json(self.folder / _LOOKS)
        if self.folder is None or found is None:
            return [], None
        try:
            best = float(found["best"]), load_file(self.folder / _BEST)
        except (OSError, SafetensorError) as error:
            raise CheckpointError(f"{self.folder / _BEST} cannot be read ({error}); remove {self.folder}") from error
        return [entry for entry in found["history"] if entry["step"] <= before], best


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


def about_fit(slm: SLM, taught: Taught, weights: np.ndarray, recipe: ReadingRecipe) -> dict[str, Any]:
    """What tells one fit from another: the core, the rows and the settings, the time that it may take apart."""
    digest = hashlib.sha256(weights.tobytes())
    for row in zip(taught.questions, taught.passages, taught.spans, strict=True):
        digest.update(repr(row).encode("utf-8", "surrogatepass"))
    settings = {name: value for name, value in recipe.to_dict().items() if name != "minutes"}
    return {"core": slm.fingerprint, "rows": digest.hexdigest(), "recipe": settings}


def _read_json(path: Path) -> Any:
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged ({error}); remove {path.parent}") from error
