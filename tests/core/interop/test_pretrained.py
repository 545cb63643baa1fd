import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import slmkit
from slmkit.core import SLM
from slmkit.errors import CheckpointError, InputError
from slmkit.interop import from_pretrained
from slmkit.model.branch import Branch
from slmkit.text.tokenizer import BOS, EOS, MASK, PAD, UNK
from tests.core.interop.conftest import POSITIONS, TEXTS, write

transformers = pytest.importorskip("transformers", reason="the library to compare with is not installed")


@pytest.fixture(scope="module")
def slm(pretrained):
    return SLM.load(pretrained, precision="fp32")


@pytest.fixture(scope="module")
def theirs(pretrained):
    """Tokenizer and model of the library."""
    return transformers.AutoTokenizer.from_pretrained(pretrained), transformers.AutoModel.from_pretrained(pretrained)


def states_of(theirs, texts):
    """Input ids, spans and last states of each text, by the library."""
    tokenizer, model = theirs
    read = tokenizer(texts, padding=True, return_tensors="pt", return_offsets_mapping=True)
    spans, mask = read.pop("offset_mapping"), read["attention_mask"].bool()
    with torch.no_grad():
        states = model.eval()(**read).last_hidden_state
    return [(read["input_ids"][i][m], spans[i][m].numpy(), states[i][m]) for i, m in enumerate(mask)]


def test_states_and_spans_are_the_librarys(slm, theirs):
    encoded = slm.encode(TEXTS)
    found = states_of(theirs, TEXTS)
    torch.testing.assert_close(encoded.states, torch.cat([states for _, _, states in found]), atol=1e-4, rtol=0)
    np.testing.assert_array_equal(encoded.offsets, np.concatenate([spans for _, spans, _ in found]))
    np.testing.assert_array_equal(slm.tokenizer.rows[encoded.token_ids], torch.cat([ids for ids, _, _ in found]))


def test_marks_have_our_ids(slm, theirs):
    tokenizer, _ = theirs
    named = {PAD: "pad", BOS: "cls", EOS: "sep", UNK: "unk", MASK: "mask"}
    for number, name in named.items():
        token = getattr(tokenizer, f"{name}_token")
        assert slm.tokenizer.token_id(token) == number
        assert slm.tokenizer.rows[number] == tokenizer.convert_tokens_to_ids(token)
    assert len(slm.tokenizer) == slm.config.vocabulary
    known = [n for n in range(len(slm.tokenizer)) if slm.tokenizer.rows[n] >= 0]
    assert sorted(slm.tokenizer.rows[known]) == list(range(slm.config.vocabulary - 59))


def test_text_is_never_read_as_a_mark(slm, theirs):
    spelled = theirs[0].mask_token
    read = slm.tokenizer.encode(f"a {spelled} b")
    assert MASK not in read.ids
    assert len(read) > len(slm.tokenizer.encode("a b")) + 1
    assert not (read.ids < 5).all()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40) | st.text(st.sampled_from("the room 酒店 é\u0301½ \t\n😀-"), max_size=40))
def test_any_text_has_spans_in_order(slm, text):
    tokens = slm.tokenizer.encode(text)
    starts, ends = tokens.offsets.T
    assert (starts <= ends).all()
    assert (np.diff(starts) >= 0).all()
    assert ends.max(initial=0) <= len(text)
    assert ((tokens.ids >= 64) | (tokens.ids == UNK)).all()


def test_lone_surrogates_are_read(slm):
    assert np.isfinite(slm.embed("a\ud800b")).all()


def test_common_pieces_are_likelier(slm):
    scores = slm.tokenizer.scores
    assert scores.shape == (len(slm.tokenizer),)
    assert (scores[:64] == -1000).all()
    assert (scores < 0).all()
    known = scores[scores > -1000]
    # Nearly 1 in all: the marks, and Chinese characters without a known rank, are left out.
    assert np.exp(known.astype(float)).sum() == pytest.approx(1, abs=0.3)


def test_decoding_gives_plain_text_back(slm):
    assert slm.tokenizer.decode([BOS, *slm.tokenizer.encode("the hotel room").ids, EOS]) == "the hotel room"


def test_long_texts_get_windows(slm):
    text = "the hotel was good. " * 60
    encoded = slm.encode(text)
    assert encoded.windowed == [0]
    assert encoded.lengths.max() <= POSITIONS
    covered = np.zeros(len(text), dtype=int)
    for (start, end), fresh in zip(encoded.offsets, encoded.fresh, strict=True):
        covered[start:end] += fresh
    assert covered.max() == 1
    assert all(text[at].isspace() for at in np.flatnonzero(covered == 0))


def test_a_fresh_branch_gives_the_core_back(slm):
    windows = slm.windows(["the good film", "酒店很好"])
    branch = Branch.on(slm, 2).eval().requires_grad_(requires_grad=False)
    (_, whole, mask), (_, below, _) = next(slm.run(windows)), next(slm.run(windows, upto=2))
    torch.testing.assert_close(branch(below, mask)[mask], whole[mask], atol=1e-5, rtol=0)


def test_load_recognises_the_folder_and_keeps_the_core(pretrained):
    core = slmkit.load(pretrained, precision="fp32")
    assert slmkit.load(str(pretrained), precision="fp32") is core
    assert core.info()["trunk"] == 2
    assert len(core.fingerprint) == 16
    with pytest.raises(InputError, match=str(pretrained)):
        core.save(pretrained.parent / "again")


def test_int8_is_near(pretrained, slm):
    fast = SLM.load(pretrained, precision="int8")
    assert (fast.embed(TEXTS) * slm.embed(TEXTS)).sum(1).min() > 0.99


@pytest.mark.parametrize("change", ["pickled", "headed", "old norm names"])
def test_other_ways_to_write_the_same_weights(bert, change):
    from safetensors.torch import load_file, save_file

    before = SLM.load(bert, precision="fp32")
    weights = bert / "model.safetensors"
    state = load_file(weights)
    weights.unlink()
    if change == "headed":
        state = {f"bert.{name}": value for name, value in state.items()} | {"cls.bias": torch.zeros(3)}
    if change == "old norm names":
        state = {
            name.replace("Norm.weight", "Norm.gamma").replace("Norm.bias", "Norm.beta"): v for name, v in state.items()
        }
    if change == "pickled":
        torch.save(state, bert / "pytorch_model.bin")
    else:
        save_file(state, weights)
    np.testing.assert_array_equal(SLM.load(bert, precision="fp32").embed(TEXTS), before.embed(TEXTS))


class Surprise:
    def __reduce__(self):
        return (print, ("run",))


def test_pickled_code_is_not_run(bert, capsys):
    (bert / "model.safetensors").unlink()
    torch.save({"embeddings.word_embeddings.weight": Surprise()}, bert / "pytorch_model.bin")
    with pytest.raises(CheckpointError, match="something else than tensors"):
        SLM.load(bert)
    assert "run" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "mpnet"}, "bert, roberta, xlm-roberta"),
        ({"hidden_act": "relu"}, "relu"),
        ({"position_embedding_type": "relative_key"}, "relative_key"),
        ({"is_decoder": True}, "is_decoder"),
        ({"model_type": "bart", "is_encoder_decoder": True}, "decoder that slmkit's own cannot"),
        ({"num_hidden_layers": 5}, "holds no encoder.layer.4"),
        ({"intermediate_size": 65}, "does not fit"),
        ({"num_attention_heads": 5}, "multiple"),
        ({"hidden_size": None}, "damaged"),
    ],
)
def test_models_that_are_none_of_ours_are_refused(bert, change, message):
    write(bert, config={**json.loads((bert / "config.json").read_text()), **change})
    with pytest.raises(CheckpointError, match=message):
        SLM.load(bert)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("damage", ["cut", "remove"])
def test_damaged_files_are_named(bert, name, damage):
    path = bert / name
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:200])
    else:
        path.unlink()
    if (name, damage) == ("tokenizer_config.json", "remove"):
        assert SLM.load(bert).embed("the").shape == (32,)  # it can be done without
        return
    with pytest.raises(CheckpointError, match=name):
        SLM.load(bert)


def test_a_tokenizer_of_another_model_is_refused(bert):
    from safetensors.torch import load_file, save_file

    state = load_file(bert / "model.safetensors")
    state["embeddings.word_embeddings.weight"] = state["embeddings.word_embeddings.weight"][:50].clone()
    save_file(state, bert / "model.safetensors")
    with pytest.raises(CheckpointError, match="50 rows"):
        SLM.load(bert)


def test_prompts_and_pooling_of_the_caller(bert):
    plain = from_pretrained(bert, precision="fp32")
    asked = from_pretrained(bert, prompts={"query": "find: "}, precision="fp32")
    assert plain.fingerprint != asked.fingerprint
    np.testing.assert_allclose(asked.embed("the room", kind="query"), plain.embed("find: the room"), atol=1e-6)
    np.testing.assert_array_equal(asked.embed("the room", kind="passage"), plain.embed("the room"))
    with pytest.raises(InputError, match="text, query, passage"):
        from_pretrained(bert, prompts={"question": "find: "})
