import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from slmkit.core import SLM
from slmkit.errors import CheckpointError, InputError, NeedsCoreError
from slmkit.pretraining.static import StaticConfig, count, distil
from slmkit.tasks import tables
from slmkit.tasks.base import load_model
from slmkit.tasks.classification import BranchModel, Classifier, StaticModel
from tests.tasks.classification.conftest import make_reviews


@pytest.fixture(scope="module")
def home(tmp_path_factory, toy_slm):
    """A toy core with static vectors beside it."""
    folder = tmp_path_factory.mktemp("core")
    toy_slm.save(folder)
    core, texts = SLM.load(folder, precision="fp32"), make_reviews(60, seed=5)[0]
    counts = count(core.tokenizer, texts)
    distil(core, texts, core.embed(texts), counts, StaticConfig(width=16, pairs=10, fewest=1)).save(folder / "static")
    return folder


@pytest.fixture(scope="module")
def long_reviews():
    return make_reviews(400, seed=1)


@pytest.fixture(scope="module")
def static(home, long_reviews):
    return Classifier(method="static", slm=home).fit(*long_reviews)


@pytest.fixture(scope="module")
def three(home):
    return Classifier(method="static", slm=home).fit(*_phrases(600, seed=2))


def _phrases(count, seed):
    """Two of the three classes have the same words and differ in their order: nothing for a sum of words."""
    rng = np.random.default_rng(seed)
    phrases = {"pos": "good bad", "neg": "bad good", "none": "the team"}
    labels = [list(phrases)[n % 3] for n in range(count)]
    words = ["film", "movie", "bank", "card", "news", "sport"]
    return [" ".join([*rng.choice(words, 6), phrases[label], *rng.choice(words, 3)]) for label in labels], labels


@pytest.fixture(scope="module")
def several(home):
    words = ["film", "bank", "news", "team"]
    rng = np.random.default_rng(0)
    sets = [[word for word in words if rng.random() < 0.4] for _ in range(300)]
    texts = [" ".join(["the", "a", *own, "is"]) for own in sets]
    return Classifier(method="static", multi_label=True, slm=home).fit(texts, sets)


def test_it_learns_with_ngrams_beside(static, three, several):
    assert static.score(*make_reviews(100, seed=9)) == 1.0
    assert isinstance(static.model_, StaticModel)
    assert three.recipe_.method == "static"
    assert three.model_.wording is not None
    assert three.score(*_phrases(90, seed=7)) > 0.95
    assert several.predict(["the film team is"]) == [["film", "team"]]


def test_few_texts_get_a_head_alone(home, reviews):
    texts, labels = reviews
    model = Classifier(method="static", slm=home).fit(texts[:8], labels[:8])
    assert model.model_.wording is None
    assert Classifier(method="static", ngrams=False, slm=home).fit(*make_reviews(300)).model_.wording is None


@pytest.mark.parametrize("which", ["static", "three", "several"])
def test_alone_or_in_any_batch_the_same(which, request, awkward, reviews):
    model = request.getfixturevalue(which)
    texts = [*awkward, *reviews[0][:20]]
    together = model.predict_proba(texts)
    assert np.isfinite(together).all()
    np.testing.assert_allclose(np.stack([model.predict_proba(text) for text in texts]), together, atol=1e-5)
    np.testing.assert_allclose(model.predict_proba(texts[::-1])[::-1], together, atol=1e-5)
    assert model.predict_proba([]).shape == (0, len(model.classes_))


def test_any_length_is_read_whole(static):
    start = "the film is " * 20_000
    assert list(static.predict([start + "good ! " * 5000, start + "bad ? " * 5000])) == ["pos", "neg"]


@pytest.mark.parametrize("which", ["static", "three", "several"])
def test_tokens_sum_to_the_score_difference_exactly(which, request, awkward, reviews):
    model = request.getfixturevalue(which)
    for text in [*awkward, *reviews[0][:5]]:
        for label in model.classes_:
            told = model.explain(text, label)
            total = sum(token.score for token in told.tokens)
            assert abs(told.error) < 1e-4
            assert total == pytest.approx(told.score - told.baseline, abs=1e-3)
            chance = np.float64(model.predict_proba(text)[list(model.classes_).index(label)])
            if 1e-4 < chance < 1 - 1e-4:
                assert told.score == pytest.approx(np.log(chance / (1 - chance)), abs=1e-2)


def test_the_telling_words_are_named(static):
    told = static.explain("the movie is good !")
    assert told.label == "pos"
    assert max(told.tokens, key=lambda token: token.score).text in ("good", "!")
    with pytest.raises(InputError, match="label 'other'"):
        static.explain("good", "other")
    with pytest.raises(InputError, match="one string"):
        static.explain(["good"])


def test_saved_small_and_read_back(static, home, tmp_path, awkward):
    static.save(tmp_path / "model")
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
    ]
    loaded = Classifier.load(tmp_path / "model", slm=home)
    assert loaded.method == "static"
    assert loaded.fingerprint == static.fingerprint
    np.testing.assert_array_equal(loaded.predict_proba(awkward), static.predict_proba(awkward))
    assert StaticModel.load(tmp_path / "model", slm=static.model_.slm).annotate(awkward) == static.annotate(awkward)


def test_another_core_and_another_kind_are_refused(static, home, tuned, tmp_path, toy_slm):
    static.save(tmp_path / "static")
    with pytest.raises(CheckpointError, match="core"):
        Classifier.load(tmp_path / "static", slm=toy_slm)
    with pytest.raises(CheckpointError, match="holds a static-classifier"):
        BranchModel.load(tmp_path / "static", slm=toy_slm)
    tuned.save(tmp_path / "branch")
    with pytest.raises(CheckpointError, match="core"):
        Classifier.load(tmp_path / "branch", slm=static.model_.slm)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 99}, "newer than this slmkit"),
        ({"labels": None}, "labels cannot be read"),
        ({"temperature": None}, "does not fit its config"),
        ({"labels": {"type": "str", "form": "single", "values": ["a", "b", "c"]}}, "does not fit its config"),
    ],
)
def test_configs_that_do_not_fit(static, home, tmp_path, changes, message):
    static.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, **changes}))
    with pytest.raises(CheckpointError, match=message):
        Classifier.load(tmp_path, slm=home)


def test_static_vectors_as_the_core(static, home, long_reviews, toy_slm):
    vectors = static.model_.slm
    model = Classifier(slm=vectors).fit(*long_reviews)
    assert model.recipe_.method == "static"
    np.testing.assert_array_equal(model.predict_proba(["good"]), static.predict_proba(["good"]))
    with pytest.raises(InputError, match="method='tune' needs the core"):
        Classifier(method="tune", slm=vectors).fit(*long_reviews)
    with pytest.raises(InputError, match="does not use a core"):
        Classifier(method="static", slm=toy_slm).fit(*long_reviews)
    with pytest.raises(InputError, match="by fit"):
        Classifier.from_labels(["a", "b"], slm=vectors)


def test_tasks_that_need_the_core_say_so(static):
    from slmkit.tasks.knowledge import EntityRecognizer

    with pytest.raises(NeedsCoreError, match=r"precision='static' .*slmkit\.load"):
        EntityRecognizer(slm=static.model_.slm).fit(["the bank"] * 30, [[(4, 8, "org")]] * 30)


def test_scikit_learn_manners(home, reviews):
    model = Classifier(method="static", slm=home)
    assert clone(model).get_params() == model.get_params()
    assert cross_val_score(model, *reviews, cv=2).min() > 0.8
    with pytest.raises(InputError, match=r"row 1 of the texts"):
        model.fit(["good", None], ["a", "b"])


def test_weights_of_rows_and_classes(home, long_reviews):
    texts, labels = long_reviews
    doubled = Classifier(method="static", class_weight="balanced", slm=home)
    assert doubled.fit(texts, labels, sample_weight=np.ones(len(texts))).score(texts, labels) == 1.0


def test_dirty_tables(static):
    import pandas as pd

    frame = pd.DataFrame({"text": ["the film is good !", None, " ", "bad ?", 3]}, index=[5, 5, 1, 0, 9])
    made = tables.apply(static, frame)
    assert list(made.index) == [5, 5, 1, 0, 9]
    assert made["label"].fillna("").tolist() == ["pos", "", "", "neg", ""]
    assert made["slm_error"].fillna("").tolist() == ["", "missing", "only white space", "", "not text but int"]


def test_a_file_run_knows_the_folder(static, home, tmp_path, monkeypatch):
    from slmkit import core

    static.save(tmp_path)
    monkeypatch.setattr(core, "shipped_weights", lambda: home)
    monkeypatch.setattr("slmkit.static.shipped_weights", lambda: home)
    from slmkit.static import load_static

    load_static.cache_clear()
    assert load_model(str(tmp_path)).annotate(["good !"]) == static.annotate(["good !"])
    load_static.cache_clear()
