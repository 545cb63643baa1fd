import numpy as np
import pytest

from slmkit.errors import InputError
from slmkit.model.branch import Branch
from slmkit.tasks.classification import Classifier
from slmkit.tasks.classification import tuning as tuning_module
from slmkit.tasks.classification.tuned import Tuned, seeded, thinned
from slmkit.training.states import TrunkStates


def test_each_method_learns_the_pattern(tuned, linear, contrasted, reviews):
    texts, labels = reviews
    assert linear.score(texts, labels) == 1.0
    assert contrasted.score(texts, labels) > 0.8
    assert tuned.score(texts, labels) > 0.8


def test_what_was_chosen_and_seen_is_kept(tuned):
    assert tuned.recipe_.method == "tune"
    assert tuned.recipe_.depth == 2
    assert [entry["epoch"] for entry in tuned.history_] == [1.0, 2.0, 3.0, 4.0]
    assert set(tuned.history_[0]) == {"epoch", "score", "loss"}


def test_same_seed_same_model_other_seed_another(toy_slm, reviews):
    texts, labels = reviews

    def fit(seed):
        model = Classifier(method="tune", epochs=1, random_state=seed, slm=toy_slm)
        return model.fit(texts[:20], labels[:20]).predict_proba(texts)

    first = fit(3)
    np.testing.assert_array_equal(first, fit(3))
    assert not np.array_equal(first, fit(4))


def test_fit_leaves_the_callers_random_state_and_core_alone(toy_slm, reviews):
    import torch

    before = {name: value.clone() for name, value in toy_slm.encoder.state_dict().items()}
    state = torch.random.get_rng_state()
    Classifier(method="tune", epochs=1, slm=toy_slm).fit(reviews[0][:8], reviews[1][:8])
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(value, toy_slm.encoder.state_dict()[name]) for name, value in before.items())


def test_the_best_weights_are_kept_not_the_last(toy_slm, reviews, monkeypatch):
    scores = iter([0.5, 0.9, 0.2])
    seen = []
    look = tuning_module.Watch.look

    def noted(self, epoch):
        look(self, epoch)
        seen.append(self.model.snapshot())

    monkeypatch.setattr(tuning_module, "score", lambda *_: next(scores))
    monkeypatch.setattr(tuning_module.Watch, "look", noted)
    model = Classifier(method="tune", epochs=3, validation_fraction=0.3, slm=toy_slm).fit(*reviews)
    np.testing.assert_array_equal(model.model_.tensors["head.weight"], seen[1]["head.weight"])


def test_training_stops_when_nothing_gets_better(toy_slm, reviews, monkeypatch):
    monkeypatch.setattr(tuning_module, "score", lambda *_: 0.5)
    monkeypatch.setattr(tuning_module, "log_loss", lambda *_: 1.0)
    monkeypatch.setattr(tuning_module, "fit_temperature", lambda *_: 1.0)
    model = Classifier(method="tune", epochs=20, patience=2, validation_fraction=0.3, slm=toy_slm).fit(*reviews)
    assert len(model.history_) == 3


def test_an_interruption_keeps_the_best_weights_so_far(toy_slm, reviews, monkeypatch):
    steps = []

    def stopped(*arguments):
        steps.append(1)
        if len(steps) > 3:
            raise KeyboardInterrupt
        return loss(*arguments)

    loss = tuning_module.batch_loss
    monkeypatch.setattr(tuning_module, "batch_loss", stopped)
    with pytest.warns(UserWarning, match="interrupted after step 3"):
        model = Classifier(method="tune", epochs=9, slm=toy_slm).fit(*reviews)
    assert model.model_.about["interrupted"]
    assert model.predict(reviews[0]).shape == (64,)


def test_an_interruption_of_the_pairs_keeps_what_was_learned(toy_slm, reviews, monkeypatch):
    from slmkit.tasks.classification import contrastive

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(contrastive, "pair_loss", stop)
    with pytest.warns(UserWarning, match="interrupted after step 0"):
        model = Classifier(method="contrastive", slm=toy_slm).fit(*reviews)
    assert model.predict("good").shape == ()


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, 3, b"bytes"])
def test_rows_that_are_not_text_are_named(toy_slm, missing):
    with pytest.raises(InputError, match=r"rows 1, 3 of the texts"):
        Classifier(slm=toy_slm).fit(["a", missing, "b", missing], [0, 1, 0, 1])


def test_missing_pandas_values_are_named(toy_slm):
    import pandas as pd

    with pytest.raises(InputError, match=r"row 1 of the texts: not a string but missing"):
        Classifier(slm=toy_slm).fit(pd.Series(["a", pd.NA, "c"]), [0, 1, 0])
    with pytest.raises(InputError, match=r"row 2 of y"):
        Classifier(slm=toy_slm).fit(["a", "b", "c"], pd.Series(["x", "y", None]))


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([], [], "at least two|no texts"),
        (["a", "b"], ["x", "x"], "at least two"),
        (["a", "b"], ["x"], "2 texts|at least two"),
        (["a", "b", "c"], ["x", "y"], "3 texts and 2"),
        ("ab", ["x", "y"], "one str"),
        (["a", "b"], ["x", 1], "int, str"),
        (["a", "b"], [(1,), (2,)], "tuple"),
        (["a", "b"], [["x"], ["y"]], "list"),
        (np.array([["a", "b"], ["c", "d"]]), [0, 1], "shape"),
        (["a", "b"], np.eye(2), "multi_label=True"),
        (5, [0, 1], "int"),
    ],
)
def test_unusable_input_says_what_was_got(toy_slm, X, y, message):
    with pytest.raises(InputError, match=message):
        Classifier(slm=toy_slm).fit(X, y)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("method", "magic"),
        ("depth", 9),
        ("epochs", 0),
        ("learning_rate", -1.0),
        ("patience", 0),
        ("dropout", 1.5),
        ("word_dropout", 1.0),
        ("label_smoothing", -0.1),
        ("validation_fraction", 1.0),
        ("max_length", 4096),
        ("batch_tokens", 0),
        ("class_weight", "heavy"),
        ("class_weight", {"unheard": 2.0}),
        ("class_weight", {"pos": -1.0}),
        ("class_weight", {"pos": float("nan")}),
        ("class_weight", {"pos": "2"}),
        ("class_weight", {"pos": 0, "neg": 0}),
        ("random_state", "seed"),
    ],
)
def test_parameters_out_of_range_are_refused(toy_slm, reviews, parameter, value):
    parameters = {"method": "tune", "epochs": 1, parameter: value}
    with pytest.raises(InputError, match=parameter if value != {"unheard": 2.0} else "unheard"):
        Classifier(slm=toy_slm, **parameters).fit(*reviews)


@pytest.mark.parametrize("weights", [[1.0], [1, 2, -1, 1], [0, 0, 0, 0], [1, 1, np.nan, 1], ["a", 1, 1, 1]])
def test_unusable_sample_weights_are_refused(toy_slm, weights):
    with pytest.raises(InputError, match="sample_weight"):
        Classifier(slm=toy_slm).fit(["a", "b", "c", "d"], [0, 1, 0, 1], sample_weight=weights)


@pytest.mark.parametrize("method", ["tune", "linear"])
def test_weights_of_rows_and_classes_move_the_decision(toy_slm, method):
    texts, labels = ["film"] * 40, [0, 1] * 20
    options = {"method": method, "epochs": 3, "learning_rate": 3e-3, "validation_fraction": 0.0, "slm": toy_slm}
    by_class = Classifier(class_weight={1: 20.0}, **options).fit(texts, labels)
    by_row = Classifier(**options).fit(texts, labels, sample_weight=[20.0 if label == 0 else 1.0 for label in labels])
    assert by_class.predict("film") == 1
    assert by_row.predict("film") == 0


def test_the_callers_validation_set_is_used(toy_slm, reviews):
    texts, labels = reviews
    for method in ("tune", "linear"):
        model = Classifier(method=method, epochs=1, slm=toy_slm)
        model.fit(texts[:40], labels[:40], validation=(texts[40:], labels[40:]))
        assert model.model_.about["texts"] == 40
        assert model.model_.about["held_back"] == 24
    with pytest.raises(InputError, match="label 'odd' is not known"):
        model.fit(texts, labels, validation=(["a"], ["odd"]))
    with pytest.raises(InputError, match="pair"):
        model.fit(texts, labels, validation=texts)


def test_a_text_longer_than_a_step_can_hold_is_learned_from_its_beginning(toy_slm):
    texts = ["the film is good " * 2000, "bad bank", "the film is good", "bad"] * 2
    with pytest.warns(UserWarning, match=r"rows 0, 4 of the texts: longer than 16 windows"):
        model = Classifier(method="tune", epochs=1, max_length=32, slm=toy_slm).fit(texts, [1, 0, 1, 0] * 2)
    assert model.predict_proba(texts).shape == (8, 2)


def test_verbose_shows_budget_and_progress_on_stderr_only(toy_slm, reviews, capsys):
    Classifier(method="tune", epochs=1, validation_fraction=0.3, slm=toy_slm).fit(*reviews)
    assert capsys.readouterr() == ("", "")
    Classifier(method="tune", epochs=1, validation_fraction=0.3, slm=toy_slm, verbose=1).fit(*reviews)
    out, err = capsys.readouterr()
    assert out == ""
    assert "method tune" in err
    assert "score" in err


def test_hidden_words_leave_the_first_token_and_the_padding():
    import torch

    mask = torch.arange(200)[None, :] < torch.tensor([200, 120, 1])[:, None]
    with seeded(0):
        kept = torch.stack([thinned(mask, 0.25) for _ in range(50)])
    assert kept[:, :, 0].all()
    assert not (kept & ~mask).any()
    assert 0.7 < kept[:, 0, 1:].float().mean() < 0.8
    assert thinned(mask, 0.0).equal(mask)


def test_words_are_hidden_while_training_only(toy_slm, reviews):
    states = TrunkStates(toy_slm, reviews[0][:6], upto=len(toy_slm.stack()) - 2)
    width = toy_slm.config.encoder.width
    with seeded(0):
        model = Tuned(Branch.on(toy_slm, 2, dropout=0.0), width, 2, dropout=0.0, word_dropout=0.5)
    inputs = states.batch(np.arange(6))[:3]
    with seeded(1):
        heard = [model.vectors(*inputs, 6) for _ in range(2)]
    assert not heard[0].equal(heard[1])
    model.eval()
    assert model.vectors(*inputs, 6).equal(model.vectors(*inputs, 6))
