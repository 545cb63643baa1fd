"""One training loop for every recipe and task: schedule, clipping, logging, resume."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from slmkit.checkpoint import write_atomically
from slmkit.errors import CheckpointError

_STATE, _SETTINGS = "state.safetensors", "run.json"


@dataclass(frozen=True)
class Schedule:
    """Linear warm-up, then cosine decay to ``final`` of the peak (Loshchilov & Hutter 2017).

    Attributes:
        steps: optimiser steps in all. learning_rate: the peak. warmup: share of the steps. final: share of the peak.
        weight_decay: on matrices only. clip: largest gradient norm.
    """

    steps: int
    learning_rate: float
    warmup: float = 0.06
    final: float = 0.05
    weight_decay: float = 0.01
    clip: float = 1.0

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        warm = max(1, int(self.steps * self.warmup))
        if step < warm:
            return self.learning_rate * (step + 1) / warm
        done = min(1.0, (step - warm) / max(1, self.steps - warm))
        return self.learning_rate * (self.final + (1 - self.final) * 0.5 * (1 + math.cos(math.pi * done)))


def make_optimizer(
    parameters: Iterable[tuple[str, nn.Parameter]], schedule: Schedule, scales: Mapping[str, float] | None = None
) -> torch.optim.AdamW:
    """AdamW with weight decay on matrices only.

    Args:
        parameters: named. schedule: rate and decay.
        scales: name prefix -> factor on the learning rate, for new heads beside a trained body; 1 elsewhere.
    """
    grouped: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in parameters:
        if parameter.requires_grad:
            scale = next((f for prefix, f in (scales or {}).items() if name.startswith(prefix)), 1.0)
            decay = schedule.weight_decay if parameter.ndim >= 2 else 0.0
            grouped.setdefault((scale, decay), []).append(parameter)
    groups = [{"params": p, "weight_decay": decay, "scale": scale} for (scale, decay), p in grouped.items()]
    return torch.optim.AdamW(groups, lr=schedule.learning_rate, betas=(0.9, 0.98), eps=1e-6, fused=True)


class Descent:
    """AdamW on a schedule, with clipping: one call a step.

    Args:
        model: what learns. schedule: steps and rates. scales: see ``make_optimizer``.
    """

    def __init__(self, model: nn.Module, schedule: Schedule, scales: Mapping[str, float] | None = None) -> None:
        self.model, self.schedule, self.done = model, schedule, 0
        self.optimizer = make_optimizer(model.named_parameters(), schedule, scales)

    def step(self, loss: Tensor) -> None:
        """Follow the gradient of a loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["scale"] * self.schedule.rate(self.done)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.schedule.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.done += 1


def steps_in(minutes: float, network: nn.Module, losses: Iterable[Tensor], *, trial: int = 3) -> int:
    """How many steps fit into some minutes, by the speed of the first.

    Args:
        minutes: the time. network: what learns. losses: of its steps; the first are taken. trial: how many.
    """
    network.train()
    begin, count = time.monotonic(), 0
    for loss in islice(losses, trial):
        loss.backward()
        count += 1
    network.zero_grad(set_to_none=True)
    return max(1, math.floor(60 * minutes / ((time.monotonic() - begin) / max(count, 1) * 1.1)))


@contextmanager
def seeded(seed: int, step: int, device: str = "cpu") -> Iterator[None]:
    """What is drawn inside depends on seed and step alone, so that a resumed run draws what it would have.

    Outside, the generators go on as if nothing had been drawn.
    """
    devices = [] if device == "cpu" else [torch.cuda.current_device()]
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed * 1_000_000 + step)
        yield


def steps_begun(folder: Path) -> int | None:
    """Steps of the whole run that was begun in a folder, or None.

    Raises:
        CheckpointError: there is a state, and its settings cannot be read.
    """
    return int(_settings(folder)["steps"]) if (folder / _STATE).is_file() else None


class Run:
    """A resumable training run in a folder: ``state.safetensors``, ``run.json``, ``log.jsonl``.

    Args:
        model: everything that learns.
        schedule: steps and rates.
        folder: where the run lives.
        every: steps between two saves. scales: see ``make_optimizer``.
        about: what is learned from and how, as plain data: settings, what is read, what the model starts from. Leave
            out what may rightly differ when the run goes on, as names of folders.

    Raises:
        CheckpointError: the folder holds another run, or is damaged.
    """

    def __init__(
        self,
        model: nn.Module,
        schedule: Schedule,
        folder: Path,
        *,
        every: int = 200,
        scales: Mapping[str, float] | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.model, self.schedule, self.folder, self.every = model, schedule, folder, every
        self.descent = Descent(model, schedule, scales)
        self.seconds, self.tokens = 0.0, 0
        folder.mkdir(parents=True, exist_ok=True)
        self._resume(about)

    @property
    def step(self) -> int:
        """Steps done."""
        return self.descent.done

    def train(self, loss: Callable[[int], dict[str, Tensor]], *, tokens: Callable[[], int] | None = None) -> None:
        """Minimise the sum of what ``loss(step)`` returns until the schedule ends.

        Args:
            loss: the named parts of the loss of a step, weighted already. Must depend on the step number alone, so that
                a resumed run sees what an undisturbed one sees.
            tokens: tokens read so far, for the log; what was read before a resume is added.
        """
        self.model.train()
        begin, seen = time.monotonic() - self.seconds, defaultdict(list)
        before = self.tokens - tokens() if tokens else 0
        while self.step < self.schedule.steps:
            parts = loss(self.step)
            self.descent.step(torch.stack(list(parts.values())).sum())
            self.seconds = time.monotonic() - begin
            self.tokens = before + tokens() if tokens else self.tokens
            for name, part in parts.items():
                seen[name].append(float(part.detach()))
            if self.step % 20 == 0 or self.step == self.schedule.steps:
                means = {name: round(sum(values) / len(values), 4) for name, values in seen.items()}
                self._log({**means, **({"tokens": self.tokens} if tokens else {})})
                seen.clear()
            if self.step % self.every == 0 or self.step == self.schedule.steps:
                self.save()

    def save(self) -> None:
        """Write model, optimiser moments and position, by temporary name and rename."""
        tensors = {f"model.{name}": value.contiguous() for name, value in self.model.state_dict().items()}
        for name, parameter in self.model.named_parameters():
            for key, value in self.descent.optimizer.state.get(parameter, {}).items():
                tensors[f"optimizer.{name}.{key}"] = torch.as_tensor(value).contiguous()
        temporary = self.folder / "state.tmp"
        position = {"step": self.step, "seconds": self.seconds, "tokens": self.tokens}
        save_file(tensors, temporary, {name: str(value) for name, value in position.items()})
        os.replace(temporary, self.folder / _STATE)

    def _resume(self, about: Mapping[str, Any] | None) -> None:
        state, wanted = self.folder / _STATE, asdict(self.schedule)
        about = None if about is None else json.loads(json.dumps(about))  # as it will be read again
        told = json.dumps(wanted if about is None else {**wanted, "about": about}, indent=1).encode()
        if not state.is_file():
            write_atomically(self.folder / _SETTINGS, told)
            return
        kept = _settings(self.folder)
        kept_about = kept.pop("about", None)  # which folders of before it was kept do not have
        self._refuse("another schedule", kept, wanted)
        if about is not None and kept_about is not None:
            self._refuse("other data or settings", kept_about, about)
        try:
            with safe_open(state, "pt") as file:
                position = file.metadata() or {}
            self._restore(load_file(state), position)
        except (OSError, SafetensorError, RuntimeError, LookupError, ValueError) as error:
            said = shorten(str(error), 200)  # of another model every tensor is named
            raise CheckpointError(f"{state} cannot be read ({said}); remove {self.folder}") from error
        if about is not None and kept_about is None:
            write_atomically(self.folder / _SETTINGS, told)

    def _refuse(self, what: str, kept: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        names = sorted(name for name in {*kept, *wanted} if kept.get(name) != wanted.get(name))
        if names:
            told = "; ".join(f"{name} {kept.get(name)!r}, not {wanted.get(name)!r}" for name in names)
            raise CheckpointError(f"{self.folder} holds a run with {what} ({told}); give another folder or remove it")

    def _restore(self, tensors: Mapping[str, Tensor], position: Mapping[str, str]) -> None:
        step, seconds, tokens = int(position["step"]), float(position["seconds"]), int(position.get("tokens", 0))
        self.model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model.")})
        for name, parameter in self.model.named_parameters():
            moments = {
                key: tensors[f"optimizer.{name}.{key}"]
                for key in ("step", "exp_avg", "exp_avg_sq")
                if f"optimizer.{name}.{key}" in tensors
            }
            if moments:
                self.descent.optimizer.state[parameter] = moments
        self.descent.done, self.seconds, self.tokens = step, seconds, tokens

    def _log(self, parts: dict[str, float]) -> None:
        rate = self.schedule.rate(self.step - 1)
        line = {"step": self.step, "seconds": round(self.seconds, 1), "rate": round(rate, 8), **parts}
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")
        left = self.seconds / max(self.step, 1) * (self.schedule.steps - self.step)
        shown = " ".join(f"{name} {value}" for name, value in parts.items())
        sys.stderr.write(f"step {self.step}/{self.schedule.steps} {shown} ({left / 60:.0f} min left)\n")
        sys.stderr.flush()


def _settings(folder: Path) -> dict[str, Any]:
    """What ``run.json`` says: the schedule, and what the run is about."""
    path = folder / _SETTINGS
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict) or not isinstance(found.get("steps"), int):
            raise ValueError("no number of steps")
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read ({error}); remove {folder}") from error
    return found
