"""Integrated gradients (Sundararajan et al. 2017) on the word embeddings, from a masked text to the text itself."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.model.layers import key_mask, pad_rows
from slmkit.runtime import float_copy
from slmkit.tasks.classification.explanation import Explanation, by_span
from slmkit.tasks.classification.labels import Label
from slmkit.tasks.classification.pooling import window_sums
from slmkit.text.tokenizer import MASK
from slmkit.text.windows import Windows

if TYPE_CHECKING:
    from slmkit.tasks.classification.branch_model import BranchModel

FEWEST_STEPS, MOST_STEPS = 16, 512
BATCH_TOKENS = 1024  # gradients keep every layer's states
_SMALLEST = 0.05  # differences below this are met within tolerance × this

# float32 twins of quantized stacks, by whether they make sentence vectors; a core that is dropped takes them along.
_twins: WeakKeyDictionary[SLM, dict[bool, list[nn.Module]]] = WeakKeyDictionary()
_lock = Lock()


def explain(model: BranchModel, text: str, label: Label | None, *, tolerance: float) -> Explanation:
    """Attribute the log odds of a label to the tokens of a text; see ``BranchModel.explain``.

    Raises:
        InputError: not one string, a label that the model does not have, or a tolerance that is not positive.
    """
    if not isinstance(text, str):
        raise InputError(f"explain takes one string, got {type(text).__name__}")
    if not tolerance > 0:
        raise InputError(f"tolerance {tolerance}: give a positive number")
    number = int(model.logits([text])[0].argmax()) if label is None else model.labels.number(label)
    overlap = min(32, model.max_length // 4)
    windows = model.slm.windows([text], kind=model.text_kind, max_length=model.max_length, overlap=overlap)
    path = Path(model, windows, text, number)
    baseline, score = path.scores(np.array([0.0, 1.0])).tolist()
    steps = FEWEST_STEPS
    while True:
        each, words = path.attributions(steps)
        error = score - baseline - float(each.sum()) - float(words.sum())
        # Enough points on the path are those that make the parts add up.
        if abs(error) <= tolerance * max(abs(score - baseline), _SMALLEST) or steps >= MOST_STEPS:
            break
        steps *= 2
    tokens = by_span(text, [*windows.offsets, path.tokens.offsets], [*each.tolist(), words.tolist()])
    return Explanation(text, model.labels.values[number], tokens, score, baseline, error)


class Path:
    """The straight line from the masked text to the text, and the score along it.

    Args:
        model: what is explained. windows: of one text. text: that text. label: number of the label.
    """

    def __init__(self, model: BranchModel, windows: Windows, text: str, label: int) -> None:
        self.model, self.label = model, label
        encoder = model.slm.encoder
        ids, self.mask = pad_rows(
            torch.from_numpy(np.concatenate(windows.ids)), torch.from_numpy(windows.lengths)
        )  # (N, T)
        spans, _ = pad_rows(torch.from_numpy(np.concatenate(windows.offsets)), torch.from_numpy(windows.lengths))
        self.norm = encoder.embedding_norm
        with torch.no_grad():
            self.words = encoder.words(ids)  # (N, T, W)
            self.places = encoder.positions(torch.arange(ids.shape[1]))  # (T, W)
            masked = encoder.words(torch.tensor(MASK)).expand_as(self.words)
            # Marks and other tokens without characters are part of the masked text too.
            visible = (spans[..., 1] > spans[..., 0])[..., None]
            self.baseline = torch.where(visible, masked, self.words)
        trunk = _float_layers(model.slm, vectors=model.branch is None)[: model.upto]
        self.layers = [*trunk, *_float_branch(model)]
        self.count = self.mask.sum()
        self.tokens = model.slm.tokenizer.encode(text)
        # The n-grams come in along the path as the words do.
        none = torch.zeros(len(self.tokens), len(model.labels))
        by_token = none if model.wording is None else model.wording.by_token(self.tokens)
        # Here too, what has no characters, such as the space put before a text, is there from the start.
        shown = torch.from_numpy(self.tokens.offsets[:, 1] > self.tokens.offsets[:, 0])[:, None]
        self.by_token, self.fixed = by_token * shown, (by_token * ~shown).sum(0)

    def scores(self, alphas: np.ndarray) -> Tensor:
        """Log odds at points of the path: ``(A,)`` in [0, 1] -> ``(A,)``."""
        with torch.no_grad():
            return self._margin(self._pooled(alphas), self._wide(alphas))

    def attributions(self, steps: int) -> tuple[Tensor, Tensor]:
        """The integral of each token's gradient along the path, by Gauss–Legendre quadrature.

        Returns:
            What the tokens of each window add by their states ``(N, T)``, and what those of the text add by their
            n-grams ``(n,)``.
        """
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        alphas, shares = (nodes + 1) / 2, torch.from_numpy(weights / 2).float()
        # The score sees all windows through their mean, so its slope there comes first; windows follow one by one.
        pooled, wide = self._pooled(alphas).requires_grad_(), self._wide(alphas).requires_grad_()
        slope, wide_slope = torch.autograd.grad(self._margin(pooled, wide).sum(), (pooled, wide))  # (A, W), (A, labels)
        total = torch.zeros(self.mask.shape)
        for of, window in self._batches(len(alphas)):
            words = self._points(alphas, of, window).requires_grad_()
            sums, _ = window_sums(self._states(words, self.mask[window]), self.mask[window])
            (gradient,) = torch.autograd.grad((sums * slope[of]).sum() / self.count, words)
            parts = (gradient * (self.words - self.baseline)[window]).sum(-1)  # (B, T)
            total.index_add_(0, window, parts * shares[of][:, None])
        return total, self.by_token @ (shares @ wide_slope)

    def _wide(self, alphas: np.ndarray) -> Tensor:
        return self.fixed + torch.from_numpy(alphas).float()[:, None] * self.by_token.sum(0)

    def _pooled(self, alphas: np.ndarray) -> Tensor:
        total = torch.zeros(len(alphas), self.words.shape[-1])
        with torch.no_grad():
            for of, window in self._batches(len(alphas)):
                states = self._states(self._points(alphas, of, window), self.mask[window])
                total.index_add_(0, of, window_sums(states, self.mask[window])[0])
        return total / self.count

    def _batches(self, points: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Pairs of a point on the path and a window, a few at a time."""
        windows, length = self.mask.shape
        rows, take = torch.arange(points * windows), max(1, BATCH_TOKENS // length)
        for part in rows.split(take):
            yield part // windows, part % windows

    def _points(self, alphas: np.ndarray, of: Tensor, window: Tensor) -> Tensor:
        share = torch.from_numpy(alphas).float()[of][:, None, None]
        return torch.lerp(self.baseline[window], self.words[window], share)

    def _states(self, words: Tensor, mask: Tensor) -> Tensor:
        states, keys = self.norm(words + self.places), key_mask(mask)
        for layer in self.layers:
            states = layer(states, keys)
        return states

    def _margin(self, pooled: Tensor, wide: Tensor) -> Tensor:
        vectors = F.normalize(pooled, dim=-1) if self.model.normalise else pooled
        logits = (self.model.head(vectors) + wide) / self.model.temperature
        if self.model.labels.multi:
            return logits[:, self.label]
        rivals = torch.cat([logits[:, : self.label], logits[:, self.label + 1 :]], 1)
        return logits[:, self.label] - rivals.logsumexp(1)


def _float_layers(slm: SLM, *, vectors: bool) -> list[nn.Module]:
    """The core's stack in float32; copies are made once a core."""
    if slm.precision == "fp32":
        return slm.stack(vectors=vectors)
    with _lock:
        twins = _twins.setdefault(slm, {})
        if vectors not in twins:
            copies = map(float_copy, slm.stack(vectors=vectors))
            twins[vectors] = [layer.eval().requires_grad_(requires_grad=False) for layer in copies]
        return twins[vectors]


def _float_branch(model: BranchModel) -> nn.ModuleList:
    branch = model.branch if model.slm.precision == "fp32" and model.branch is not None else model.float_branch()
    return branch.layers
