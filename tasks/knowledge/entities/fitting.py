"""From texts and spans to a fitted recognizer."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from slmkit import checkpoint
from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.model.branch import Branch
from slmkit.tasks.classification.recipe import LARGEST_HELD_BACK
from slmkit.tasks.classification.tuned import seeded
from slmkit.tasks.fit_report import Report
from slmkit.tasks.knowledge.entities.entity import Span
from slmkit.tasks.knowledge.entities.laying import Laid, lay
from slmkit.tasks.knowledge.entities.network import LAYERS, POINTER, TAGGER, Gold, SpanNetwork, span_loss, usable_mask
from slmkit.tasks.knowledge.entities.recipe import HEAD_RATE, RecognizerRecipe
from slmkit.tasks.knowledge.entities.recognizer_model import RecognizerModel, parts_of
from slmkit.tasks.knowledge.entities.watching import Watch
from slmkit.training.loop import Descent, Schedule, steps_in
from slmkit.training.states import TrunkStates, text_batches

MOST_TRAINED_PAIRS = 24_000_000  # of a step: with their gradients they take about a gigabyte
_STEPS_BETWEEN_LOOKS = 400  # an epoch of a large set is looked at several times


@dataclass(frozen=True)
class Taught:
    """What a fit learns from.

    Attributes:
        texts, spans: all of them. held: numbers of those that are held back.
    """

    texts: list[str]
    spans: list[list[Span]]
    held: np.ndarray

    @property
    def types(self) -> list[str]:
        """The types that occur, in order."""
        return sorted({kind for own in self.spans for _, _, kind in own})

    @property
    def train(self) -> np.ndarray:
        """Numbers of the texts that are learned from."""
        return np.setdiff1d(np.arange(len(self.texts)), self.held)

    @property
    def overlapping(self) -> int:
        """How many spans lie over another one of their text."""
        return sum(_overlapping(own) for own in self.spans)


def _overlapping(spans: Sequence[Span]) -> int:
    count = reached = 0
    for start, end, _ in sorted(spans):
        count += start < reached
        reached = max(reached, end)
    return count


def hold_back(spans: Sequence[Sequence[Span]], share: float, seed: int) -> np.ndarray:
    """Numbers of texts to hold back; a type keeps texts to be learned from."""
    count = min(round(share * len(spans)), LARGEST_HELD_BACK)
    kinds = [{kind for _, _, kind in own} for own in spans]
    left = Counter(kind for own in kinds for kind in own)
    held: list[int] = []
    for text in np.random.default_rng(seed).permutation(len(spans)).tolist():
        if len(held) < count and all(left[kind] > 1 for kind in kinds[text]):
            held.append(text)
            left.subtract(kinds[text])
    return np.array(sorted(held), dtype=np.int64)


def fit_recognizer(
    slm: SLM,
    taught: Taught,
    recipe: RecognizerRecipe,
    *,
    nested: bool | None = None,
    start: RecognizerModel | None = None,
    names: dict[str, str] | None = None,
    verbose: int = 0,
) -> RecognizerModel:
    """Fit a branch and its heads.

    Args:
        slm: the core. taught: what to learn from. recipe: settings, nothing left open.
        nested: whether spans may lie inside others; None as in what is learned.
        start: a recognizer to go on from, of the recipe's depth and head; None begins with the core's own top layers.
        names: words about the types, by which the rows of a ``start`` that knows names begin.
        verbose: 1 shows progress on stderr.

    Raises:
        InputError: there is nothing to learn from.
    """
    types = taught.types
    if not types:
        raise InputError("there is nothing to learn from: no text has a span")
    nested = taught.overlapping > 0 if nested is None else nested
    if nested and recipe.head == "tagger":
        raise InputError("the head 'tagger' learns no nested spans; take 'pointer' or 'both', or nested=False")
    with Report(verbose) as report, seeded(recipe.seed):
        report.stage("reading the texts")
        laid = lay(slm, taught.texts, recipe.max_length or 0)
        gold = _gold(laid, taught.spans, types)
        states = TrunkStates(slm, laid.alone, upto=slm.config.encoder.layers - recipe.depth)
        branch = Branch.on(slm, recipe.depth, dropout=recipe.dropout)
        network = SpanNetwork(branch, slm.config.encoder.width, len(types), recipe.head, dropout=recipe.dropout)
        if start is not None:
            begin_from(network, start, [(names or {}).get(kind, kind) for kind in types])
        watch = Watch(network, states, laid, taught.spans, types, taught.held, nested=nested, report=report)

        def loss(windows: np.ndarray) -> Tensor:
            inputs, mask, _, numbers = states.batch(windows)
            scores = network(inputs, mask, usable_mask(laid, numbers, mask.shape[1]))
            return span_loss(scores, [gold[number] for number in numbers])

        batches = _batches(states, laid.of_texts(taught.train), len(types), recipe)
        interrupted = _descend(network, batches, loss, recipe, watch, report)
    calibration = watch.settled(0.0 if recipe.head == "tagger" else 0.5)
    about = {
        "texts": len(taught.train),
        "held_back": len(taught.held),
        "recipe": recipe.to_dict(),
        "history": watch.history,
        "interrupted": interrupted,
        **({"from": start.fingerprint} if start is not None else {}),
    }
    return RecognizerModel(
        slm,
        types,
        network.pack(),
        depth=recipe.depth,
        head=recipe.head,
        max_length=recipe.max_length or 0,
        nested=nested,
        calibration=calibration,
        about=about,
    )


def begin_from(network: SpanNetwork, start: RecognizerModel, names: Sequence[str]) -> None:
    """Give a network the weights of a recognizer; the rows of types begin by their names, where it knows names."""
    unpacked = checkpoint.unpack(start.tensors)
    network.branch.load_state_dict({name: value for name, value in unpacked.items() if name.startswith(LAYERS)})
    heads = {name: value for name, value in unpacked.items() if name.startswith((POINTER, TAGGER))}
    heads = {name: value for name, value in heads.items() if ".kind." not in name}
    if start.knows_names:
        for prefix, (weight, bias) in zip((POINTER, TAGGER), start.rows_of(names), strict=True):
            if any(name.startswith(prefix) for name in heads):
                heads |= {f"{prefix}kind.weight": weight, f"{prefix}kind.bias": bias}
    network.heads.load_state_dict(heads, strict=False)


def _gold(laid: Laid, spans: Sequence[Sequence[Span]], types: Sequence[str]) -> list[Gold]:
    """What is right in each window; warnings say what cannot be learned, or only nearly."""
    gold: list[Gold] = []
    whole: set[tuple[int, int]] = set()
    inexact: set[tuple[int, int]] = set()
    for window, text in enumerate(laid.windows.text_index.tolist()):
        pairs, places = laid.pairs(window, spans[text]), laid.places[window]
        gold.append(Gold.of(laid, window, spans[text], pairs, types))
        for number, pair in enumerate(pairs):
            if pair is not None:
                whole.add((text, number))
                if (places[pair[0], 0], places[pair[1], 1]) != spans[text][number][:2]:
                    inexact.add((text, number))
    lost = sum(map(len, spans)) - len(whole)
    for count, why in (
        (lost, "are longer than what neighbouring windows share: they are not learned"),
        (len(inexact), "begin or end inside a token: the tokens that they hold most of are learned"),
    ):
        if count:
            warnings.warn(f"{count:,} of the spans {why}", stacklevel=5)
    return gold


def _batches(states: TrunkStates, windows: np.ndarray, kinds: int, recipe: RecognizerRecipe) -> list[list[np.ndarray]]:
    """Numbers of the windows of each step, epoch by epoch."""
    return [
        [
            part
            for rows in text_batches(
                states.lengths[windows], recipe.batch_tokens or 1, np.random.default_rng([recipe.seed, epoch])
            )
            for part in _small(windows[rows], states.lengths, kinds)
        ]
        for epoch in range(recipe.epochs or 1)
    ]


def _small(windows: np.ndarray, lengths: np.ndarray, kinds: int) -> Iterator[np.ndarray]:
    """A batch in parts whose scores of pairs fit in memory."""
    for part in parts_of(len(windows), kinds, int(lengths[windows].max()), MOST_TRAINED_PAIRS):
        yield windows[part]


def _descend(
    network: SpanNetwork,
    batches: Sequence[Sequence[np.ndarray]],
    loss: Callable[[np.ndarray], Tensor],
    recipe: RecognizerRecipe,
    watch: Watch,
    report: Report,
) -> bool:
    """Train; returns whether the caller stopped it."""
    total = sum(map(len, batches))
    if recipe.minutes is not None:
        total = min(total, steps_in(recipe.minutes, network, (loss(rows) for own in batches for rows in own)))
    report.budget(
        f"{len(watch.laid.texts) - len(watch.held):,} texts, {len(watch.held):,} held back, {len(watch.types)} types; "
        f"{total:,} steps in at most {recipe.epochs} epochs, head {recipe.head}, branch of {recipe.depth} layers, "
        f"rate {recipe.learning_rate:g}",
        total,
    )
    descent = Descent(network, Schedule(max(1, total), recipe.learning_rate), {"heads.": HEAD_RATE})
    network.train()
    try:
        for epoch, own in enumerate(batches):
            looks = _looks(len(own))
            for at, rows in enumerate(own[: total - descent.done], 1):
                value = loss(rows)
                descent.step(value)
                report.step(descent.done, value)
                if at in looks or descent.done == total:
                    watch.look(epoch + at / len(own))
            if descent.done == total or watch.epochs_without_gain(epoch + 1) >= (recipe.patience or 1):
                break
    except KeyboardInterrupt:
        warnings.warn(
            f"fit was interrupted after step {descent.done} of {total}; the best weights so far are kept", stacklevel=5
        )
        return True
    return False


def _looks(steps: int) -> set[int]:
    """Steps of an epoch after which the held-back part is read; the last is one of them."""
    times = max(1, min(4, steps // _STEPS_BETWEEN_LOOKS))
    return {round(steps * (i + 1) / times) for i in range(times)}
