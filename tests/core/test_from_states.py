"""Several answers over one pass: the states of passes of their own, each layer once a window, failures kept apart."""

import numpy as np
import pytest
import torch
from torch import nn

from slmkit.core import SLM
from slmkit.errors import CheckpointError
from slmkit.from_states import FromStates, answer_together
from slmkit.model.encoder import encoder_layers
from slmkit.runtime import BATCH_TOKENS, float_copy

TEXTS = ["good film", "", "a bad bank of news !", "good film", "很好的酒店，", "the film is good . " * 40, "a team"]


@pytest.fixture(scope="module")
def forked(toy_slm):
    """A core whose sentence vectors have layers of their own."""
    torch.manual_seed(1)
    return SLM(
        toy_slm.config,
        toy_slm.tokenizer,
        float_copy(toy_slm.encoder),
        vectors=nn.ModuleList(encoder_layers(toy_slm.config.encoder, 1)),
        fingerprint="forked",
    )


def all_states(slm, texts=TEXTS, *, upto, vectors=False, **settings):
    """An answer that is the states of all windows."""
    windows = slm.windows(texts, **settings)
    found = [None] * len(windows.ids)

    def take(numbers, states, mask):
        for row, number in enumerate(numbers):
            assert found[number] is None
            found[number] = states[row, : int(mask[row].sum())].clone()

    return FromStates(slm, windows, upto, take, lambda: torch.cat(found) if found else torch.empty(0), vectors=vectors)


def counted(monkeypatch, layers):
    """How many tokens go through each layer."""
    seen = [0] * len(layers)
    for n, layer in enumerate(layers):

        def forward(states, keys, n=n, run=layer.forward):
            seen[n] += states.shape[0] * states.shape[1] if keys is None else int(keys.sum())
            return run(states, keys)

        monkeypatch.setattr(layer, "forward", forward)
    return seen


WAYS = [
    {"upto": 2, "max_length": 64},
    {"upto": 3, "max_length": 64},
    {"upto": 0, "max_length": 64},
    {"upto": 4, "max_length": 32, "overlap": 8},
    {"upto": 3, "max_length": 128, "vectors": True},
    {"upto": 1, "max_length": 128, "vectors": True},
    {"upto": 2, "max_length": 100, "vectors": True},
]


@pytest.mark.parametrize("chosen", [WAYS, WAYS[4:], WAYS[:1], [WAYS[0], WAYS[4]], [WAYS[3], WAYS[4]], WAYS[:2] * 2])
def test_the_states_are_those_of_passes_of_their_own(forked, chosen):
    made = answer_together([all_states(forked, **way) for way in chosen])
    for way, own in zip(chosen, made, strict=True):
        torch.testing.assert_close(own, all_states(forked, **way).alone(), rtol=1e-5, atol=1e-5)


def test_a_window_goes_once_through_each_layer(toy_slm, monkeypatch):
    words = np.random.default_rng(0).choice(["good", "bad", "film", "news", "team"], 80)  # no two windows alike
    texts = ["good film", "a bad bank", " ".join(words)]
    short = sum(len(ids) for ids in toy_slm.windows(texts[:2]).ids)
    long = {size: toy_slm.windows(texts[2:], max_length=size).lengths.sum() for size in (64, 128)}
    assert long[64] > long[128] > 64
    seen = counted(monkeypatch, toy_slm.encoder.layers)
    # Two that agree on all windows, and one that agrees on those of the short texts only.
    answer_together(
        [
            all_states(toy_slm, texts, upto=2, max_length=64),
            all_states(toy_slm, texts, upto=4, max_length=64),
            all_states(toy_slm, texts * 3, upto=3, max_length=128),
        ]
    )
    assert seen == [
        short + long[64] + long[128],
        short + long[64] + long[128],
        short + long[64] + long[128],
        short + long[64],
    ]


def test_one_text_many_times_is_given_in_batches_of_the_usual_size(toy_slm):
    texts, sizes, found = ["the film is good ."] * 900, [], []

    def take(numbers, states, mask):
        sizes.append(mask.numel())
        found.extend(numbers.tolist())

    answer_together([FromStates(toy_slm, toy_slm.windows(texts), 2, take, list), all_states(toy_slm, upto=2)])
    assert sorted(found) == list(range(900))
    assert max(sizes) <= BATCH_TOKENS


def test_a_failure_is_returned_and_costs_the_others_nothing(toy_slm):
    def fails(*_):
        raise ValueError("cannot read this")

    windows = toy_slm.windows(TEXTS)
    reading = FromStates(toy_slm, windows, 3, fails, lambda: "never")
    ending = FromStates(toy_slm, windows, 3, lambda *_: None, fails)
    first, second, third, fourth = answer_together([reading, all_states(toy_slm, upto=3), ending, reading.then(len)])
    assert [str(error) for error in (first, third, fourth)] == ["cannot read this"] * 3
    torch.testing.assert_close(second, all_states(toy_slm, upto=3).alone())


def test_an_answer_made_of_an_answer(toy_slm):
    asked = all_states(toy_slm, upto=2).then(lambda states: states.shape).then(tuple)
    tokens = int(np.sum(toy_slm.windows(TEXTS).lengths))
    assert asked.alone() == (tokens, toy_slm.config.encoder.width)


def test_nothing_and_no_texts(toy_slm):
    assert answer_together([]) == []
    assert answer_together([all_states(toy_slm, [], upto=2)])[0].shape == (0,)


def test_different_cores_are_refused(toy_slm, forked):
    with pytest.raises(CheckpointError, match="one core, got toy in fp32 and forked in fp32"):
        answer_together([all_states(toy_slm, upto=2), all_states(forked, upto=2)])
    quick = SLM(toy_slm.config, toy_slm.tokenizer, float_copy(toy_slm.encoder), fingerprint="toy", precision="bf16")
    with pytest.raises(CheckpointError, match="toy in fp32 and toy in bf16"):
        answer_together([all_states(toy_slm, upto=2), all_states(quick, upto=2)])
    nameless = [SLM(toy_slm.config, toy_slm.tokenizer, float_copy(toy_slm.encoder)) for _ in range(2)]
    with pytest.raises(CheckpointError, match="one without a name"):
        answer_together([all_states(each, upto=2) for each in nameless])
    again = SLM(toy_slm.config, toy_slm.tokenizer, float_copy(toy_slm.encoder), fingerprint="toy")
    assert len(answer_together([all_states(toy_slm, upto=2), all_states(again, upto=2)])) == 2
