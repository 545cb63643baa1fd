import numpy as np
import pytest

from slmkit.errors import InputError
from slmkit.tasks.classification import Classifier

LABELS = {"sport": "sport team", "finance": "bank card", "酒店": "酒店房间"}


def test_texts_go_to_the_nearest_description(toy_slm):
    model = Classifier.from_labels(LABELS, slm=toy_slm)
    assert model.classes_.tolist() == sorted(LABELS)
    probabilities = model.predict_proba(["bank card", "酒店房间", ""])
    assert probabilities.shape == (3, 3)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    assert model.predict(["bank card", "酒店房间"]).tolist() == ["finance", "酒店"]


def test_labels_may_speak_for_themselves(toy_slm):
    model = Classifier.from_labels(["sport", "bank"], temperature=0.1, slm=toy_slm)
    assert model.predict("bank") == "bank"


def test_it_is_saved_and_explained_like_any_other(toy_slm, tmp_path):
    model = Classifier.from_labels(LABELS, slm=toy_slm)
    model.save(tmp_path)
    loaded = Classifier.load(tmp_path, slm=toy_slm)
    np.testing.assert_array_equal(loaded.predict_proba(["bank"]), model.predict_proba(["bank"]))
    assert loaded.descriptions == LABELS
    assert loaded.explain("bank card").label in LABELS


def test_examples_may_follow(toy_slm):
    model = Classifier.from_labels(LABELS, slm=toy_slm)
    texts = ["the team", "sport news", "my card", "bank news", "酒店 很好", "房间 差"]
    model.fit(texts, ["sport", "sport", "finance", "finance", "酒店", "酒店"])
    assert model.recipe_.method == "contrastive"
    assert model.predict(["sport team"]).tolist() == ["sport"]


@pytest.mark.parametrize("labels", [["a"], {"a": "x"}, ["a", "a"], {"a": "x", "b": " "}, {"a": "x", "b": None}, "ab"])
def test_unusable_labels_are_refused(toy_slm, labels):
    with pytest.raises(InputError):
        Classifier.from_labels(labels, slm=toy_slm)


def test_the_temperature_is_positive(toy_slm):
    with pytest.raises(InputError, match="temperature"):
        Classifier.from_labels(LABELS, temperature=0, slm=toy_slm)
