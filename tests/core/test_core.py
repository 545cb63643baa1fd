import gc
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pandas as pd
import psutil
import pytest
import torch

from slmkit.core import SLM, load
from slmkit.errors import CheckpointError, InputError, TextTooLongError
from slmkit.model.branch import Branch
from slmkit.runtime import float_copy
from slmkit.training.states import TrunkStates

TEXTS = [
    "the good film",
    "酒店很好，服务不差！",
    "bad " * 300,
    "",
    " \n ",
    "emoji 😀 and control \x00\x01",
    "a\ud800b",
    "mixed 房间 the book",
]


@pytest.fixture(scope="module", params=["fp32", "int8"])
def slm(request):
    from tests.conftest import make_toy_slm

    return make_toy_slm(request.param)


def test_embed_gives_unit_rows(slm):
    vectors = slm.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 32)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert slm.embed("one").shape == (32,)
    assert slm.embed([]).shape == (0, 32)


def test_batch_is_single_in_any_order(slm):
    tolerance = 1e-5 if slm.precision == "fp32" else 2e-3
    together = slm.embed(TEXTS)
    np.testing.assert_allclose(np.stack([slm.embed(t) for t in TEXTS]), together, atol=tolerance)
    np.testing.assert_allclose(slm.embed(TEXTS[::-1])[::-1], together, atol=tolerance)


def test_kinds_differ_and_unknown_kinds_are_refused(slm):
    text, query = slm.embed("the film"), slm.embed("the film", kind="query")
    assert abs(text - query).max() > 1e-3
    with pytest.raises(InputError, match="passage"):
        slm.embed("x", kind="document")


def test_encode_spans_and_windows(slm):
    encoded = slm.encode(TEXTS, max_length=64, overlap=8)
    assert encoded.windowed == [2]
    assert len(encoded.states) == encoded.lengths.sum() == len(encoded.offsets) == len(encoded.token_ids)
    windows = np.repeat(encoded.text_index, encoded.lengths)
    # Every token of the long text stands in exactly one window as fresh, so nothing is lost or told twice.
    long = TEXTS[2]
    covered = np.zeros(len(long), dtype=int)
    for (start, end), text, fresh in zip(encoded.offsets, windows, encoded.fresh, strict=True):
        if text == 2 and fresh:
            covered[start:end] += 1
    assert (covered == 1).all()
    states, mask = encoded.padded()
    assert states.shape[:2] == mask.shape
    assert int(mask.sum()) == len(encoded.states)


def test_no_texts_are_no_states(slm):
    states, mask = slm.encode([]).padded()
    assert states.shape == (0, 0, 32)
    assert mask.shape == (0, 0)


def test_truncation_error(slm):
    with pytest.raises(TextTooLongError, match="text 1"):
        slm.encode(["short", "long " * 500], truncation="error")


@pytest.mark.parametrize("bad", [None, 3, b"bytes", float("nan")])
def test_cells_that_are_no_text_are_named(slm, bad):
    with pytest.raises(InputError, match="text 1 is"):
        slm.embed(["fine", bad])


@pytest.mark.parametrize(
    "given", [None, b"text", {"text": "a"}, pd.DataFrame({"text": ["a"]}), np.array("abc"), np.array([["a"], ["b"]])]
)
def test_what_is_not_a_list_of_texts_is_refused(slm, given):
    with pytest.raises(InputError, match="expected a str or a list of them"):
        slm.embed(given)


def test_series_arrays_and_iterators_are_lists(slm):
    texts = [text for text in TEXTS if text.isprintable()]
    wanted = slm.embed(texts)
    for given in (pd.Series(texts, index=[5] * len(texts)), np.array(texts, dtype=object), iter(texts)):
        np.testing.assert_array_equal(slm.embed(given), wanted)


def test_many_texts_are_embedded_in_parts(slm, monkeypatch):
    sizes, windows = [], slm.windows
    monkeypatch.setattr(slm, "windows", lambda texts, **kind: sizes.append(len(texts)) or windows(texts, **kind))
    vectors = slm.embed(["the good film", "bad news"] * 1030)
    assert max(sizes) == 2048 < sum(sizes) == len(vectors)
    np.testing.assert_allclose(vectors, np.tile(vectors[:2], (1030, 1)), atol=2e-3)
    np.testing.assert_allclose(vectors[:2], slm.embed(["the good film", "bad news"]), atol=2e-3)


def test_threads_that_ask_for_a_core_get_one(folder, monkeypatch):
    made, load_one = [], SLM.load
    monkeypatch.setattr(SLM, "load", lambda *a, **k: made.append(1) or time.sleep(0.1) or load_one(*a, **k))
    found = []
    threads = [threading.Thread(target=lambda: found.append(load(folder, precision="fp32"))) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(made) == 1
    assert len(set(map(id, found))) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_fork_of_a_process_that_has_computed_computes():
    code = (
        "import os, signal, torch\n"
        "from tests.conftest import make_toy_slm\n"
        "torch.set_num_threads(2)\n"
        "slm = make_toy_slm()\n"
        "slm.embed(['the good film ' * 60] * 64)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    signal.alarm(60)\n"
        "    os._exit(slm.embed(['the good film ' * 60] * 64).shape != (64, 32))\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_eight_threads_say_the_same(slm):
    alone = slm.embed(TEXTS)
    found = [None] * 8

    def work(i):
        found[i] = slm.embed(TEXTS)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    for vectors in found:
        np.testing.assert_allclose(vectors, alone, atol=1e-6)


def test_repeated_calls_do_not_grow_memory(slm):
    process = psutil.Process()
    for _ in range(200):
        slm.embed(["the good film", "酒店"])
    gc.collect()
    before = process.memory_info().rss
    for _ in range(2000):
        slm.embed(["the good film", "酒店"])
    gc.collect()
    assert process.memory_info().rss - before < 20e6


def test_a_megabyte_in_one_cell(slm):
    vector = slm.embed("good film " * 100_000)
    assert np.isfinite(vector).all()


@pytest.fixture
def folder(toy_slm, tmp_path):
    toy_slm.save(tmp_path / "core")
    return tmp_path / "core"


def test_what_cannot_be_saved_leaves_what_was_there(toy_slm, folder, monkeypatch):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    calls = []

    def full(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    other = SLM.load(folder, precision="fp32")
    with torch.no_grad():
        other.encoder.words.weight.add_(1.0)
    with pytest.raises(OSError, match="No space left"):
        other.save(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_save_and_load(toy_slm, folder):
    loaded = SLM.load(folder, precision="fp32")
    assert (loaded.embed(TEXTS) * toy_slm.embed(TEXTS)).sum(1).min() > 0.999  # rows are stored as int8
    assert loaded.info()["licence"] == "MIT"
    assert len(loaded.fingerprint) == 16
    loaded.save(folder.parent / "again")
    again = SLM.load(folder.parent / "again", precision="fp32")
    np.testing.assert_allclose(again.embed(TEXTS), loaded.embed(TEXTS), atol=1e-4)


def test_int8_stays_close_to_fp32(folder):
    exact, fast = SLM.load(folder, precision="fp32"), SLM.load(folder, precision="int8")
    assert (exact.embed(TEXTS) * fast.embed(TEXTS)).sum(1).min() > 0.999
    with pytest.raises(InputError, match="precision='fp32'"):
        fast.save(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_damaged_files_are_named(folder, name, damage):
    path = folder / name
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data)
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    else:
        path.unlink()
    with pytest.raises(CheckpointError, match=name):
        SLM.load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "newer"),
        ({"kind": "classifier"}, "expected a model"),
        ({"surprise": 1}, "surprise"),
        ({"vocabulary": 7}, "does not fit"),
    ],
)
def test_foreign_configs_are_refused(folder, change, message):
    import json

    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(CheckpointError, match=message):
        SLM.load(folder)


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(CheckpointError, match=r"config\.json"):
        SLM.load(tmp_path)
    (tmp_path / "config.json").write_text("not json")
    with pytest.raises(CheckpointError, match="damaged"):
        SLM.load(tmp_path)


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_a_fresh_branch_gives_the_core_back(slm, depth):
    windows = slm.windows(["the good film", "酒店很好"])
    branch = Branch.on(slm, depth).eval().requires_grad_(requires_grad=False)
    (_, whole, mask), (_, below, _) = next(slm.run(windows)), next(slm.run(windows, upto=4 - depth))
    tolerance = 1e-5 if slm.precision == "fp32" else 0.1
    assert (branch(below, mask) - whole)[mask].abs().max() < tolerance


def test_cached_and_recomputed_trunk_states_agree(toy_slm):
    texts = ["the good film", "bad " * 200, "酒店很好"]
    kept = TrunkStates(toy_slm, texts, upto=2, max_length=64)
    anew = TrunkStates(toy_slm, texts, upto=2, max_length=64, limit=0)
    one, mask, owner, numbers = kept.batch([2, 1])
    two, *others = anew.batch([2, 1])
    np.testing.assert_allclose(one[mask], two[mask], atol=5e-3)  # kept in float16; what is padded does not matter
    for ours, theirs in zip((mask, owner, numbers), others, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_float_copy_can_learn(slm):
    copied = float_copy(slm.encoder.layers[0])
    out = copied(torch.randn(1, 3, 32), None).square().sum()
    out.backward()
    assert all(p.grad is not None for p in copied.parameters())
    assert not any(p.requires_grad for p in slm.encoder.layers[0].parameters())
