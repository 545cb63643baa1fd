import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import TfidfVectorizer

from slmkit.tasks.classification import BranchModel, Classifier
from slmkit.tasks.classification import wording as wording_module
from slmkit.tasks.classification.training_set import TrainingSet
from slmkit.tasks.classification.wording import Wording, fit_wording, weigh
from slmkit.text.ngrams import ngrams

TEXTS = ["the film is good !", "the film is bad", "good good film , good news", "很好，的酒店！", "a", ""]


def _data(texts, classes):
    rows = np.arange(len(texts))
    return TrainingSet(texts, np.array(classes), np.ones(len(texts), np.float32), rows, rows[:0])


@pytest.fixture
def fitted(toy_slm):
    return fit_wording(toy_slm.tokenizer, _data(TEXTS, [1, 0, 1, 1, 0, 0]), 2, seed=0)


def test_vectors_are_those_of_scikit_learn(toy_slm, fitted):
    wording, _ = fitted
    read = toy_slm.tokenizer.encode_batch(TEXTS)
    theirs = TfidfVectorizer(
        analyzer=lambda t: [k for keys in ngrams(t.ids) for k in keys.tolist()], sublinear_tf=True, min_df=2
    )
    wanted = theirs.fit_transform(read).toarray()
    assert theirs.get_feature_names_out().tolist() == wording.keys.tolist()
    found = np.zeros_like(wanted)
    known, places, values = wording.vectors(*toy_slm.tokenizer.encode_ids(TEXTS))
    found[np.repeat(np.arange(len(TEXTS)), known), places] = values
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_tokens_share_what_their_ngrams_add(toy_slm, fitted):
    wording, _ = fitted
    texts = [*TEXTS, "wholly unknown"]
    read, logits = toy_slm.tokenizer.encode_batch(texts), wording.logits(*toy_slm.tokenizer.encode_ids(texts))
    assert logits.shape == (len(read), 2)
    assert logits.abs().max() > 0.1
    for row, tokens in zip(logits, read, strict=True):
        each = wording.by_token(tokens)
        assert each.shape == (len(tokens), 2)
        torch.testing.assert_close(each.sum(0), row)


def test_it_is_stored_small_and_read_back(toy_slm, fitted):
    wording, _ = fitted
    stored = wording.to_tensors()
    assert stored["ngrams.weight"].dtype == torch.int8
    read = toy_slm.tokenizer.encode_ids(TEXTS)
    torch.testing.assert_close(Wording.of(stored).logits(*read), wording.logits(*read), rtol=0.02, atol=0.02)
    assert Wording.of({"head.weight": torch.zeros(2, 4)}) is None


def test_it_is_fitted_on_no_more_tokens_than_there_is_room_for(toy_slm, monkeypatch):
    texts = ["the film is good !", "bad bank"] * 50
    data, seen, fit = _data(texts, [1, 0] * 50), [], wording_module.sparse_head

    def watched(lengths, places, values, width, truth, *rest, **more):
        seen.append(truth.tolist())
        return fit(lengths, places, values, width, truth, *rest, **more)

    monkeypatch.setattr(wording_module, "sparse_head", watched)
    whole, _ = fit_wording(toy_slm.tokenizer, data, 2, seed=0)
    assert seen[0] == data.classes.tolist()  # all of them, in their order
    tokens = sum(map(len, toy_slm.tokenizer.encode_batch(texts)))
    monkeypatch.setattr(wording_module, "MOST_TOKENS", tokens // 4)
    for seed in (0, 0, 1):
        part, _ = fit_wording(toy_slm.tokenizer, data, 2, seed=seed)
    assert 15 < len(seen[1]) < 40
    assert set(seen[1]) == {0, 1}
    assert seen[1] == seen[2] != seen[3]
    assert part.keys.tolist() == whole.keys.tolist()
    monkeypatch.setattr(wording_module, "MOST_TOKENS", 1)
    assert fit_wording(toy_slm.tokenizer, data, 2, seed=0) is None  # a single text


def test_chinese_is_explained_by_its_own_characters(toy_slm):
    """The space that is put before a text is a token without characters, and part of n-grams."""
    texts = ["很好的酒店", "房间差", "服务很好", "服务差"] * 10
    model = Classifier.from_labels({"pos": "good", "neg": "bad"}, slm=toy_slm).model_
    wording, _ = fit_wording(toy_slm.tokenizer, _data(texts, [1, 0] * 20), 2, seed=0)
    made = BranchModel(toy_slm, model.labels, {**model.tensors, **wording.to_tensors()}, depth=0, max_length=64)
    for text in ("很好的酒店", "服务差", "good 房间差"):
        tokens = toy_slm.tokenizer.encode(text)
        told = made.explain(text)
        if text != "good 房间差":
            assert wording.by_token(tokens)[0].abs().sum() > 0.01
        difference = told.score - told.baseline
        total = sum(token.score for token in told.tokens)
        assert total == pytest.approx(difference, abs=0.01 * max(abs(difference), 0.05) + 1e-4)
        assert told.error == pytest.approx(difference - total, abs=1e-4)


def test_ngrams_of_one_text_each_are_nothing_to_learn_from(toy_slm):
    assert fit_wording(toy_slm.tokenizer, _data(["good", "bad"], [1, 0]), 2, seed=0) is None


def test_the_better_of_two_weighs_more():
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=500)
    weights, sure = np.ones(500), np.eye(2)[truth] * 4

    def seen(share):
        wrong = rng.random(500) > share
        return np.where(wrong[:, None], sure[:, ::-1], sure).astype(np.float32)

    assert weigh(seen(0.95), seen(0.5), truth, weights).factor == 0  # chance adds nothing
    good, fair = seen(0.9), seen(0.8)
    assert weigh(fair, good, truth, weights).factor > weigh(good, fair, truth, weights).factor > 0


@pytest.fixture(scope="module")
def spelled(toy_slm):
    """The class is in one phrase among noise: easy for n-grams, hard for a branch of random layers."""
    rng = np.random.default_rng(1)
    words = ["film", "movie", "bank", "card", "news", "sport", "team"]
    labels = [("pos", "neg")[n % 2] for n in range(300)]
    phrase = {"pos": "good bad", "neg": "bad good"}
    texts = [" ".join([*rng.choice(words, 12), phrase[label], *rng.choice(words, 3)]) for label in labels]
    settings = {"epochs": 1, "validation_fraction": 0.2, "slm": toy_slm}
    return (
        texts,
        labels,
        Classifier(**settings).fit(texts, labels),
        Classifier(ngrams=False, **settings).fit(texts, labels),
    )


def test_phrases_that_the_branch_misses_are_learned(spelled):
    texts, labels, with_ngrams, without = spelled
    assert without.model_.wording is None
    assert with_ngrams.score(texts, labels) > without.score(texts, labels) + 0.2


def test_such_a_model_is_saved_and_explained(spelled, tmp_path, toy_slm):
    texts, _, model, _ = spelled
    model.save(tmp_path)
    loaded = Classifier.load(tmp_path, slm=toy_slm)
    np.testing.assert_array_equal(loaded.predict_proba(texts[:9]), model.predict_proba(texts[:9]))
    np.testing.assert_allclose(model.predict_proba(texts[:9]), [model.predict_proba(t) for t in texts[:9]], atol=1e-5)
    told = loaded.explain(texts[0])
    difference = told.score - told.baseline
    assert sum(token.score for token in told.tokens) == pytest.approx(difference, abs=0.01 * abs(difference) + 1e-4)
    chance = float(model.predict_proba(texts[0]).max())
    assert told.score == pytest.approx(np.log(chance / (1 - chance)), abs=1e-2)
    strongest = sorted(told.tokens, key=lambda token: -abs(token.score))[:2]
    assert {token.text for token in strongest} == {"good", "bad"}


def test_labels_that_do_not_exclude_each_other(toy_slm):
    rng = np.random.default_rng(0)
    words = ["film", "bank", "news", "team"]
    sets = [[w for w in words if rng.random() < 0.4] for _ in range(240)]
    texts = [" ".join(["the", "a", *own, "is"]) for own in sets]
    model = Classifier(multi_label=True, epochs=1, validation_fraction=0.2, slm=toy_slm).fit(texts, sets)
    assert model.model_.wording is not None
    assert model.score(texts, sets) > 0.9
