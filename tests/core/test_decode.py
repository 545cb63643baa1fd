from dataclasses import replace

import numpy as np
import pytest
import torch

from slmkit.core import SLM
from slmkit.errors import CheckpointError, InputError
from slmkit.model.config import DecoderConfig
from slmkit.model.partition import LogPartition
from slmkit.pretraining.decode import (
    STARTS,
    Decode,
    DecodeConfig,
    add_decoder,
    first_decoder,
    hold_back,
    layers_of_branch,
    read_jobs,
    write_jobs,
)
from slmkit.pretraining.denoising import infilled, permuted, unlabelled
from slmkit.pretraining.pairs import (
    CONTINUE,
    FILL,
    JOBS,
    TITLE,
    Pair,
    aligned,
    is_carved,
    tatoeba_rows,
)
from slmkit.text.language import words_apart
from slmkit.text.tokenizer import BOS, EOS, UNK
from slmkit.training.loop import Run, Schedule
from slmkit.training.pairs import (
    begun_decoder,
    forced,
    log_frequencies,
    pair_batches,
    sampled_vocabulary,
    trainable_decoder,
    with_blanks,
)
from tests.conftest import make_toy_slm

SIZE = {"width": 32, "heads": 4, "ffn": 64, "positions": 64}
PAIRS = [
    Pair(TITLE, "the good film of the bank", "good film"),
    Pair(TITLE, "a bad movie is news", "bad movie"),
    Pair(CONTINUE, "the good film of the bank", "is the team."),
    Pair(CONTINUE, "酒店很好，", "服务不差！"),
]


def test_log_partition_has_the_value_and_gradient_of_the_plain_sum():
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(600, 16, generator=generator, requires_grad=True)  # more rows than one part
    weight, bias = torch.randn(50, 16, generator=generator), torch.randn(50, generator=generator)
    weights = torch.randn(600, generator=generator)
    plain = (states @ weight.T + bias).logsumexp(1)
    (wanted,) = torch.autograd.grad((plain * weights).sum(), states)
    found = LogPartition.apply(states, weight, bias)
    (gradient,) = torch.autograd.grad((found * weights).sum(), states)
    torch.testing.assert_close(found, plain)
    torch.testing.assert_close(gradient, wanted, rtol=1e-4, atol=1e-5)


def test_a_sample_of_the_vocabulary_has_the_sum_of_all_of_it():
    generator = torch.Generator().manual_seed(0)
    states, weight = torch.randn(8, 16, generator=generator), torch.randn(3000, 16, generator=generator) / 8
    bias, wanted = torch.randn(3000, generator=generator), torch.tensor([[1, 2], [2999, 2999]])
    plain = (states @ weight.T + bias).logsumexp(1)
    sums = []
    for seed in range(200):
        torch.manual_seed(seed)
        sample = sampled_vocabulary(bias, wanted, frequent=500, others=200)
        assert len(set(sample.ids.tolist())) == len(sample.ids) < 1000
        assert {1, 2, 2999} <= set(sample.ids[sample.log_weights == 0].tolist())
        found = (states @ weight[sample.ids].T + bias[sample.ids] + sample.log_weights).logsumexp(1)
        assert (found - plain).abs().max() < 0.25
        sums.append(found.exp())
    torch.testing.assert_close(torch.stack(sums).mean(0), plain.exp(), rtol=5e-3, atol=0)
    assert sampled_vocabulary(bias, wanted, frequent=1000, others=500) is None  # it would save nothing


def test_forced_targets_begin_with_their_mark_and_end_once():
    made = forced([np.array([90, 91]), np.array([92, 93, 94, 95])], [7, 8], limit=4)
    assert made.read.tolist() == [[7, 90, 91, 0], [8, 92, 93, 94]]
    assert made.wanted.tolist() == [[90, 91, EOS, 0], [92, 93, 94, 95]]  # the longer one is cut: no end is learned
    assert made.mask.sum(1).tolist() == [3, 4]


def test_blanks_hide_what_the_decoder_reads_not_what_it_is_to_say():
    torch.manual_seed(0)
    plain = forced([np.arange(80, 180)] * 20, [7] * 20, limit=101)
    blanked = with_blanks(plain, 0.25)
    hidden = blanked.read == UNK
    assert 0.22 < float(hidden.float().mean()) < 0.28
    assert not hidden[:, 0].any()
    assert torch.equal(blanked.read[~hidden], plain.read[~hidden])
    assert torch.equal(blanked.wanted, plain.wanted)


def test_a_begun_decoder_reads_as_the_encoder_does():
    slm = make_toy_slm()
    decoder = begun_decoder(slm.encoder, DecoderConfig(layers=2, **SIZE)).eval()
    first, last = slm.encoder.layers[0], slm.encoder.layers[-1]
    assert torch.equal(decoder.layers[0].inner.weight, first.inner.weight)
    assert torch.equal(decoder.layers[1].attention.qkv.weight, last.attention.qkv.weight)
    # One token has only itself to attend to, in a decoder as in an encoder.
    states = decoder.embedding_norm(decoder.marks(torch.tensor([[BOS]])) + decoder.positions(torch.tensor([0])))
    torch.testing.assert_close(states, slm.encoder.embed(torch.tensor([[BOS]])))
    torch.testing.assert_close(
        decoder.layers[0].attention(states, None), first.attention(states, None), rtol=1e-5, atol=1e-6
    )


def test_frequent_tokens_and_the_end_are_likelier_from_the_start():
    found = log_frequencies([np.array([70, 70, 71])], 100)
    assert found[70] > found[71] > found[72]
    assert found[71] == found[EOS]
    assert float(found.exp().sum()) == pytest.approx(1, abs=1e-5)


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A run that learned four pairs by heart, and the core it stands on."""
    slm, folder = make_toy_slm(), tmp_path_factory.mktemp("run")
    torch.manual_seed(0)
    decoder = begun_decoder(slm.encoder, DecoderConfig(layers=2, starts=STARTS, **SIZE))
    model = Decode(slm, decoder, PAIRS, DecodeConfig(source=40, target=30, batch_tokens=400))
    before = {name: value.clone() for name, value in slm.encoder.state_dict().items()}
    Run(model, Schedule(steps=150, learning_rate=3e-3), folder).train(model.loss)
    write_jobs(folder, {CONTINUE, TITLE})
    assert all(torch.equal(value, before[name]) for name, value in slm.encoder.state_dict().items())
    return slm, folder


def test_a_run_learns_what_each_mark_asks_for(learned, tmp_path, monkeypatch):
    slm, folder = learned
    monkeypatch.setattr("slmkit.pretraining.decode.DecoderConfig", lambda **kw: DecoderConfig(layers=2, **SIZE, **kw))
    slm.save(tmp_path / "core")
    made = add_decoder(tmp_path / "core", folder, tmp_path / "out")
    # What reads stays as it was, so that classifiers and indexes fitted before go on.
    assert made.fingerprint == SLM.load(tmp_path / "core").fingerprint != made.writing_fingerprint
    for name in ("model.safetensors", "tokenizer.json"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "core" / name).read_bytes()
    assert list(made.config.decoder.starts) == read_jobs(folder) == [CONTINUE, TITLE]
    for pair in PAIRS:
        assert made.generate(pair.source, start=pair.job, max_new_tokens=20) == pair.target
    np.testing.assert_array_equal(made.embed(["the film"]), SLM.load(tmp_path / "core").embed(["the film"]))
    # A decoder can be trained further, and exchanged.
    assert trainable_decoder(made).layers[0].inner.weight.requires_grad
    again = add_decoder(tmp_path / "out", folder, tmp_path / "again")
    assert again.writing_fingerprint == made.writing_fingerprint


def test_a_begun_branch_changes_nothing_at_first():
    slm = make_toy_slm()
    size = DecoderConfig(layers=2, **SIZE)
    made = []
    for depth in (0, 3):
        torch.manual_seed(0)
        decoder = begun_decoder(slm.encoder, replace(size, branch=depth)).eval()
        model = Decode(slm, decoder, PAIRS, DecodeConfig()).eval()
        with torch.no_grad():
            made.append(float(model.pair_loss(model.pairs)))
    assert made[0] == pytest.approx(made[1], abs=1e-3)  # states are kept in float16


def test_a_branch_is_learned_kept_and_read_through(tmp_path, monkeypatch):
    monkeypatch.setattr("slmkit.pretraining.decode.DecoderConfig", lambda **kw: DecoderConfig(layers=2, **SIZE, **kw))
    slm = make_toy_slm()
    slm.save(tmp_path / "core")
    torch.manual_seed(0)
    config = DecodeConfig(source=40, target=30, batch_tokens=400, depth=2)
    model = Decode(slm, first_decoder(slm, PAIRS, config, None), PAIRS, config)
    first = {name: value.clone() for name, value in model.decoder.branch.state_dict().items()}
    assert len({name.split(".")[1] for name in first}) == 2
    Run(model, Schedule(steps=150, learning_rate=3e-3), tmp_path / "run").train(model.loss)
    write_jobs(tmp_path / "run", {CONTINUE, TITLE})
    assert not any(torch.equal(value, first[name]) for name, value in model.decoder.branch.state_dict().items())
    made = add_decoder(tmp_path / "core", tmp_path / "run", tmp_path / "out")
    assert made.config.decoder.branch == 2
    assert made.fingerprint == SLM.load(tmp_path / "core").fingerprint
    for pair in PAIRS:
        assert made.generate(pair.source, start=pair.job, max_new_tokens=20) == pair.target
    for precision in ("fp32", "int8", "bf16"):
        written = SLM.load(tmp_path / "out", precision=precision).generate(PAIRS[0].source, start=TITLE)
        assert written == PAIRS[0].target, precision
    # A run or a fit goes on from it, and may tune more of the encoder's layers, or fewer.
    made = SLM.load(tmp_path / "out", precision="fp32")
    deeper = first_decoder(made, PAIRS, replace(config, depth=3), None)
    assert torch.equal(deeper.branch.layers[0].inner.weight, made.encoder.layers[1].inner.weight)
    assert torch.equal(deeper.branch.layers[2].inner.weight, made.decoder.branch.layers[1].inner.weight)
    shallower = trainable_decoder(made, depth=1)
    assert [layer.inner.weight.requires_grad for layer in shallower.branch.layers] == [False, True]
    assert layers_of_branch(first_decoder(slm, PAIRS, config, tmp_path / "run").state_dict()) == 2
    with pytest.raises(InputError, match="branch of 2 layers"):
        first_decoder(slm, PAIRS, replace(config, depth=3), tmp_path / "run")


def test_pairs_held_back_are_not_learned_from(learned):
    slm, _ = learned
    pairs = [Pair(job, f"source {i % 90}", "good film") for job in (TITLE, CONTINUE) for i in range(300)]
    kept, held = hold_back(pairs, DecodeConfig())
    assert len(held) == 128
    assert not {(p.job, p.source) for p in held} & {(p.job, p.source) for p in kept}
    model = Decode(slm, begun_decoder(slm.encoder, DecoderConfig(layers=1, **SIZE)), kept, DecodeConfig())
    held = model.tokenized(held)
    whole, half = model.held_losses(held), model.held_losses(held, at_once=5)
    assert set(whole) == {TITLE, CONTINUE}
    assert whole == pytest.approx(half, abs=1e-3)
    assert model.tokens == 0  # they are not learned from, so they do not count
    model.loss(0)
    assert model.tokens == model.lengths[model.batch(0)].sum()


def test_a_run_without_a_decoder_is_refused(tmp_path):
    from safetensors.torch import save_file

    save_file({"model.encoder.x": torch.zeros(1)}, tmp_path / "state.safetensors")
    with pytest.raises(CheckpointError, match="model.decoder"):
        add_decoder(None, tmp_path, tmp_path / "out")


def test_a_folder_that_says_nothing_of_its_jobs_is_refused(learned, tmp_path):
    _, folder = learned
    (tmp_path / "state.safetensors").write_bytes((folder / "state.safetensors").read_bytes())
    with pytest.raises(CheckpointError, match="jobs.json"):
        add_decoder(None, tmp_path, tmp_path / "out")


def test_a_source_that_is_drawn_again_is_encoded_once(monkeypatch):
    slm = make_toy_slm()
    decoder = begun_decoder(slm.encoder, DecoderConfig(layers=2, **SIZE))
    model = Decode(slm, decoder, [*PAIRS, *PAIRS[:2]], DecodeConfig(batch_tokens=1)).eval()  # a pair a batch
    read, layers = [], slm.layers
    monkeypatch.setattr(slm, "layers", lambda ids, *rest: read.append(len(ids)) or layers(ids, *rest))
    with torch.no_grad():
        first = [float(model.pair_loss([pair])) for pair in model.pairs]
        assert read == [1] * 3  # the third source is the first pair's too, and the last two are drawn again
        together = float(model.pair_loss(model.pairs))
    sizes = [len(pair.target) + 1 for pair in model.pairs]
    assert together == pytest.approx(np.average(first, weights=sizes), abs=1e-3)


def test_words_apart_loses_nothing():
    for text in ("The cat's 3.5 mats.  Yes ", "酒店 very 好！\n再来", "", " x"):
        assert "".join(words_apart(text)) == text


def test_raw_text_becomes_things_to_write():
    rng = np.random.default_rng(0)
    rows = [
        "The first sentence is short. The second one is a little longer than it.",
        "我在酒店里看书。服务很好，房间不大。",
    ] * 20
    made = list(unlabelled(rows, rng))
    assert {pair.job for pair in made} == {CONTINUE, FILL}
    for pair in made:
        if pair.job == CONTINUE:
            assert any("".join((pair.source + pair.target).split()) == "".join(row.split()) for row in rows)
        else:
            assert pair.target in rows
            assert pair.source != pair.target or "…" not in pair.source
    assert set(permuted(rows[0], rng).split()) == set(rows[0].split())
    assert infilled(rows[0], rng, share=0.0) == rows[0]
    assert all(job in STARTS for job in JOBS)


def test_paragraphs_are_cut_where_both_sides_agree():
    assert aligned("One. Two now.", "一。现在二。") == [("One.", "一。"), ("Two now.", "现在二。")]
    assert aligned("One. Two.", "一，二。") == [("One. Two.", "一，二。")]
    assert aligned(
        "A very, very long first sentence stands here. Two.", "短。这里却有一个很长很长很长的第二句话。"
    ) == [("A very, very long first sentence stands here. Two.", "短。这里却有一个很长很长很长的第二句话。")]


def test_a_carved_sentence_is_told_by_its_letters_alone():
    assert is_carved("He is here.", 1.0)
    assert not is_carved("He is here.", 0.0)
    sentences = [f"sentence number {i}" for i in range(2000)]
    assert 60 < sum(map(is_carved, sentences)) < 140
    assert [is_carved(s) for s in sentences] == [is_carved(f"  {s.upper()}!") for s in sentences]


def test_no_carved_sentence_is_learned_from(data_dir):
    from slmkit.pretraining.pairs import PAIR_SOURCES

    tatoeba = next(source for source in PAIR_SOURCES if source.name == "tatoeba")
    learned = {text for pair in tatoeba.read(data_dir) for text in (pair.source, pair.target)}
    carved = {text for en, zh in tatoeba_rows(data_dir) if is_carved(en) for text in (en, zh)}
    assert len(carved) > 1000
    assert not learned & carved


def test_batches_of_pairs_are_even_on_both_sides():
    rng = np.random.default_rng(0)
    sources, targets = rng.integers(1, 190, 3000), rng.integers(1, 128, 3000)
    lengths = np.stack([sources, targets], axis=1)
    batches = list(pair_batches(lengths, 2048, rng))
    assert sorted(np.concatenate(batches).tolist()) == list(range(3000))
    places = [(len(b) * int(sources[b].max()), len(b) * int(targets[b].max())) for b in batches]
    assert max(map(sum, places)) <= 2048
    padded = np.sum(places, axis=0)
    assert targets.sum() > 0.85 * padded[1]
    assert sources.sum() > 0.75 * padded[0]
    again = list(pair_batches(lengths, 2048, np.random.default_rng(5)))
    assert [b.tolist() for b in again] != [b.tolist() for b in batches]


def test_a_pair_larger_than_a_batch_stands_alone():
    batches = list(pair_batches(np.array([[500, 9], [3, 9], [4, 9]]), 64, np.random.default_rng(0)))
    assert [0] in [b.tolist() for b in batches]
    assert sorted(np.concatenate(batches).tolist()) == [0, 1, 2]
