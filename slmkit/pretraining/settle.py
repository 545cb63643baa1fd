"""Stage three, *settle*: top layers that make sentence vectors and nothing else, on the trunk that *joint* left.

Labelled sets pull the top towards tags, spans and classes, and its vectors towards the domains of the labelled
pairs, which costs similarity elsewhere, most of all in Chinese. So the vectors get a branch of their own: a copy of the
top, distilled from the teacher once more. The encoder's own top stays as it is, for the tasks to start from.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from slmkit.model.layers import set_dropout
from slmkit.pretraining.adapt import Adapt, AdaptConfig
from slmkit.pretraining.sources import short_texts
from slmkit.training.loop import Run, Schedule

SETTINGS = AdaptConfig(
    characters=8_000_000,
    batch_tokens=2048,
    limit=64,
    hidden_layers=(12,),
    hidden=1.0,
    damaged=0.0,
    varied=0.5,
    seed=2,
)


def settle(
    data: Path, joined: Path, folder: Path, *, steps: int, trunk: int = 6, own: int = 4, learning_rate: float = 3e-4
) -> None:
    """Run the stage, or go on with it where it was stopped.

    Args:
        data: folder with en/, zh/ and raw/. joined: run folder of *joint*. folder: of this run. steps: optimiser
            steps. trunk: layers that stay as they are, with the embedding. own: layers above it, begun as the topmost
            of the encoder. learning_rate: peak.

    Raises:
        CheckpointError: the folder holds another run, or is damaged.
    """
    torch.manual_seed(SETTINGS.seed)
    stage = Adapt(SETTINGS, data / "raw", start=joined, more=short_texts(data, SETTINGS.seed))
    encoder = stage.student.encoder
    encoder.layers = nn.ModuleList([*encoder.layers[:trunk], *encoder.layers[len(encoder.layers) - own :]])
    stage.student.requires_grad_(requires_grad=False)
    encoder.layers[trunk:].requires_grad_(requires_grad=True)
    set_dropout(encoder.layers, 0.0)
    schedule = Schedule(steps=steps, learning_rate=learning_rate)
    run = Run(stage.student, schedule, folder, about={**stage.about, "trunk": trunk, "own": own})
    (folder / "tokenizer.json").write_text(stage.tokenizer.to_json(), encoding="utf-8")
    run.train(stage.loss, tokens=lambda: stage.tokens)
