import itertools

import pytest
import torch
import torch.nn.functional as F

from slmkit.errors import InputError
from slmkit.model.config import DecoderConfig
from slmkit.model.decoder import MARKS, Decoder
from slmkit.model.encoder import Embedding
from slmkit.model.generation import GenerationConfig, Search, filtered, repeating
from slmkit.text.tokenizer import BOS, EOS

V, W = MARKS + 36, 32
LENGTHS = (9, 4, 6)


@pytest.fixture
def decoder():
    torch.manual_seed(0)
    config = DecoderConfig(layers=2, width=W, heads=4, ffn=64, positions=64)
    made = Decoder(config, Embedding(V, W)).eval().requires_grad_(requires_grad=False)
    made.words.weight.requires_grad_(requires_grad=False)
    made.bias.normal_(std=0.5)  # so that the likeliest tokens differ from text to text and the end comes now and then
    return made


@pytest.fixture
def source():
    generator = torch.Generator().manual_seed(1)
    states = torch.randn(len(LENGTHS), max(LENGTHS), W, generator=generator)
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]
    ids = torch.randint(MARKS, V, mask.shape, generator=generator) * mask
    return states, mask, ids


def read(decoder, source, text=None):
    states, mask, ids = source
    if text is not None:  # alone, without padding
        n = LENGTHS[text]
        states, mask, ids = (part[text : text + 1, :n] for part in (states, mask, ids))
    return decoder.read(states, mask, ids)


def generate(decoder, source, text=None, **settings):
    return Search(decoder, read(decoder, source, text), GenerationConfig(**settings)).best()


def test_step_by_step_is_all_at_once(decoder, source):
    memory = read(decoder, source)
    ids = torch.randint(MARKS, V, (3, 7), generator=torch.Generator().manual_seed(2))
    read_ids = torch.cat([torch.full((3, 1), BOS), ids[:, :-1]], 1)
    losses = decoder.loss(decoder(read_ids, memory), memory, ids)
    cache = decoder.cache(3, room=2)  # it has to grow
    for at in range(7):
        states = decoder(read_ids[:, at : at + 1], memory, cache)
        found = decoder.log_probabilities(states, memory)
        torch.testing.assert_close(found.exp().sum(-1), torch.ones(3))
        torch.testing.assert_close(-found.gather(1, ids[:, at : at + 1])[:, 0], losses[:, at], rtol=1e-4, atol=1e-4)


def test_a_copied_token_may_be_any_of_the_source(decoder, source):
    decoder.gate.bias.fill_(50.0)  # copy, whatever it is
    memory = read(decoder, source)
    states = decoder(torch.full((3, 1), BOS), memory, decoder.cache(3))
    likely = decoder.log_probabilities(states, memory).exp()
    for row, n in enumerate(LENGTHS):
        own = set(memory.ids[row, :n].tolist())
        assert set((likely[row] > 1e-6).nonzero()[:, 0].tolist()) == own


@pytest.mark.parametrize(
    "settings",
    [
        {"num_beams": 1},
        {"num_beams": 4, "num_return_sequences": 3},
        {"num_beams": 3, "length_penalty": 0.0, "no_repeat_ngram_size": 2},
        {"do_sample": True, "num_return_sequences": 3, "top_p": 0.9, "seed": 5},
    ],
)
def test_a_batch_is_its_texts_alone(decoder, source, settings):
    together = generate(decoder, source, max_new_tokens=12, **settings)
    assert len({tuple(h[0].ids) for h in together}) > 1  # the texts do matter
    for text, hypotheses in enumerate(together):
        alone = generate(decoder, source, text, max_new_tokens=12, **settings)[0]
        assert [h.ids for h in hypotheses] == [h.ids for h in alone]
        assert [h.score for h in hypotheses] == pytest.approx([h.score for h in alone], abs=1e-4)


def test_scores_are_those_of_the_loss(decoder, source):
    for num_beams in (1, 3):
        best = generate(decoder, source, 0, max_new_tokens=6, num_beams=num_beams, length_penalty=0.0)[0][0]
        memory, ids = read(decoder, source, 0), torch.tensor([[*best.ids, EOS][: 6 if not best.ended else None]])
        read_ids = torch.cat([torch.tensor([[BOS]]), ids[:, :-1]], 1)
        assert best.score == pytest.approx(-float(decoder.loss(decoder(read_ids, memory), memory, ids).sum()), abs=1e-3)


def test_a_wide_beam_finds_the_best_there_is(decoder, source):
    few = [EOS, MARKS, MARKS + 1, MARKS + 2]
    forbidden = tuple((i,) for i in range(V) if i not in few)
    best = generate(decoder, source, 1, max_new_tokens=3, num_beams=27, length_penalty=0.0, forbidden=forbidden)[0][0]
    memory = read(decoder, source, 1)
    scores = {}
    for n in range(4):
        for ids in itertools.product(few[1:], repeat=n):
            whole = torch.tensor([[*ids, EOS][:3]])
            begin = torch.cat([torch.tensor([[BOS]]), whole[:, :-1]], 1)
            scores[ids] = -float(decoder.loss(decoder(begin, memory), memory, whole).sum())
    assert tuple(best.ids) == max(scores, key=scores.get)
    assert best.score == pytest.approx(max(scores.values()), abs=1e-3)


def test_constraints_hold(decoder, source):
    for settings in ({}, {"num_beams": 3}, {"do_sample": True, "seed": 3}):
        found = generate(
            decoder,
            source,
            max_new_tokens=10,
            min_new_tokens=6,
            forced=(80, 81),
            forbidden=((82,), (83,), (90, 91)),
            **settings,
        )
        for best, *_ in found:
            assert 6 <= len(best.ids) <= 10
            assert best.ids[:2] == [80, 81]
            assert not {82, 83, BOS, EOS} & set(best.ids)
        pairs = [list(itertools.pairwise(h[0].ids)) for h in generate(
            decoder, source, max_new_tokens=20, min_new_tokens=20, no_repeat_ngram_size=2, **settings)]  # fmt: skip
        assert all(len(p) == len(set(p)) for p in pairs)


def test_a_stop_ends_a_row_and_no_other(decoder, source):
    free = generate(decoder, source, max_new_tokens=10, min_new_tokens=10)
    last = free[0][0].ids[3]
    for num_beams in (1, 3):
        config = GenerationConfig(max_new_tokens=10, min_new_tokens=10, num_beams=num_beams)
        found = Search(decoder, read(decoder, source), config, stop=lambda ids: ids[-1] == last).best()
        assert all((h[0].ids[-1] == last) == h[0].ended and last not in h[0].ids[:-1] for h in found)
        if num_beams == 1:
            assert found[0][0].ended


def test_nothing_asked_nothing_made(decoder, source):
    assert [h.ids for (h,) in generate(decoder, source, max_new_tokens=0)] == [[], [], []]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_new_tokens": 64}, "max_new_tokens 64: give 0 to 63"),
        ({"min_new_tokens": 9, "max_new_tokens": 8}, "min_new_tokens 9"),
        ({"num_beams": 0}, "num_beams 0"),
        ({"num_return_sequences": 2}, "at most num_beams"),
        ({"do_sample": True, "num_beams": 2}, "num_beams=1"),
        ({"temperature": 0.0}, "temperature"),
        ({"top_p": 0.0}, "top_p"),
        ({"forced": (7, 8), "forbidden": ((7, 8),)}, "holds something forbidden"),
        ({"forced": (7, 7), "max_new_tokens": 1}, "do not fit"),
        ({"forbidden": ((V,),)}, "the vocabulary has 100 tokens"),
    ],
)
def test_impossible_wishes_are_named(decoder, source, settings, message):
    with pytest.raises(InputError, match=message):
        generate(decoder, source, **{"max_new_tokens": 8, **settings})


def test_more_tokens_than_positions_are_refused(decoder, source):
    with pytest.raises(ValueError, match="64 positions"):
        decoder(torch.zeros(3, 65, dtype=torch.int64), read(decoder, source))


def test_what_is_drawn_from():
    scores = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    torch.testing.assert_close(filtered(scores, GenerationConfig()), scores.exp())
    torch.testing.assert_close(filtered(scores, GenerationConfig(top_k=2)), torch.tensor([[0.625, 0.375, 0, 0]]))
    torch.testing.assert_close(filtered(scores, GenerationConfig(top_p=0.7)), torch.tensor([[0.625, 0.375, 0, 0]]))
    cold = filtered(scores, GenerationConfig(temperature=0.5))
    torch.testing.assert_close(cold, F.normalize(scores.exp() ** 2, p=1, dim=-1))
    assert repeating(torch.tensor([[1, 2, 3, 1, 2]]), 3) == [[3]]
    assert repeating(torch.tensor([[1, 2]]), 1) == [[1, 2]]


def test_it_is_barts_decoder(decoder, source):
    transformers = pytest.importorskip("transformers")
    config = decoder.config
    theirs = transformers.BartModel(
        transformers.BartConfig(
            vocab_size=V,
            d_model=W,
            encoder_layers=1,
            decoder_layers=config.layers,
            decoder_attention_heads=config.heads,
            encoder_attention_heads=config.heads,
            decoder_ffn_dim=config.ffn,
            encoder_ffn_dim=config.ffn,
            max_position_embeddings=config.positions,
            attn_implementation="eager",
        )
    ).decoder.eval()
    state = {"embed_tokens.weight": decoder.words.weight, "layernorm_embedding.weight": decoder.embedding_norm.weight}
    state["layernorm_embedding.bias"] = decoder.embedding_norm.bias
    # BART leaves the first two positions free.
    state["embed_positions.weight"] = torch.cat([torch.zeros(2, W), decoder.positions.weight])
    names = {"attention.output": "self_attn.out_proj", "attention_norm": "self_attn_layer_norm"}
    names |= {"cross.query": "encoder_attn.q_proj", "cross.output": "encoder_attn.out_proj"}
    names |= {
        "cross_norm": "encoder_attn_layer_norm",
        "inner": "fc1",
        "outer": "fc2",
        "output_norm": "final_layer_norm",
    }
    for i, layer in enumerate(decoder.layers):
        own = layer.state_dict()
        for kind in ("weight", "bias"):
            for ours, his in names.items():
                state[f"layers.{i}.{his}.{kind}"] = own[f"{ours}.{kind}"]
            for name, part in zip("qkv", own[f"attention.qkv.{kind}"].chunk(3), strict=True):
                state[f"layers.{i}.self_attn.{name}_proj.{kind}"] = part
            for name, part in zip("kv", own[f"cross.memory.{kind}"].chunk(2), strict=True):
                state[f"layers.{i}.encoder_attn.{name}_proj.{kind}"] = part
    theirs.load_state_dict(state)
    states, mask, _ = source
    ids = torch.randint(MARKS, V, (3, 11), generator=torch.Generator().manual_seed(2))
    for layer in decoder.layers:
        layer.attention_norm.eps = layer.cross_norm.eps = layer.output_norm.eps = 1e-5  # BART's own
    decoder.embedding_norm.eps = 1e-5
    with torch.no_grad():
        wanted = theirs(input_ids=ids, encoder_hidden_states=states, encoder_attention_mask=mask.long())
        found = decoder(ids, read(decoder, source))
    torch.testing.assert_close(found, wanted.last_hidden_state, rtol=1e-4, atol=1e-5)
