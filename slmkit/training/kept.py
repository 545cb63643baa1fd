"""The state of a fit in a folder, from which it can go on: weights, optimiser, and what was seen on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from slmkit.checkpoint import write_atomically
from slmkit.errors import CheckpointError
from slmkit.training.loop import Descent, Run, Schedule, steps_begun

SAVE_EVERY = 100  # steps
_ABOUT, _LOOKS, _BEST = "fit.json", "looks.json", "best.safetensors"


class Kept:
    """State of a fit in a folder: the same fit with the same folder goes on where it was cut off.

    Args:
        folder: made if it is not there; None keeps nothing. about: what is learned from and how, as plain data.
        scales: factors on the learning rate; see ``make_optimizer``.

    Raises:
        CheckpointError: the folder holds another fit.
    """

    def __init__(
        self, folder: Path | None, about: Mapping[str, Any], *, scales: Mapping[str, float] | None = None
    ) -> None:
        self.folder, self.scales = folder, scales
        self._run: Run | None = None
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        kept, wanted = _read_json(folder / _ABOUT), json.loads(json.dumps(about))
        if kept is not None and kept != wanted:
            raise CheckpointError(f"{folder} holds a fit of other texts or settings; give another folder or remove it")
        write_atomically(folder / _ABOUT, json.dumps(about).encode())

    def steps(self) -> int | None:
        """Steps of the whole run that was begun here, or None.

        Raises:
            CheckpointError: the folder is damaged.
        """
        return None if self.folder is None else steps_begun(self.folder)

    def descent(self, network: nn.Module, schedule: Schedule) -> Descent:
        """The optimiser; where a run was begun, the network's weights and it are put back to where that was."""
        if self.folder is None:
            return Descent(network, schedule, self.scales)
        self._run = Run(network, schedule, self.folder, scales=self.scales)
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


def _read_json(path: Path) -> Any:
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path} is damaged ({error}); remove {path.parent}") from error
