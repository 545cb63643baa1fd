import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from slmkit import runtime


def _resident():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.parametrize("which", ["tuned", "linear", "contrasted"])
def test_alone_or_in_any_batch_the_same(which, request, awkward, reviews):
    model = request.getfixturevalue(which)
    texts = [*awkward, *reviews[0][:20]]
    together = model.predict_proba(texts)
    assert np.isfinite(together).all()
    alone = np.concatenate([model.predict_proba([text]) for text in texts])
    tolerance = 1e-4 if model.slm.precision == "fp32" else 2e-2
    np.testing.assert_allclose(together, alone, atol=tolerance)
    np.testing.assert_allclose(model.predict_proba(texts[::-1])[::-1], together, atol=tolerance)


def test_chunks_of_a_stream_do_not_show(tuned, reviews, monkeypatch):
    whole = tuned.predict_proba(reviews[0])
    monkeypatch.setattr(runtime, "CHUNK_TEXTS", 7)
    monkeypatch.setattr(runtime, "CHUNK_CHARACTERS", 100)
    np.testing.assert_allclose(tuned.predict_proba(reviews[0]), whole, atol=1e-5)


def test_eight_threads_get_the_same_answers(contrasted, reviews, awkward):
    texts = [*awkward, *reviews[0][:16]]
    wanted = contrasted.predict_proba(texts)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: contrasted.predict_proba(texts), range(16)))
    for probabilities in found:
        np.testing.assert_array_equal(probabilities, wanted)


def test_a_megabyte_in_one_cell(linear):
    assert linear.predict_proba(["the film is good " * 15_000, "bad"]).shape == (2, 2)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_2000_calls_do_not_grow_memory(contrasted):
    text = ["the film is good", "很好"]
    for _ in range(200):
        contrasted.predict_proba(text)
    before = _resident()
    for _ in range(2000):
        contrasted.predict_proba(text)
    assert _resident() - before < 16_000_000


def test_a_saved_model_answers_without_scikit_learn(toy_slm, tuned, tmp_path):
    toy_slm.save(tmp_path / "core")
    code = (
        "import sys; from slmkit.core import load; from slmkit.tasks.classification import BranchModel, Sentiment\n"
        "import slmkit.tasks.classification as c; assert 'torch' in sys.modules\n"
        f"slm = load({str(tmp_path / 'core')!r}, precision='int8'); slm.fingerprint = 'toy'\n"
        f"model = BranchModel.load({str(tmp_path / 'model')!r}, slm=slm)\n"
        "assert model.annotate(['the film'])[0]['label'] in ('pos', 'neg')\n"
        "heavy = {'sklearn', 'scipy', 'pandas', 'faiss', 'spacy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    tuned.save(tmp_path / "model")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_package_is_light():
    code = (
        "import sys, slmkit.tasks.classification as c; dir(c)\n"
        "heavy = {'torch', 'sklearn', 'scipy', 'numpy', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
