"""*static*: token vectors whose sums stand for the core's sentence vectors (see ``slmkit.static``).

Each token goes through the core by itself, the vectors are turned into the principal axes of the core's sentence
vectors, and frequent tokens are weighted down (SIF, Arora et al. 2017). That start is then fitted: the sum over the
tokens of a raw sentence should point where the core's vector of that sentence points (the aim of tokenlearn, Minish Lab
2024; here by least squares, since there are few sentences).

Measured with the core's vectors of 22,000 sentences: Spearman on STS-B dev / sts-b-zh dev, and accuracy of a logistic
head from 4,000 training rows on the dev rows of SST-2, ChnSentiCorp, TNEWS and AG News:

    the start, 256 numbers                       76.9 / 66.2   76.0  79.2  40.2  83.1
    fitted by descent (12,000 sentences), 256    75.2 / 71.4   78.1  79.9  40.6  82.9
    by least squares, 256, 10,000 pairs: 10.9 MB 76.6 / 71.9   77.2  79.6  42.3  85.4
    the same with the pairs left out             76.8 / 71.6   77.6  79.5  41.4  84.8
    the first 192 of the 256                     75.9 / 71.3   77.3  79.3  44.0  85.0
    the first 128 of the 256                     74.4 / 70.0   77.5  79.2  43.4  84.6
    192, 5,000 pairs, 10 sightings: 6.3 MB       75.9 / 71.5   76.3  79.8  42.9  84.5
    TF-IDF and logistic regression                             77.8  87.9  47.2  88.8
    Classifier(method="static"): with n-grams                  80.8  88.2  48.4  89.3
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import csr_matrix, diags

from slmkit import checkpoint
from slmkit.core import SLM, load
from slmkit.errors import InputError
from slmkit.pretraining import corpus
from slmkit.pretraining.sources import short_texts
from slmkit.runtime import text_chunks
from slmkit.static import PAIRS, ROWS, VECTORS, StaticSLM
from slmkit.text.ngrams import BITS, KeyTable, inside, ngrams
from slmkit.text.tokenizer import BYTE_TOKENS, METASPACE, RESERVED_TOKENS, SPECIAL_TOKENS, Tokenizer

MARKS = len(SPECIAL_TOKENS) + len(RESERVED_TOKENS)
PART = 2000  # texts of a kept part
SEED = 12  # of the raw rows: others than the core was trained on


@dataclass(frozen=True)
class StaticConfig:
    """Settings of the stage.

    Attributes:
        width: numbers of a vector. pairs: neighbours that get a vector of their own.
        common: share of all tokens from which on a token counts half or less. fewest: a token seen less often has the
            vector that all such tokens share. counted: characters of each raw file that are counted.
        characters: of raw text whose sentences are fitted; ``longest`` of one. penalty: on leaving the start.
        rounds, iterations: of the fit; no round keeps the start. held: sentences that only watch it. seed: of order.
    """

    width: int = 192
    pairs: int = 5_000
    common: float = 1e-3
    fewest: int = 10
    counted: int = 4_000_000
    characters: int = 14_000_000
    longest: int = 160
    penalty: float = 2.0
    rounds: int = 3
    iterations: int = 12
    held: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Counts:
    """How often tokens, and pairs of neighbours, are seen.

    Attributes:
        tokens: ``(vocabulary,)``. keys: sorted keys of pairs as ``ngrams`` has them ``(P,)``. pairs: their counts.
    """

    tokens: np.ndarray
    keys: np.ndarray
    pairs: np.ndarray


def static(data: Path, core: Path | None, out: Path, config: StaticConfig, *, most: int | None = None) -> StaticSLM:
    """Run the stage, or go on with it where it was stopped; what it had read is kept in ``OUT/rows`` until it is done.

    Args:
        data: folder with en/, zh/ and raw/. core: folder of the core; None for the shipped one. out: checkpoint folder.
        most: sentences to fit, if they are to be fewer than the settings say.
    """
    slm = load(core)
    texts = sentences(data, config)[:most]
    targets = _read(slm, texts, out / "rows")
    counts = count(slm.tokenizer, corpus.sample(data / "raw", config.counted))
    made = distil(slm, texts, targets, counts, config)
    made.save(out)
    shutil.rmtree(out / "rows")
    return made


def sentences(data: Path, config: StaticConfig) -> list[str]:
    """Raw rows, and after every second of them a question or a text of a pair, as long as there are any."""
    rows = corpus.rows(data / "raw", config.characters, seed=SEED, longest=config.longest)
    short = short_texts(data, SEED)
    short = [short[i] for i in np.random.default_rng(config.seed).permutation(len(short))]
    mixed = zip_longest(rows[::2], rows[1::2], short[: len(rows) // 2])
    return [text for three in mixed for text in three if text]


def _read(slm: SLM, texts: Sequence[str], folder: Path) -> np.ndarray:
    """The core's vectors of all texts, float32 ``(n, width)``; parts that are there already are not made again."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for at in range(0, len(texts), PART):
        path = folder / f"{slm.fingerprint}-{at:08d}-{len(texts[at : at + PART])}.safetensors"
        if not path.is_file():
            vectors = torch.from_numpy(slm.embed(texts[at : at + PART])).half()
            checkpoint.write_atomically(path, checkpoint.tensors_to_bytes({VECTORS: vectors}))
            sys.stderr.write(f"{at + len(vectors):,} of {len(texts):,} sentences read by the core\n")
        parts.append(checkpoint.tensors_from_bytes(path.read_bytes(), path)[VECTORS].float().numpy())
    return np.concatenate(parts)


def count(tokenizer: Tokenizer, texts: Iterable[str]) -> Counts:
    """Count tokens and neighbours; pairs with a mark or a byte are left out."""
    tokens = np.zeros(len(tokenizer), dtype=np.int64)
    keys, pairs = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    for part in text_chunks(list(texts)):
        ids, lengths = tokenizer.encode_ids(part)
        tokens += np.bincount(ids, minlength=len(tokens))
        if len(ids) < 2:
            continue
        plain = ids >= MARKS + len(BYTE_TOKENS)
        found = ngrams(ids, 2)[1][inside(lengths, 2) & plain[:-1] & plain[1:]]
        keys, at = np.unique(np.concatenate([keys, found]), return_inverse=True)
        pairs = np.bincount(at, np.concatenate([pairs, np.ones(len(found))]), len(keys)).astype(np.int64)
    return Counts(tokens, keys, pairs)


def choose_pairs(counts: Counts, most: int) -> np.ndarray:
    """Keys of the pairs that are seen most above chance, sorted: by count times pointwise mutual information."""
    tokens = np.maximum(counts.tokens, 1).astype(np.float64)
    first, second = (counts.keys >> BITS) - 1, (counts.keys & ((1 << BITS) - 1)) - 1
    surprise = np.log(counts.pairs * tokens.sum() / (tokens[first] * tokens[second]))
    order = np.argsort(-counts.pairs * surprise, kind="stable")[:most]
    return np.sort(counts.keys[order[surprise[order] > 0]])


def distil(slm: SLM, texts: Sequence[str], targets: np.ndarray, counts: Counts, config: StaticConfig) -> StaticSLM:
    """Static vectors of a core.

    Args:
        slm: the core. texts: sentences to fit. targets: their vectors by the core ``(n, W)``. counts: see ``count``.

    Raises:
        InputError: the core is narrower than the vectors are to be.
    """
    if config.width > targets.shape[1]:
        raise InputError(f"width {config.width}: the core's vectors have {targets.shape[1]}")
    mean = targets.mean(0)
    axes = _principal(targets - mean, config.width)
    vocabulary, keys = slm.tokenizer, choose_pairs(counts, config.pairs)
    rows = _rows(counts, config.fewest)
    start = _start(slm, axes, counts, config)
    vectors = np.zeros((rows.max() + 1 + len(keys), config.width), dtype=np.float32)
    vectors[0] = start[rows == 0].mean(0) if (rows == 0).any() else 0
    vectors[rows[rows > 0]] = start[rows > 0]
    bags = _bags(*vocabulary.encode_ids(texts), rows, keys)
    wanted = (targets - mean) @ axes
    wanted /= np.maximum(np.linalg.norm(wanted, axis=1, keepdims=True), 1e-9)
    fitted, cosine = _fit(vectors, bags, wanted, config)
    about = {"licence": slm.config.about.get("licence"), "lineage": f"static vectors of core {slm.fingerprint}"}
    training = {**asdict(config), "sentences": len(texts), "held_cosine": round(cosine, 4)}
    tensors = {
        **checkpoint.pack({VECTORS: torch.from_numpy(fitted)}),
        ROWS: torch.from_numpy(rows.astype(np.int32)),
        PAIRS: torch.from_numpy(keys),
    }
    return StaticSLM(vocabulary, tensors, core=slm.fingerprint, about={**about, "training": training})


def _principal(centred: np.ndarray, width: int) -> np.ndarray:
    """The first principal axes, float32 ``(W, width)``."""
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return np.ascontiguousarray(vectors[:, ::-1][:, :width], dtype=np.float32)


def _rows(counts: Counts, fewest: int) -> np.ndarray:
    """The row of each token ``(vocabulary,)``; row 0 is shared by the tokens that are seen less often."""
    seen = counts.tokens >= fewest
    return np.where(seen, np.cumsum(seen), 0)


def _start(slm: SLM, axes: np.ndarray, counts: Counts, config: StaticConfig) -> np.ndarray:
    """What the core says of each token by itself, weighted by SIF: float32 ``(vocabulary, width)``."""
    tokens = [slm.tokenizer.token(number) for number in range(len(slm.tokenizer))]
    read = slm.embed([token.replace(METASPACE, " ") for token in tokens])
    share = (counts.tokens + 1) / (counts.tokens + 1).sum()
    centred = read - read[MARKS + len(BYTE_TOKENS) :].mean(0)
    return (centred @ axes) * (config.common / (config.common + share))[:, None].astype(np.float32)


def _bags(ids: np.ndarray, lengths: np.ndarray, rows: np.ndarray, keys: np.ndarray) -> csr_matrix:
    """How often each text adds up each vector: ``(n, R)``."""
    owner = np.repeat(np.arange(len(lengths)), lengths)
    places, within = KeyTable(keys).places(ngrams(ids, 2)[1]), inside(lengths, 2)
    known = within & (places >= 0)
    first = int(rows.max()) + 1
    texts = np.concatenate([owner, owner[:-1][known]])
    columns = np.concatenate([rows[ids], first + places[known]])
    return csr_matrix((np.ones(len(texts), np.float32), (texts, columns)), shape=(len(lengths), first + len(keys)))


def _fit(start: np.ndarray, bags: csr_matrix, wanted: np.ndarray, config: StaticConfig) -> tuple[np.ndarray, float]:
    """Turn the sums of the bags towards the wanted directions by least squares with a penalty on leaving the start.

    Only directions count, so each round first scales the sums of all texts to length 1 as they are then. What is seen
    rarely stays near the start, where stochastic descent would let it follow the few texts it stands in.

    Args:
        start: ``(R, width)``. bags: ``(n, R)``. wanted: unit rows ``(n, width)``.

    Returns:
        The vectors, and the mean cosine on the sentences held back.
    """
    order = np.random.default_rng(config.seed).permutation(len(wanted))
    held, train = np.split(order, [min(config.held, len(order) // 10)])
    vectors = start / np.median(np.linalg.norm(bags[train] @ start, axis=1))
    begin = vectors
    for number in range(config.rounds):
        scales = 1 / np.maximum(np.linalg.norm(bags[train] @ vectors, axis=1), 1e-9)
        scaled = diags(scales.astype(np.float32)) @ bags[train]
        vectors = vectors + _least_squares(scaled, wanted[train], vectors, begin, config)
        cosine = _cosine(bags[held] @ vectors, wanted[held])
        sys.stderr.write(f"round {number + 1}: cosine {cosine:.4f} on {len(held):,} held-back sentences\n")
    return vectors.astype(np.float32), _cosine(bags[held] @ vectors, wanted[held])


def _least_squares(
    bags: csr_matrix, wanted: np.ndarray, vectors: np.ndarray, begin: np.ndarray, config: StaticConfig
) -> np.ndarray:
    """What to add to the vectors, by conjugate gradients (Hestenes and Stiefel 1952), all columns side by side."""
    transposed, penalty = bags.T.tocsr(), np.float32(config.penalty)
    left = transposed @ (wanted - bags @ vectors) - penalty * (vectors - begin)
    step, added, size = left, np.zeros_like(left), (left**2).sum(0)
    for _ in range(config.iterations):
        curved = transposed @ (bags @ step) + penalty * step
        far = size / np.maximum((step * curved).sum(0), 1e-20)
        added, left = added + far * step, left - far * curved
        before, size = size, (left**2).sum(0)
        step = left + size / np.maximum(before, 1e-20) * step
    return added


def _cosine(sums: np.ndarray, wanted: np.ndarray) -> float:
    if not len(sums):
        return float("nan")
    return float(((sums * wanted).sum(1) / np.maximum(np.linalg.norm(sums, axis=1), 1e-9)).mean())
