import numpy as np
import pandas as pd
import pytest

from slmkit.errors import InputError
from slmkit.tasks.classification import Classifier

TEXTS = ["the good film", "a bad bank", "good bank news", "the team"] * 8
SETS = [{"film", "good"}, {"bank"}, {"bank", "good"}, set()] * 8
INDICATOR = np.array([[0, 1, 1], [1, 0, 0], [1, 0, 1], [0, 0, 0]] * 8)


@pytest.fixture(scope="module")
def model(toy_slm):
    return Classifier(method="linear", multi_label=True, slm=toy_slm).fit(TEXTS, SETS)


def test_sets_of_labels_come_back_as_lists_of_labels(model):
    assert model.classes_.tolist() == ["bank", "film", "good"]
    assert [set(labels) for labels in model.predict(TEXTS)] == SETS
    assert model.predict("a bad bank") == ["bank"]
    assert model.score(TEXTS, SETS) == 1.0
    probabilities = model.predict_proba(TEXTS)
    assert probabilities.shape == (32, 3)
    assert ((probabilities >= 0.5) == INDICATOR).all()


def test_a_matrix_of_labels_comes_back_as_a_matrix(toy_slm, tmp_path):
    model = Classifier(method="linear", multi_label=True, slm=toy_slm).fit(TEXTS, INDICATOR)
    assert model.classes_.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(model.predict(TEXTS), INDICATOR)
    assert model.score(TEXTS, INDICATOR) == 1.0
    model.save(tmp_path)
    np.testing.assert_array_equal(Classifier.load(tmp_path, slm=toy_slm).predict(TEXTS), INDICATOR)


def test_a_frame_of_labels_names_them(toy_slm):
    frame = pd.DataFrame(INDICATOR, columns=["bank", "film", "good"])
    model = Classifier(method="linear", multi_label=True, slm=toy_slm).fit(TEXTS, frame)
    assert model.classes_.tolist() == ["bank", "film", "good"]


def test_sparse_labels_are_read(toy_slm):
    from scipy.sparse import csr_matrix

    model = Classifier(method="linear", multi_label=True, slm=toy_slm).fit(TEXTS, csr_matrix(INDICATOR))
    assert model.score(TEXTS, INDICATOR) == 1.0


def test_tuning_learns_several_labels(toy_slm):
    options = {"epochs": 8, "learning_rate": 3e-3, "validation_fraction": 0.25, "class_weight": "balanced"}
    model = Classifier(multi_label=True, label_smoothing=0.05, slm=toy_slm, **options).fit(TEXTS, SETS)
    assert model.recipe_.method == "tune"
    assert ((model.predict_proba(TEXTS) >= 0.5) == INDICATOR).mean() > 0.8


def test_tables_get_joined_labels(model):
    rows = model.annotate(["good bank news", "the team"])
    assert rows[0]["label"] == "bank; good"
    assert rows[1]["label"] == ""
    assert all(0.5 <= row["score"] <= 1 for row in rows)
    assert model.column_types == {"label": str, "score": float}


def test_a_label_is_explained_on_its_own(model):
    explanation = model.explain("good bank news", "good")
    total = sum(token.score for token in explanation.tokens)
    assert total == pytest.approx(explanation.score - explanation.baseline, abs=0.02 * abs(total) + 1e-3)


def test_a_validation_set_of_several_labels(toy_slm):
    model = Classifier(method="linear", multi_label=True, slm=toy_slm)
    model.fit(TEXTS, SETS, validation=(TEXTS[:24], SETS[:24]))
    assert model.model_.about["held_back"] == 24


@pytest.mark.parametrize("rows", [1, 23, 25])
def test_a_validation_set_needs_a_label_row_a_text(toy_slm, rows):
    model = Classifier(method="linear", multi_label=True, slm=toy_slm)
    with pytest.raises(InputError, match=f"validation: 24 texts and {rows} rows of labels"):
        model.fit(TEXTS, SETS, validation=(TEXTS[:24], SETS[:rows]))


def test_a_score_needs_a_label_row_a_text(model):
    with pytest.raises(InputError, match="32 texts and 1 rows of labels"):
        model.score(TEXTS, SETS[:1])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a", "b"], "rows 0, 1 of y: with multi_label=True"),
        ([{"a"}, None], "row 1 of y"),
        ([{"a"}, {None}], "row 1 of y"),
        ([set(), set()], "no label at all"),
        ([{"a"}, {1}], "int, str|different types"),
        (np.array([[0, 1], [0, 2]]), "row 1 of y: an indicator"),
        (np.array([["a", "b"], ["a", "c"]]), "holds 0 and 1 only; labels by name"),
        (pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [0, 1]}), "0 and 1 only"),
        ([{"a"}], "2 texts and 1"),
    ],
)
def test_unusable_labels_are_refused(toy_slm, y, message):
    with pytest.raises(InputError, match=message):
        Classifier(multi_label=True, slm=toy_slm).fit(["x", "y"], y)


def test_pairs_need_one_label_a_text(toy_slm):
    with pytest.raises(InputError, match="one label a text"):
        Classifier(method="contrastive", multi_label=True, slm=toy_slm).fit(TEXTS, SETS)
