"""The LSTM baseline: it learns to copy, follows its seed, and writes the same for a text in any batch."""

import numpy as np
import pytest
import torch

from slmkit.benchmarks import datasets
from slmkit.benchmarks.systems.lstm import Lstm, LstmAttention, training
from slmkit.benchmarks.systems.lstm.network import EncoderDecoder
from slmkit.benchmarks.systems.lstm.pieces import MARKS, PAD, UNKNOWN, Pieces
from slmkit.benchmarks.systems.lstm.training import Settings

QUICK = Settings(width=48, dropout=0.0, tokens=160_000, epochs=(1, 60), batch=400, learning_rate=5e-3)


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def copies(n, seed=0):
    """Sequences of 2 to 4 of 6 pieces, to be written as they are read: backwards in, forwards out."""
    rng = np.random.default_rng(seed)
    rows = [rng.integers(MARKS, MARKS + 6, rng.integers(2, 5)) for _ in range(n)]
    return [(row[::-1].copy(), row) for row in rows]


@pytest.mark.parametrize("attention", [False, True])
def test_it_learns_to_copy(attention):
    torch.manual_seed(0)
    model = EncoderDecoder(sources=12, targets=12, width=48, attention=attention, dropout=0.0)
    training.train(model, copies(500), QUICK, seed=0)
    unseen = copies(50, seed=1)
    made = training.write(model, [source for source, _ in unseen], longest=8)
    right = np.mean([written == target.tolist() for written, (_, target) in zip(made, unseen, strict=True)])
    assert right > 0.5  # by chance it is next to nothing
    alone = [training.write(model, [source], longest=8)[0] for source, _ in unseen]
    assert alone == made


def test_padding_has_no_part():
    model = EncoderDecoder(sources=12, targets=12, width=16, attention=True, dropout=0.0).eval()
    short, long = torch.tensor([[5, 6]]), torch.tensor([[5, 6, PAD, PAD, PAD], [7, 8, 9, 10, 11]])
    begun = torch.tensor([[1, 4]])
    torch.testing.assert_close(model(short, begun)[0], model(long, begun.expand(2, 2))[0])


def test_pieces_keep_the_frequent_ones():
    kept = Pieces([np.array([7, 7, 9]), np.array([9, 7, 3])], 20, most=2, least=2)
    assert len(kept) == MARKS + 2
    assert kept.numbers(np.array([7, 9, 3])).tolist() == [MARKS, MARKS + 1, UNKNOWN]
    assert kept.ids([MARKS + 1, PAD, MARKS]) == [9, 7]


def test_batches_hold_every_pair_once_within_the_budget():
    pairs = copies(100)
    batches = list(training._batches(pairs, 60, np.random.default_rng(0)))
    assert sorted(id(pair) for batch in batches for pair in batch) == sorted(map(id, pairs))
    for batch in batches:
        assert len(batch) * (max(len(a) for a, _ in batch) + max(len(b) for _, b in batch)) <= 60


WORDS = ("red", "green", "blue", "old", "new", "small")
SOURCES = [f"colour[{WORDS[i % 3]}], kind[{WORDS[3 + i // 3 % 3]}]" for i in range(36)]
TARGETS = [[f"It is {WORDS[i % 3]} and {WORDS[3 + i // 3 % 3]}.", f"A {WORDS[i % 3]} one."] for i in range(36)]


@pytest.mark.parametrize("kind", [Lstm, LstmAttention])
def test_the_system_writes_what_it_learned(kind):
    settings = Settings(width=48, dropout=0.0, tokens=60_000, epochs=(1, 60), batch=300, learning_rate=5e-3)
    first, again = (kind(datasets.get("e2e_nlg"), "fitted", settings) for _ in range(2))
    state = torch.random.get_rng_state()
    for system in (first, again):
        system.fit(SOURCES, TARGETS, seed=3)
    assert torch.equal(torch.random.get_rng_state(), state)
    made = first.predict([*SOURCES[:9], "?"])
    assert made == again.predict([*SOURCES[:9], "?"])
    known = {text for texts in TARGETS for text in texts}
    assert sum(text in known for text in made[:9]) >= 7
    assert first.size().parameters > 1000
    assert first.size().bytes > 4 * first.size().parameters


def test_texts_without_pieces_and_no_texts_at_all():
    system = Lstm(datasets.get("e2e_nlg"), "fitted", Settings(width=8, epochs=(1, 1)))
    system.fit(["a b", "c"], ["x", ["y", "z"]], seed=0)
    assert system.predict([]) == []
    assert len(system.predict(["", "\u200b", "unseen 字"])) == 3


def test_settings_are_part_of_what_it_is():
    entry = datasets.get("e2e_nlg")
    prints = [Lstm(entry, "fitted").fingerprint(), Lstm(entry, "fitted", QUICK).fingerprint()]
    assert len({*prints, LstmAttention(entry, "fitted").fingerprint()}) == 3
