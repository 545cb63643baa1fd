"""Classes by description alone: cosine between the text's vector and the vectors of the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.tasks.classification.branch_model import BranchModel
from slmkit.tasks.classification.labels import Label, read_single
from slmkit.tasks.inputs import as_texts

TEMPLATES = ("{}", "This text is about {}.", "Topic: {}")
TEMPLATES_ZH = ("{}", "这段文字的主题是{}。", "主题：{}")


def label_descriptions(labels: Mapping[Label, str] | Sequence[str]) -> dict[Label, str]:
    """Label -> description; a label that has none describes itself.

    Raises:
        InputError: fewer than two labels, the same label twice, or a description without text.
    """
    if isinstance(labels, Mapping):
        described: dict[Any, Any] = dict(labels)
    else:
        names = as_texts(labels)
        described = {name: name for name in names}
        if len(described) != len(names):
            raise InputError("a label is there twice")
    blank = [label for label, text in described.items() if not isinstance(text, str) or not text.strip()]
    if blank:
        raise InputError(f"label {blank[0]!r} needs a few words as its description")
    if len(described) < 2:
        raise InputError(f"got {len(described)} label, at least two are needed")
    return described


def zero_shot(
    slm: SLM, described: Mapping[Label, str], *, temperature: float, max_length: int | None = None
) -> BranchModel:
    """A model whose head holds the labels' vectors.

    Args:
        slm: the core. described: label -> description. temperature: of the softmax over cosines.
        max_length: tokens of a window.

    Raises:
        InputError: the temperature is not positive.
    """
    if not temperature > 0:
        raise InputError(f"temperature {temperature}: give a positive number")
    labels, _ = read_single(list(described))
    vectors = np.stack([label_vector(slm, described[value]) for value in labels.values])
    tensors = {
        "head.weight": torch.from_numpy(vectors),
        "head.bias": torch.zeros(len(labels)),
    }
    length = max_length if max_length is not None else min(256, slm.config.encoder.positions)
    about = {"method": "zero-shot", "descriptions": [[label, described[label]] for label in labels.values]}
    return BranchModel(
        slm,
        labels,
        tensors,
        depth=0,
        max_length=length,
        normalise=True,
        temperature=temperature,
        text_kind="query",
        about=about,
    )


def label_vector(slm: SLM, description: str) -> np.ndarray:
    """The mean vector of a description in a few templates of its script, of length 1: float32 ``(W,)``.

    Descriptions are read as passages and texts as queries: the core tells topics apart better than with both as plain
    text.
    """
    chinese = any("\u4e00" <= character <= "\u9fff" for character in description)
    templates = TEMPLATES_ZH if chinese else TEMPLATES
    mean = slm.embed([template.format(description) for template in templates], kind="passage").mean(0)
    return (mean / np.linalg.norm(mean)).astype(np.float32)
