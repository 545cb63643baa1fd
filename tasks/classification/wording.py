"""The wording of a text beside its meaning: a linear model on n-grams of tokens, added to the branch's logits.

A short branch knows what a text is about and forgets names and set phrases that stood in few texts; a linear model on
TF-IDF knows just these. Their sum is the "wide and deep" of Cheng et al. (2016), each fitted by itself and weighed
on the held-back part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from slmkit import checkpoint
from slmkit.runtime import text_chunks
from slmkit.tasks.classification.calibration import fit_temperature, log_loss
from slmkit.tasks.classification.label_model import BIAS
from slmkit.tasks.classification.logistic import sparse_head
from slmkit.tasks.classification.training_set import TrainingSet
from slmkit.text.ngrams import KeyTable, inside, ngrams
from slmkit.text.tokenizer import Tokenizer, Tokens

MOST_NGRAMS, MOST_WEIGHTS = 100_000, 4_000_000
MOST_TEXTS, MOST_TOKENS = 100_000, 5_000_000  # read for the weights; more change little and take memory
STRENGTH = 10.0  # inverse of the L2 penalty
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
KEYS, IDF, WEIGHT = "ngrams.keys", "ngrams.idf", "ngrams.weight"


@dataclass(frozen=True)
class Wording:
    """Weights of n-grams.

    Attributes:
        keys: sorted int64 ``(F,)``. idf: float32 ``(F,)``. weight: float32 ``(F, labels)``.
    """

    keys: np.ndarray
    idf: np.ndarray
    weight: Tensor

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> Wording | None:
        """Read what ``to_tensors`` gave; None where there is nothing of it."""
        if KEYS not in tensors:
            return None
        weight = checkpoint.unpack({name: tensors[name] for name in (WEIGHT, WEIGHT + checkpoint.SCALE)})[WEIGHT]
        return cls(tensors[KEYS].numpy(), tensors[IDF].numpy(), weight)

    def to_tensors(self) -> dict[str, Tensor]:
        """As they are stored: the weights as int8 rows."""
        whole = {KEYS: torch.from_numpy(self.keys), IDF: torch.from_numpy(self.idf), WEIGHT: self.weight}
        return checkpoint.pack(whole)

    def vectors(self, ids: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """TF-IDF of texts, as scikit-learn has it with sublinear counts and rows of length 1.

        Args:
            ids, lengths: the tokens of all texts back to back, and how many each has: see ``Tokenizer.encode_ids``.

        Returns:
            How many of its n-grams are known, a text, int64 ``(n,)``; then, of all texts back to back, their places,
            int64 ``(k,)``, and their values, float32 ``(k,)``.
        """
        owner = np.repeat(np.arange(len(lengths)), lengths)
        found, owners = [_NONE], [_NONE]
        for size, keys in enumerate(ngrams(ids), 1):
            within = inside(lengths, size)
            places = self._table.places(keys[within])
            found.append(places[places >= 0])
            owners.append(owner[: len(keys)][within][places >= 0])
        width = max(len(self.keys), 1)
        each, counts = np.unique(np.concatenate(owners) * width + np.concatenate(found), return_counts=True)
        text, places = each // width, each % width
        values = (1 + np.log(counts)) * self.idf[places]
        norms = np.sqrt(np.bincount(text, values**2, minlength=len(lengths)))
        return np.bincount(text, minlength=len(lengths)), places, (values / norms[text]).astype(np.float32)

    def logits(self, ids: np.ndarray, lengths: np.ndarray) -> Tensor:
        """What the n-grams add to the logits, float32 ``(n, labels)``; arguments as for ``vectors``."""
        if not len(lengths):
            return torch.zeros(0, self.weight.shape[1])
        known, places, values = self.vectors(ids, lengths)
        begins = torch.from_numpy(np.cumsum(known) - known)
        each = torch.from_numpy(values)
        return F.embedding_bag(torch.from_numpy(places), self.weight, begins, mode="sum", per_sample_weights=each)

    def by_token(self, tokens: Tokens) -> Tensor:
        """``logits`` of one text by token, ``(n, labels)``: what an n-gram adds is parted evenly among its tokens."""
        _, places, values = self.vectors(tokens.ids, np.array([len(tokens)]))
        share = np.zeros(len(self.keys), dtype=np.float32)
        each = torch.zeros(len(tokens), self.weight.shape[1])
        found = [self._table.places(keys) for keys in ngrams(tokens.ids)]
        share[places] = values / np.bincount(_known(found), minlength=len(share))[places]
        for size, own in enumerate(found, 1):
            known = own >= 0
            added = torch.zeros(len(own), each.shape[1])
            added[known] = self.weight[own[known]] * torch.from_numpy(share[own[known]])[:, None] / size
            for at in range(size):
                each[at : at + len(own)] += added
        return each

    @cached_property
    def _table(self) -> KeyTable:
        return KeyTable(self.keys)


_NONE = np.empty(0, dtype=np.int64)


def _known(found: Sequence[np.ndarray]) -> np.ndarray:
    places = np.concatenate(found) if found else _NONE
    return places[places >= 0]


def fit_wording(tokenizer: Tokenizer, data: TrainingSet, classes: int, seed: int) -> tuple[Wording, np.ndarray] | None:
    """Weights of the n-grams of the training part.

    Args:
        tokenizer: the core's. data: what to learn from. classes: how many. seed: of the choice of texts.

    Returns:
        The weights, and the logits' bias ``(classes,)``; None where no n-gram stands in two texts.
    """
    rows, each = _read(tokenizer, data, seed)
    ids, lengths = np.concatenate(each), np.array([len(text) for text in each])
    own = [np.unique(np.concatenate([_NONE, *ngrams(text)])) for text in each]
    keys, counts = np.unique(np.concatenate(own), return_counts=True)
    # What stood in a single text says nothing of another one.
    order = np.argsort(-counts, kind="stable")[: min(MOST_NGRAMS, MOST_WEIGHTS // classes)]
    kept = np.sort(order[counts[order] > 1])
    if not len(kept):
        return None
    idf = (np.log((1 + len(rows)) / (1 + counts[kept])) + 1).astype(np.float32)
    made = Wording(keys[kept], idf, torch.zeros(len(kept), classes))
    weight, bias = sparse_head(
        *made.vectors(ids, lengths),
        len(kept),
        data.classes[rows],
        data.weights[rows],
        classes,
        strength=STRENGTH,
        positive=data.positive,
        seed=seed,
    )
    return Wording(made.keys, idf, torch.from_numpy(np.ascontiguousarray(weight.T))), bias


def _read(tokenizer: Tokenizer, data: TrainingSet, seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Rows of the training part, all or as many drawn at random as there is room for, and the ids of their texts."""
    drawn = np.random.default_rng(seed).permutation(len(data.train))[:MOST_TEXTS]
    read: list[np.ndarray] = []
    room = MOST_TOKENS
    for part in text_chunks([data.texts[data.train[i]] for i in drawn]):
        ids, lengths = tokenizer.encode_ids(part)
        ends = np.cumsum(lengths)
        fitting = int(np.searchsorted(ends, room, side="right"))
        read += np.split(ids, ends[:-1])[: max(fitting, not read)]  # one text, whatever its length
        room -= int(ends[-1])
        if room <= 0:
            break
    order = np.argsort(drawn[: len(read)])
    return data.train[drawn[order]], [read[i] for i in order]


@dataclass(frozen=True)
class Mix:
    """How much the wording counts.

    Attributes:
        factor: on its logits, beside the branch's. temperature: of their sum.
    """

    factor: float
    temperature: float


def weigh(branch: np.ndarray, wording: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> Mix:
    """Choose the share of the wording and the temperature with the least log loss on held-back texts.

    Args:
        branch, wording: logits ``(n, k)``. truth: class numbers ``(n,)``, or 0 and 1 ``(n, k)``. weights: ``(n,)``.

    Returns:
        A factor of 0 where the wording does not help.
    """
    heats = [fit_temperature(logits, truth, weights) for logits in (branch, wording)]
    deep, wide = branch.astype(np.float64) / heats[0], wording.astype(np.float64) / heats[1]
    best, least = Mix(0.0, heats[0]), log_loss(deep, truth, weights)
    least -= 1 / len(truth)  # one more parameter has to gain one unit of log likelihood (Akaike 1974)
    for share in SHARES:
        mixed = (1 - share) * deep + share * wide
        heat = fit_temperature(mixed, truth, weights)
        loss = log_loss(mixed / heat, truth, weights)
        if loss < least:
            least = loss
            best = Mix(share * heats[0] / ((1 - share) * heats[1]), heats[0] * heat / (1 - share))
    return best


def add_wording(
    tokenizer: Tokenizer,
    data: TrainingSet,
    held: np.ndarray,
    classes: int,
    seed: int,
    tensors: dict[str, Tensor],
    *,
    again: bool = False,
) -> Mix | None:
    """Add n-grams to the tensors of a model where they help on the held-back part.

    Args:
        tokenizer: the core's. data: what to learn from. held: logits of the held-back rows ``(n, k)`` without n-grams.
        classes: how many. seed: of the fit. tensors: get the n-grams, and a new bias of the head.
        again: fit them once more, on the held-back rows as well, when their share is known.

    Returns:
        How much they count; None where they do not help.
    """
    fitted = fit_wording(tokenizer, data, classes, seed)
    if fitted is None:
        return None
    wording, bias = fitted
    parts = text_chunks([data.texts[i] for i in data.held])
    wide = torch.cat([wording.logits(*tokenizer.encode_ids(part)) for part in parts]).numpy() + bias
    mix = weigh(held, wide, data.classes[data.held], data.weights[data.held])
    if not mix.factor:
        return None
    if again:
        wording, bias = fit_wording(tokenizer, replace(data, train=data.own), classes, seed) or fitted
    tensors |= replace(wording, weight=mix.factor * wording.weight).to_tensors()
    tensors[BIAS] += mix.factor * torch.from_numpy(bias)
    return mix
