import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.interop import save_pretrained
from slmkit.model.encoder import encoder_layers
from tests.conftest import make_toy_slm
from tests.core.test_tokenizer import TEXTS as PLAIN

transformers = pytest.importorskip("transformers", reason="the library to compare with is not installed")

# What the library reads otherwise, see save_pretrained: an empty text, and one that spells a mark.
TEXTS = [text for text in PLAIN if text and "<▁s>" not in text] + ["\ue2e2 ▁\ue2e2", " "]


def make_core(**settings):
    """The toy core with two layers of its own for sentence vectors."""
    from dataclasses import replace

    plain = make_toy_slm(**settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        vectors = encoder_layers(plain.config.encoder, 2)
    config = replace(plain.config, vectors=2)
    return SLM(config, plain.tokenizer, plain.encoder, vectors=vectors, decoder=plain.decoder, fingerprint="toy")


@pytest.fixture(scope="module")
def core():
    return make_core()


@pytest.fixture(scope="module")
def folder(core, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    save_pretrained(core, folder)
    return folder


def read_by_library(folder, texts):
    """Ids and last states of the tokens of all texts."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model, report = transformers.AutoModel.from_pretrained(folder, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    read = tokenizer(texts, padding=True, return_tensors="pt")
    mask = read["attention_mask"].bool()
    with torch.no_grad():
        return read["input_ids"][mask], model.eval()(**read).last_hidden_state[mask]


def test_states_are_ours(core, folder):
    ids, states = read_by_library(folder, TEXTS)
    encoded = core.encode(TEXTS)
    np.testing.assert_array_equal(ids, encoded.token_ids)
    torch.testing.assert_close(states, encoded.states, atol=1e-4, rtol=0)


def test_sentence_vectors_are_ours(core, folder):
    library = pytest.importorskip("sentence_transformers", reason="the library to compare with is not installed")
    model = library.SentenceTransformer(str(folder / "vectors"), device="cpu")
    np.testing.assert_allclose(model.encode(TEXTS), core.embed(TEXTS), atol=1e-4)
    for kind, encode in (("query", model.encode_query), ("passage", model.encode_document)):
        np.testing.assert_allclose(encode(TEXTS), core.embed(TEXTS, kind=kind), atol=1e-4)
        assert abs(core.embed(TEXTS, kind=kind) - core.embed(TEXTS)).max() > 1e-2


@pytest.mark.weights
def test_the_shipped_core(tmp_path):
    core = SLM.load(precision="fp32")
    assert core.fingerprint == "501d5831696ef7ad"
    save_pretrained(core, tmp_path)
    ids, states = read_by_library(tmp_path, TEXTS)
    encoded = core.encode(TEXTS)
    np.testing.assert_array_equal(ids, encoded.token_ids)
    torch.testing.assert_close(states, encoded.states, atol=1e-4, rtol=0)
    back = SLM.load(tmp_path / "vectors", precision="fp32")
    for kind in ("text", "query", "passage"):
        np.testing.assert_allclose(back.embed(TEXTS, kind=kind), core.embed(TEXTS, kind=kind), atol=1e-4)


@pytest.fixture(scope="module")
def tokenizer(folder):
    return transformers.AutoTokenizer.from_pretrained(folder)


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_text_is_read_alike(core, tokenizer, text):
    read = tokenizer(text, return_offsets_mapping=True)
    tokens = core.tokenizer.encode(text)
    assert read["input_ids"][1:-1] == tokens.ids.tolist()
    for (ours, *_), ours_end, (start, end) in zip(
        tokens.offsets, tokens.offsets[:, 1], read["offset_mapping"][1:-1], strict=True
    ):
        # The space in front of a text has no characters here; there it shares the first one. Characters that are read
        # as bytes have each their own here; there all of a run are one span.
        assert (ours, ours_end) in ((start, end), (0, 0)) or (start <= ours and ours + 1 == ours_end <= end)
    if "\ue2e2" not in text:
        assert tokenizer.decode(read["input_ids"], skip_special_tokens=True) == text


def test_what_is_read_otherwise_there(core, tokenizer):
    assert tokenizer("")["input_ids"] == [1, 2]
    assert len(core.tokenizer.encode("")) == 1
    assert tokenizer("<▁mask>")["input_ids"] == [1, 4, 2]
    assert 4 not in core.tokenizer.encode("<▁mask>").ids


def test_it_comes_back_as_a_core(core, folder):
    back = SLM.load(folder, precision="fp32")
    torch.testing.assert_close(back.encode(TEXTS).states, core.encode(TEXTS).states, atol=1e-5, rtol=0)
    with pytest.raises(InputError, match=str(folder)):
        save_pretrained(back, folder.parent / "again")


def test_the_decoder_is_said_to_stay_behind(tmp_path):
    with pytest.warns(UserWarning, match="decoder has no counterpart"):
        save_pretrained(make_core(decoder=True), tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["architectures"] == ["BertModel"]
    assert "decoder is not among these files" in (tmp_path / "README.md").read_text()


def test_the_card_names_licence_and_lineage(folder):
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nlicense: mit\n---\n")
    assert "random toy" in card
    assert "has no decoder" in card


def test_only_exact_weights_are_written(tmp_path):
    with pytest.raises(InputError, match="precision='fp32'"):
        save_pretrained(make_toy_slm("int8"), tmp_path)
    assert not list(tmp_path.iterdir())
