"""Stage three, *settle*: the trunk stays as *joint* left it; the layers above give the teacher's vectors once more.

Labelled pairs pull the vectors towards their own domain, which costs similarity elsewhere, most of all in Chinese. The
layers above the trunk are nobody's but the core's (every task has its own copy), so they are distilled once more.
"""

from __future__ import annotations

from pathlib import Path

import torch

from slmkit.model.layers import set_dropout
from slmkit.pretraining.adapt import Adapt, AdaptConfig
from slmkit.training.loop import Run, Schedule

SETTINGS = AdaptConfig(
    characters=10_000_000, batch_tokens=3072, limit=64, hidden_layers=(12,), hidden=1.0, damaged=0.0, seed=2
)


def settle(raw: Path, joined: Path, folder: Path, *, steps: int, trunk: int = 8, learning_rate: float = 3e-4) -> None:
    """Run the stage, or go on with it where it was stopped.

    Args:
        raw: folder of the raw corpus. joined: run folder of *joint*. folder: of this run. steps: optimiser steps.
        trunk: layers that stay as they are, with the embedding. learning_rate: peak.
    """
    torch.manual_seed(SETTINGS.seed)
    stage = Adapt(SETTINGS, raw, start=joined)
    encoder = stage.student.encoder
    stage.student.requires_grad_(requires_grad=False)
    encoder.layers[trunk:].requires_grad_(requires_grad=True)
    set_dropout(encoder.layers, 0.0)
    run = Run(stage.student, Schedule(steps=steps, learning_rate=learning_rate), folder)
    (folder / "tokenizer.json").write_text(stage.tokenizer.to_json(), encoding="utf-8")
    run.train(stage.loss, tokens=lambda: stage.tokens)
