import importlib
import json

import numpy as np
import pandas as pd
import pytest
import torch

from slmkit.errors import InputError
from slmkit.tasks.base import SAVED
from slmkit.tasks.classification import BranchModel, Classifier
from slmkit.tasks.classification.wording import Wording
from slmkit.tasks.evaluation import evaluation, plot_history
from slmkit.tasks.model_card import model_card

TEXTS = ["good film", "bad film", "the bank", "酒店很好"]


def test_the_figures_are_those_of_the_labels():
    scores = np.array([0.9, 0.8, 0.7, 0.95])
    found = evaluation(
        TEXTS, ["pos", "neg", "neg", "pos"], ["pos", "pos", "neg", "neg"], scores, pd.Index(list("wxyz"))
    )
    assert (found.texts, found.accuracy, found.macro_f1) == (4, 0.5, 0.5)
    assert found.per_class.loc["pos"].tolist() == [0.5, 0.5, 0.5, 2]
    assert found.confusion.loc["neg"].to_dict() == {"neg": 1, "pos": 1}
    assert found.errors.index.tolist() == ["z", "x"]  # the surest first
    assert found.errors.loc["z"].tolist() == ["酒店很好", "pos", "neg", 0.95]
    assert str(found).startswith("4 texts, accuracy 0.500, macro F1 0.500")
    assert "&lt;" in evaluation(["<b>"], ["<i>"], ["x"], np.array([1.0]), None)._repr_html_()


def test_a_class_that_is_never_right_does_not_count_where_it_is_not_there():
    found = evaluation(TEXTS, [1, 1, 2, 2], [1, 1, 2, 3], np.ones(4), None)
    assert found.per_class.loc[3, "texts"] == 0
    assert found.macro_f1 == pytest.approx((1 + 2 / 3) / 2)
    with pytest.raises(InputError, match="4 texts and 1 labels"):
        evaluation(TEXTS, ["a"], ["a"], np.ones(1), None)


@pytest.fixture(scope="module")
def fitted(toy_slm):
    texts, labels = ["the good film", "bad news of the bank", "a good movie", "bad sport"] * 12, ["yes", "no"] * 24
    return Classifier(method="tune", epochs=2, slm=toy_slm, validation_fraction=0.25).fit(texts, labels)


def test_a_classifier_evaluates_itself(fitted):
    series = pd.Series(["good film", "bad bank", "bad film"], index=[7, 7, 9])
    found = fitted.evaluate(series, ["yes", "no", "yes"])
    assert found.texts == 3
    assert found.accuracy == fitted.score(series, ["yes", "no", "yes"])
    assert set(found.errors.index) <= {7, 9}
    with pytest.raises(InputError):
        fitted.evaluate([], [])


def test_a_learning_curve_is_drawn(fitted):
    pytest.importorskip("matplotlib")
    ax = plot_history(fitted.history_)
    assert ax.get_xlabel() == "epoch"
    assert len(ax.get_lines()) >= 1
    assert plot_history(fitted.history_, ax=ax) is ax
    with pytest.raises(InputError, match="no looks"):
        plot_history([])
    drawn = plot_history([{"strength": s, "score": 0.8, "loss": 0.5} for s in (1.0, 10.0, 100.0)])
    assert [line.get_label() for line in drawn.get_lines()] == ["score", "loss"]


@pytest.mark.parametrize("ngrams", [True, False])
def test_a_card_says_whether_words_of_the_texts_are_in_it(fitted, tmp_path, ngrams):
    model = fitted.model_
    tensors = {name: value for name, value in model.tensors.items() if not name.startswith("ngrams.")}
    if ngrams:
        tensors |= Wording(np.array([5]), np.ones(1, np.float32), torch.ones(1, 2)).to_tensors()
    BranchModel(model.slm, model.labels, tensors, depth=model.depth, max_length=model.max_length, upto=model.upto).save(
        tmp_path / "mine"
    )
    card = (tmp_path / "mine" / "README.md").read_text()
    assert ("are in the n-grams." in card) == ngrams
    assert ("hold no text of the training.\n" in card) != ngrams


@pytest.mark.parametrize(
    ("kind", "told"), [("reader", "."), ("speller", "; the words that"), ("writer", ", but it may")]
)
def test_a_card_says_what_is_kept_of_the_texts(kind, told):
    assert f"hold no text of the training{told}" in model_card({"kind": kind, "core": "x"}, "mine")


@pytest.mark.parametrize(("kind", "target"), SAVED.items())
def test_a_card_names_the_class_that_loads_its_folder(kind, target):
    module, _, name = target.partition(":")
    assert callable(getattr(importlib.import_module(module), name).load)
    lines = f"```python\nfrom {module} import {name}\n\nmodel = {name}.load('mine')\n```"
    assert lines in model_card({"kind": kind, "core": "x"}, "mine")


def test_a_card_leaves_it_to_the_folder_what_a_writer_is():
    lines = "```python\nfrom slmkit.tasks.base import load_model\n\nmodel = load_model('mine')\n```"
    assert lines in model_card({"kind": "writer", "core": "x"}, "mine")


def test_a_card_is_saved_that_holds_no_text(fitted, tmp_path):
    fitted.save(tmp_path / "mine")
    card = (tmp_path / "mine" / "README.md").read_text()
    config = json.loads((tmp_path / "mine" / "config.json").read_text())
    ngrams = fitted.model_.wording is not None
    assert card == model_card(config, "mine", ngrams=ngrams)
    for told in ("Classifier.load('mine')", "| labels |", "| texts | 36 |", "learning rate", "Looks at the held-back"):
        assert told in card
    assert "the good film" not in card
    assert Classifier.load(tmp_path / "mine", slm=fitted.slm).predict(TEXTS[0]) == fitted.predict(TEXTS[0])
    odd = {"kind": "classifier", "core": "x", "labels": {"values": ["a|b\nc"]}, "about": {"long": "x" * 500}}
    assert "a\\|b" in model_card(odd, "odd")
    assert max(map(len, model_card(odd, "odd").splitlines())) < 260
