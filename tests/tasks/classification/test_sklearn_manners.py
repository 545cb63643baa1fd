import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted

from slmkit.errors import InputError
from slmkit.tasks.classification import Classifier


def test_scikit_learns_own_checks(toy_slm):
    # Those that feed numbers do not apply: the tags say that this classifier reads strings.
    results = check_estimator(Classifier(slm=toy_slm), on_fail=None, on_skip=None)
    failed = [result["check_name"] for result in results if result["status"] == "failed"]
    assert not failed
    assert any(result["status"] == "passed" for result in results)


def test_tags_say_that_it_reads_strings(toy_slm):
    tags = get_tags(Classifier(slm=toy_slm))
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.classifier_tags.multi_label
    assert is_classifier(Classifier())


def test_init_stores_only_and_clone_shares_the_core(toy_slm):
    weights = {"neg": 2.0}
    model = Classifier(method="linear", depth=1, class_weight=weights, slm=toy_slm)
    assert model.get_params()["class_weight"] is weights
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert copy.slm is toy_slm
    assert copy.class_weight is not weights
    assert copy.set_params(depth=2).depth == 2
    assert "depth=1" in repr(model)


def test_fit_returns_self_and_changes_no_parameter(toy_slm, reviews):
    model = Classifier(method="linear", slm=toy_slm)
    before = model.get_params()
    assert model.fit(*reviews) is model
    assert model.get_params() == before
    check_is_fitted(model)
    assert model.classes_.tolist() == ["neg", "pos"]


def test_unfitted_says_so(toy_slm):
    with pytest.raises(NotFittedError, match="call fit"):
        Classifier(slm=toy_slm).predict(["a"])


def test_predictions_have_scikit_learns_shapes(linear, reviews):
    texts, labels = reviews
    probabilities = linear.predict_proba(texts)
    assert probabilities.shape == (64, 2)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-6)
    np.testing.assert_array_equal(linear.predict(texts), linear.classes_[probabilities.argmax(1)])
    assert linear.score(texts, labels, sample_weight=np.ones(64)) == 1.0
    assert linear.predict([]).shape == (0,)
    assert linear.predict_proba([]).shape == (0, 2)


def test_one_string_gives_one_answer(linear):
    assert linear.predict("good !") in ("neg", "pos")
    assert linear.predict_proba("good !").shape == (2,)


@pytest.mark.parametrize(
    "kind",
    [
        list,
        tuple,
        np.array,
        lambda x: np.array(x, dtype=object),
        pd.Series,
        lambda x: pd.Series(x, index=range(100, 100 + len(x)), dtype="string"),
        lambda x: pd.Series(x, dtype="category"),
        lambda x: pd.DataFrame({"text": x}),
        lambda x: np.array(x)[:, None],
    ],
)
def test_every_kind_of_column_gives_the_same(linear, reviews, toy_slm, kind):
    texts, labels = reviews
    np.testing.assert_array_equal(linear.predict_proba(kind(texts)), linear.predict_proba(texts))
    again = clone(linear).fit(kind(texts), kind(labels))
    np.testing.assert_array_equal(again.predict_proba(texts), linear.predict_proba(texts))


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        ([-3, 0, 12], "i"),
        ([0.5, 1.0, 2.0], "f"),
        ([False, True], "b"),
        (["", "a b\n", "😀"], "U"),
        (["1", "2", "10"], "U"),
        (["nan", "None", "a\0"], "O"),
        ([np.int8(1), np.int8(2)], "i"),
        ([np.str_("x"), np.str_("y")], "U"),
        ([2**40, 2**41], "i"),
    ],
)
def test_odd_labels_come_back_as_they_went_in(toy_slm, labels, kind, tmp_path):
    texts = [f"the film {'good' if n % 2 else 'bad'} {n}" for n in range(6 * len(labels))]
    model = Classifier(method="linear", slm=toy_slm).fit(texts, labels * 6)
    assert model.classes_.dtype.kind == kind
    assert sorted(labels) == model.classes_.tolist()
    model.save(tmp_path)
    loaded = Classifier.load(tmp_path, slm=toy_slm)
    assert loaded.classes_.dtype == model.classes_.dtype
    np.testing.assert_array_equal(loaded.predict(texts), model.predict(texts))
    row = loaded.annotate(texts[:1])[0]
    assert type(row["label"]) is type(model.classes_.tolist()[0])


def test_pipeline_grid_search_and_cross_validation(toy_slm, reviews):
    texts, labels = reviews
    lower = FunctionTransformer(lambda column: [text.lower() for text in column])
    pipeline = Pipeline([("lower", lower), ("classify", Classifier(method="linear", slm=toy_slm))])
    search = GridSearchCV(pipeline, {"classify__method": ["linear", "tune"], "classify__epochs": [1]}, cv=2)
    search.fit(texts, labels)
    assert search.best_params_["classify__method"] == "linear"
    assert search.predict(pd.Series(texts)).shape == (64,)
    model = Classifier(method="linear", slm=toy_slm)
    for kind in (list, np.array, pd.Series):
        assert cross_val_score(model, kind(texts), kind(labels), cv=3).mean() > 0.9
    found = cross_val_predict(model, texts, labels, cv=2, method="predict_proba")
    assert found.shape == (64, 2)


@pytest.mark.parametrize("scoring", ["accuracy", "f1_macro", "roc_auc", "neg_log_loss"])
def test_scorers(toy_slm, reviews, scoring):
    texts, labels = reviews
    assert np.isfinite(
        cross_val_score(Classifier(method="linear", slm=toy_slm), texts, labels, cv=2, scoring=scoring)
    ).all()


@pytest.mark.parametrize("kind", [list, np.array, pd.Series, lambda y: np.array(y, dtype=np.float32)])
def test_float_labels_are_scored(toy_slm, reviews, kind):
    texts, stars = np.array(reviews[0]), [3.5 if label == "pos" else 0.5 for label in reviews[1]]
    model = Classifier(method="linear", slm=toy_slm).fit(texts, kind(stars))
    assert model.score(texts, kind(stars)) == 1.0
    assert model.score(texts, kind([0.5] * 64)) == 0.5
    assert model.score(texts, kind([0.5] * 64), sample_weight=[s == 0.5 for s in stars]) == 1.0
    assert cross_val_score(model, texts, kind(stars), cv=2).mean() > 0.9


def test_a_score_needs_a_label_a_text(linear, reviews):
    texts, labels = reviews
    for X, y, message in (
        (texts, labels[:1], "64 texts and 1 rows"), (texts[:1], labels, "1 texts and 64 rows"), ([], [], "0 texts"),
        (texts[:2], [1, 2], "labels such as 1"), (texts[:2], ["pos", None], "row 1 of y: the label is missing"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            linear.score(X, y)
    assert linear.score(texts[:2], ["other", labels[1]]) == 0.5
    assert linear.score(texts, pd.Series(labels, dtype="category")) == 1.0


def test_pipelines_pass_sample_weights(toy_slm, reviews):
    pipeline = make_pipeline(Classifier(method="linear", slm=toy_slm))
    pipeline.fit(*reviews, classifier__sample_weight=np.ones(64))
    assert pipeline.score(*reviews) == 1.0


def test_a_fitted_classifier_can_be_pickled(linear, reviews):
    again = pickle.loads(pickle.dumps(linear))
    np.testing.assert_array_equal(again.predict_proba(reviews[0]), linear.predict_proba(reviews[0]))
