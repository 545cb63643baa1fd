"""The wording of a text beside its meaning: a linear model on n-grams of tokens, added to the branch's logits.

A short branch knows what a text is about and forgets names and set phrases that stood in few texts; a linear model on
TF-IDF knows just these. Their sum is the "wide and deep" of Cheng et al. (2016), each fitted by itself and weighed
on the held-back part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from slmkit import checkpoint
from slmkit.tasks.classification.calibration import fit_temperature, log_loss
from slmkit.tasks.classification.logistic import sparse_head
from slmkit.tasks.classification.training_set import TrainingSet
from slmkit.text.tokenizer import Tokenizer, Tokens

LONGEST = 3  # tokens of an n-gram: as characters of Chinese, or words of English, are usually counted
BITS = 21  # of a token id inside a key: three of them fit an int64
MOST_NGRAMS, MOST_WEIGHTS = 100_000, 4_000_000
MOST_TEXTS = 100_000  # read for the weights; more of them change little and take memory
STRENGTH = 10.0  # inverse of the L2 penalty
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
KEYS, IDF, WEIGHT = "ngrams.keys", "ngrams.idf", "ngrams.weight"


def ngrams(ids: np.ndarray) -> list[np.ndarray]:
    """Keys of the stretches of 1, 2 and 3 tokens: ids ``(n,)`` -> int64 ``(n,)``, ``(n - 1,)``, ``(n - 2,)``."""
    found, key = [], np.zeros(len(ids), dtype=np.int64)
    for size in range(min(LONGEST, len(ids))):
        key = (key[: len(ids) - size] << BITS) | (ids[size:] + 1)
        found.append(key)
    return found


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

    def vector(self, tokens: Tokens) -> tuple[np.ndarray, np.ndarray]:
        """TF-IDF of a text, as scikit-learn has it with sublinear counts and rows of length 1.

        Returns:
            Places of the known n-grams, int64 ``(k,)``, and their values, float32 ``(k,)``.
        """
        found = ngrams(tokens.ids)
        places, counts = np.unique(self._places(np.concatenate(found)) if found else _NONE, return_counts=True)
        known = places >= 0
        places, values = places[known], (1 + np.log(counts[known])) * self.idf[places[known]]
        return places, (values / (np.linalg.norm(values) or 1.0)).astype(np.float32)

    def logits(self, tokens: Sequence[Tokens]) -> Tensor:
        """What the n-grams add to the logits: float32 ``(n, labels)``."""
        vectors = [self.vector(each) for each in tokens]
        if not vectors:
            return torch.zeros(0, self.weight.shape[1])
        starts = np.cumsum([0, *(len(places) for places, _ in vectors)])[:-1]
        places, values = (torch.from_numpy(np.concatenate(part)) for part in zip(*vectors, strict=True))
        begins = torch.from_numpy(starts)
        return F.embedding_bag(places, self.weight, begins, mode="sum", per_sample_weights=values)

    def by_token(self, tokens: Tokens) -> Tensor:
        """``logits`` of one text by token, ``(n, labels)``: what an n-gram adds is parted evenly among its tokens."""
        places, values = self.vector(tokens)
        share = np.zeros(len(self.keys), dtype=np.float32)
        each = torch.zeros(len(tokens), self.weight.shape[1])
        found = [self._places(keys) for keys in ngrams(tokens.ids)]
        share[places] = values / np.bincount(_known(found), minlength=len(share))[places]
        for size, own in enumerate(found, 1):
            known = own >= 0
            added = torch.zeros(len(own), each.shape[1])
            added[known] = self.weight[own[known]] * torch.from_numpy(share[own[known]])[:, None] / size
            for at in range(size):
                each[at : at + len(own)] += added
        return each

    def _places(self, keys: np.ndarray) -> np.ndarray:
        """Rows of these n-grams; -1 for unknown ones."""
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, at, -1)


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
    rows = data.train
    if len(rows) > MOST_TEXTS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_TEXTS, replace=False))
    texts = tokenizer.encode_batch([data.texts[i] for i in rows])
    own = [np.unique(np.concatenate(ngrams(each.ids) or [_NONE])) for each in texts]
    keys, counts = np.unique(np.concatenate(own), return_counts=True)
    # What stood in a single text says nothing of another one.
    order = np.argsort(-counts, kind="stable")[: min(MOST_NGRAMS, MOST_WEIGHTS // classes)]
    kept = np.sort(order[counts[order] > 1])
    if not len(kept):
        return None
    idf = (np.log((1 + len(texts)) / (1 + counts[kept])) + 1).astype(np.float32)
    made = Wording(keys[kept], idf, torch.zeros(len(kept), classes))
    weight, bias = sparse_head(
        [made.vector(each) for each in texts],
        len(kept),
        data.classes[rows],
        data.weights[rows],
        classes,
        strength=STRENGTH,
        positive=data.positive,
        seed=seed,
    )
    return Wording(made.keys, idf, torch.from_numpy(np.ascontiguousarray(weight.T))), bias


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
