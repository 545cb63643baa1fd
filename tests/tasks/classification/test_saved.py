import json
import os

import numpy as np
import pytest

from slmkit.core import SLM
from slmkit.errors import CheckpointError
from slmkit.tasks.classification import BranchModel, Classifier


@pytest.mark.parametrize("which", ["tuned", "linear", "contrasted"])
def test_a_loaded_model_is_the_same_model(which, request, tmp_path, awkward):
    model = request.getfixturevalue(which)
    model.save(tmp_path / "model")
    for kind in (Classifier, BranchModel):
        loaded = kind.load(tmp_path / "model", slm=model.slm)
        assert loaded.fingerprint == model.fingerprint
        assert loaded.annotate(awkward) == model.annotate(awkward)
    loaded = Classifier.load(tmp_path / "model", slm=model.slm)
    np.testing.assert_array_equal(loaded.predict_proba(awkward), model.predict_proba(awkward))
    assert loaded.get_params() == model.get_params()
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again/model.safetensors").read_bytes() == (tmp_path / "model/model.safetensors").read_bytes()


def test_settings_keep_the_types_of_their_keys(toy_slm, reviews, tmp_path):
    texts, labels = reviews
    numbers = [int(label == "pos") for label in labels]
    model = Classifier(method="linear", class_weight={0: 2.0, 1: 1.0}, slm=toy_slm).fit(texts, numbers)
    model.save(tmp_path)
    loaded = Classifier.load(tmp_path, slm=toy_slm)
    assert loaded.class_weight == {0: 2.0, 1: 1.0}
    assert loaded.fit(texts, numbers).score(texts, numbers) == 1.0


def test_the_file_holds_the_branch_only(tuned, tmp_path):
    tuned.save(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["README.md", "config.json", "model.safetensors"]
    names = set(tuned.model_.tensors)
    assert not any(name.startswith(("words", "positions")) for name in names)
    assert {name.split(".")[1] for name in names if name.startswith("layers.")} == {"0", "1"}


def test_the_fingerprint_follows_the_weights(tuned, linear):
    assert tuned.fingerprint != linear.fingerprint
    assert len(tuned.fingerprint) == 16


def test_another_core_is_refused_by_name(tuned, toy_slm, tmp_path):
    tuned.save(tmp_path)
    other = SLM(toy_slm.config, toy_slm.tokenizer, toy_slm.encoder, fingerprint="other-core")
    with pytest.raises(CheckpointError, match=r"core toy.*this core is other-core"):
        Classifier.load(tmp_path, slm=other)


def _change(folder, **changes):
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config.update(changes)
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 99}, "newer than this slmkit"),
        ({"format": None}, "no integer 'format'"),
        ({"kind": "model"}, "holds a model, expected a classifier"),
        ({"labels": None}, "labels cannot be read"),
        ({"labels": {"type": "date", "form": "single", "values": ["a", "b"]}}, "labels cannot be read"),
        ({"labels": {"type": "str", "form": "single", "values": ["a", "a"]}}, "labels are not usable"),
        ({"labels": {"type": "str", "form": "odd", "values": ["a", "b"]}}, "labels are not usable"),
        ({"labels": {"type": "str", "form": "single", "values": ["a", "b", "c"]}}, "does not fit its config"),
        ({"depth": 1}, "does not fit its config"),
        ({"depth": "deep"}, "does not fit its config"),
        ({"temperature": None}, "does not fit its config"),
        ({"files": {}}, "names no model.safetensors"),
        ({"files": None}, "damaged or not slmkit's"),
        ({"about": {"settings": {"unheard": 1}}}, "unheard"),
    ],
)
def test_a_changed_config_gets_one_clear_error(tuned, toy_slm, tmp_path, changes, message):
    tuned.save(tmp_path)
    _change(tmp_path, **changes)
    with pytest.raises(CheckpointError, match=message):
        Classifier.load(tmp_path, slm=toy_slm)


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone", "foreign"])
def test_damaged_weights_get_one_clear_error(tuned, toy_slm, tmp_path, damage):
    tuned.save(tmp_path)
    path = tmp_path / "model.safetensors"
    data = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        data[len(data) // 2] ^= 1
        path.write_bytes({"cut": bytes(data[:100]), "flipped": bytes(data), "foreign": b"\x80\x04pickle"}[damage])
    with pytest.raises(CheckpointError, match=r"model\.safetensors"):
        Classifier.load(tmp_path, slm=toy_slm)


def test_no_folder_and_no_json(toy_slm, tmp_path):
    with pytest.raises(CheckpointError, match="no saved classifier"):
        Classifier.load(tmp_path / "nowhere", slm=toy_slm)
    (tmp_path / "config.json").write_text("{broken")
    with pytest.raises(CheckpointError, match=r"config\.json"):
        Classifier.load(tmp_path, slm=toy_slm)
