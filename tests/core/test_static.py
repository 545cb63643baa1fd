import json
import threading

import numpy as np
import pytest
import torch

import slmkit
from slmkit.core import SLM, load
from slmkit.errors import CheckpointError, InputError, NeedsCoreError, SLMKitError
from slmkit.pretraining import static as recipe
from slmkit.pretraining.static import StaticConfig, choose_pairs, count, distil
from slmkit.static import StaticSLM

SENTENCES = [
    "the good film",
    "a bad film !",
    "酒店很好，服务很好！",
    "好书",
    "the bank card is bad",
    "news of the team",
] * 8
TEXTS = [
    "the good film",
    "酒店很好，服务不差！",
    "bad " * 3000,
    "",
    " \n ",
    "emoji 😀 and control \x00\x01",
    "a\ud800b",
    "mixed 房间 the book",
    "▁ <▁mask> </▁s>",
]
CONFIG = StaticConfig(width=16, pairs=12, fewest=1, held=8)


def _made(core):
    return distil(core, SENTENCES, core.embed(SENTENCES), count(core.tokenizer, SENTENCES), CONFIG)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A toy core with static vectors beside it."""
    from tests.conftest import make_toy_slm

    folder = tmp_path_factory.mktemp("core")
    make_toy_slm(decoder=True).save(folder)
    _made(SLM.load(folder, precision="fp32")).save(folder / "static")
    return folder


@pytest.fixture(scope="module")
def static(home):
    return load(home, precision="static")


def test_embed_gives_unit_rows(static):
    vectors = static.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 16)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert static.embed("one").shape == (16,)
    assert static.embed([]).shape == (0, 16)


def test_batch_is_single_in_any_order_and_chunk(static, monkeypatch):
    together = static.embed(TEXTS)
    np.testing.assert_allclose(np.stack([static.embed(text) for text in TEXTS]), together, atol=1e-6)
    np.testing.assert_allclose(static.embed(TEXTS[::-1])[::-1], together, atol=1e-6)
    monkeypatch.setattr("slmkit.runtime.CHUNK_TEXTS", 2)
    np.testing.assert_allclose(static.embed(TEXTS), together, atol=1e-6)


def test_tokens_and_known_pairs_are_summed(static):
    tokens = static.tokenizer.encode("the good film")
    names = [static.tokenizer.token(i) for i in tokens.ids]
    assert names == ["▁the", "▁good", "▁film"]
    vectors = static.tensors["vectors"].float() * static.tensors["vectors.scale"][:, None]
    rows, pairs = static.tensors["rows"].numpy(), static.tensors["pairs"].tolist()
    keys = [(int(a) + 1) << 21 | (int(b) + 1) for a, b in zip(tokens.ids[:-1], tokens.ids[1:], strict=True)]
    places = [len(vectors) - len(pairs) + pairs.index(key) for key in keys if key in pairs]
    assert places
    by_hand = vectors[[*rows[tokens.ids], *places]].sum(0)
    np.testing.assert_allclose(static.embed("the good film"), by_hand / by_hand.norm(), atol=1e-5)


def test_what_tokens_add_sums_to_the_vector(static):
    for text in TEXTS:
        tokens, parts = static.by_token(text)
        assert parts.shape == (len(tokens), 16)
        np.testing.assert_allclose(parts.sum(0), static.embed(text), atol=1e-4)


def test_sums_come_near_the_core(home, static):
    core = load(home)
    found = static.embed(SENTENCES[:6]) @ static.embed(SENTENCES[:6]).T
    centred = core.embed(SENTENCES[:6]) - core.embed(SENTENCES[:6]).mean(0)
    wanted = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    assert np.corrcoef(found.ravel(), (wanted @ wanted.T).ravel())[0, 1] > 0.9


def test_the_same_again(home, static):
    assert _made(SLM.load(home, precision="fp32")).fingerprint == static.fingerprint
    assert load(home, precision="static") is static


def test_info(static, home):
    info = static.info()
    assert info["precision"] == "static"
    assert info["core"] == load(home).fingerprint
    assert info["fingerprint"] == static.fingerprint != info["core"]
    assert info["pairs"] == 12
    assert info["parameters"] == static.tensors["vectors"].numel()
    assert info["training"]["sentences"] == len(SENTENCES)


@pytest.mark.parametrize("name", ["encode", "generate", "stream", "windows", "config", "writer"])
def test_what_needs_the_core_says_so(static, name):
    with pytest.raises(NeedsCoreError, match=rf"no '{name}'.*slmkit\.load\(\)"):
        getattr(static, name)
    assert not hasattr(static, name)
    assert issubclass(NeedsCoreError, SLMKitError)


def test_bad_input(static):
    with pytest.raises(InputError, match="text 1 is int"):
        static.embed(["a", 3])
    with pytest.raises(InputError, match="kind"):
        static.embed("a", kind="document")
    np.testing.assert_array_equal(static.embed("a", kind="query"), static.embed("a", kind="passage"))


def test_a_core_without_static_vectors(tmp_path, toy_slm):
    toy_slm.save(tmp_path)
    with pytest.raises(CheckpointError, match="has no static vectors"):
        load(tmp_path, precision="static")


def test_static_vectors_of_another_core(home, tmp_path, static):
    from tests.conftest import make_toy_slm

    other = make_toy_slm()
    other.encoder.words.weight.data.mul_(1.5)
    other.save(tmp_path)
    static.save(tmp_path / "static")
    with pytest.raises(CheckpointError, match=f"core {static.core}"):
        load(tmp_path, precision="static")


def test_a_new_decoder_changes_nothing(home, tmp_path, static):
    from tests.conftest import make_toy_slm

    make_toy_slm().save(tmp_path)  # the same core without a decoder
    static.save(tmp_path / "static")
    np.testing.assert_array_equal(load(tmp_path, precision="static").embed(TEXTS), static.embed(TEXTS))


@pytest.mark.parametrize("name", ["static/model.safetensors", "tokenizer.json", "static/config.json", "config.json"])
def test_damaged_files_are_named(home, tmp_path, name):
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(home, folder)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 0x55
    data[:1] = b"\x00"
    (folder / name).write_bytes(bytes(data))
    with pytest.raises(CheckpointError, match=name.split("/")[-1]):
        StaticSLM.load(folder)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("rows", torch.zeros(3, dtype=torch.int32)),
        ("rows", None),
        ("vectors", torch.zeros(0, 16, dtype=torch.int8)),
        ("pairs", torch.arange(10_000)),
    ],
)
def test_tensors_that_do_not_fit(home, tmp_path, static, part, value):
    from slmkit import checkpoint

    tensors = {name: tensor for name, tensor in static.tensors.items() if name != part or value is not None}
    if value is not None:
        tensors[part] = value
    config = {"kind": "static", "format": 1, "core": static.core}
    checkpoint.write_folder(tmp_path, config, {checkpoint.MODEL: checkpoint.tensors_to_bytes(tensors)})
    with pytest.raises(CheckpointError, match="does not fit"):
        StaticSLM.load(home, tmp_path)


def test_threads_get_the_same(static):
    wanted, found = static.embed(TEXTS), []
    threads = [threading.Thread(target=lambda: found.append(static.embed(TEXTS))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for vectors in found:
        np.testing.assert_array_equal(vectors, wanted)


def test_counting(toy_slm):
    counts = count(toy_slm.tokenizer, ["good film", "good film", "bad film"])
    assert counts.tokens.sum() == 6
    assert sorted(counts.pairs.tolist()) == [1, 2]
    (best,) = choose_pairs(counts, 1).tolist()
    good, film = (toy_slm.tokenizer.token_id(f"▁{word}") for word in ("good", "film"))
    assert best == (good + 1) << 21 | (film + 1)


def test_reading_goes_on_where_it_stopped(toy_slm, tmp_path, monkeypatch):
    monkeypatch.setattr(recipe, "PART", 10)
    whole = recipe._read(toy_slm, SENTENCES, tmp_path)
    parts = sorted(tmp_path.iterdir())
    assert len(parts) == 5
    parts[2].unlink()
    kept = parts[0].stat().st_mtime_ns
    np.testing.assert_array_equal(recipe._read(toy_slm, SENTENCES, tmp_path), whole)
    assert parts[0].stat().st_mtime_ns == kept


def test_wider_than_the_core(toy_slm):
    with pytest.raises(InputError, match="width 64"):
        distil(
            toy_slm, SENTENCES, toy_slm.embed(SENTENCES), count(toy_slm.tokenizer, SENTENCES), StaticConfig(width=64)
        )


@pytest.mark.weights
def test_the_shipped_vectors_are_the_shipped_cores():
    static = slmkit.load(precision="static")
    core = json.loads((slmkit.checkpoint.shipped_weights() / "config.json").read_text())
    assert static.embed(["a good film", "一部好电影"]).shape[0] == 2
    assert core["vocabulary"] == len(static.tokenizer)
    near, far = (
        static.embed(["the stock market fell", "shares dropped today", "my cat likes fish"])[0]
        @ static.embed(["shares dropped today", "my cat likes fish"]).T
    )
    assert near > far
