import copy
import tracemalloc
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from torch import nn

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.model.branch import Branch
from slmkit.tasks.classification import Classifier
from slmkit.tasks.classification.contrastive import group_batches, pair_loss


@pytest.fixture(scope="module")
def intents():
    words = ["bank", "card", "news", "sport", "team", "film", "movie", "good", "bad"]
    texts = [f"{words[c % 9]} {words[c // 9]} {n}" for c in range(77) for n in range(10)]
    return texts, [f"intent {c}" for c in range(77) for _ in range(10)]


def test_77_classes_of_10_examples_are_fitted_by_pairs(toy_slm, intents):
    model = Classifier(epochs=1, slm=toy_slm).fit(*intents)
    assert model.recipe_.method == "contrastive"
    assert model.recipe_.held_back == 0
    assert model.score(*intents) > 0.9


def test_the_method_follows_the_examples_per_class(toy_slm):
    def method(each, **options):
        texts, labels = [f"film {n}" for n in range(2 * each)], [0, 1] * each
        return Classifier(epochs=1, slm=toy_slm, **options).fit(texts, labels).recipe_.method

    assert method(1) == "linear"
    assert method(2) == "contrastive"
    assert method(16) == "contrastive"
    assert method(17) == "tune"
    assert method(2, method="tune") == "tune"


def test_a_class_with_a_single_example_is_learned_too(toy_slm):
    texts = ["good film", "good movie", "good news", "bad bank", "bad card", "bad team", "很好 酒店"]
    model = Classifier(method="contrastive", slm=toy_slm).fit(texts, ["g", "g", "g", "b", "b", "b", "zh"])
    assert model.score(texts, ["g", "g", "g", "b", "b", "b", "zh"]) == 1.0


@pytest.mark.parametrize(("depth", "vectors"), [(1, False), (2, True), (3, True)])
def test_a_branch_stands_on_the_layers_below_its_own(toy_slm, depth, vectors):
    own = nn.ModuleList(copy.deepcopy(toy_slm.encoder.layers[i]) for i in (1, 0))
    config, words = replace(toy_slm.config, vectors=2), toy_slm.tokenizer
    slm = SLM(config, words, toy_slm.encoder, vectors=own, fingerprint="toy")
    texts, labels = ["good film", "good movie", "bad bank", "bad card"], [1, 1, 0, 0]
    model = Classifier(method="contrastive", depth=depth, learning_rate=1e-9, epochs=1, slm=slm).fit(texts, labels)
    branch = Branch.on(slm, depth, vectors=vectors)
    found, plain = model.model_.branch.state_dict(), branch.state_dict()
    assert all(torch.allclose(found[name], plain[name], atol=2e-2) for name in plain)
    assert model.model_.upto + depth == len(slm.stack(vectors=vectors))
    with pytest.raises(InputError, match="depth 1: give 2 to 4"):
        Branch.on(slm, 1, vectors=True)


def test_batches_are_drawn_without_listing_the_pairs():
    classes = np.arange(200_000) % 2  # 10 ** 10 pairs
    tracemalloc.start()
    batches = list(islice(group_batches(classes, 64, np.random.default_rng(0)), 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50_000_000
    for rows in batches:
        assert len(rows) == 64
        assert np.bincount(classes[rows]).tolist() == [32, 32]


def test_every_class_has_its_turn():
    classes = np.arange(77 * 10) % 77
    batches = list(islice(group_batches(classes, 64, np.random.default_rng(0)), 5))
    drawn = [np.unique(classes[rows]) for rows in batches]
    assert all(len(names) == 16 for names in drawn)
    assert len(np.unique(np.concatenate(drawn))) == 77
    assert all(
        (np.bincount(classes[rows], minlength=77)[names] == 4).all() for rows, names in zip(batches, drawn, strict=True)
    )


def test_the_loss_falls_when_equals_are_near():
    apart = torch.nn.functional.normalize(torch.randn(8, 16, generator=torch.manual_seed(0)), dim=-1)
    classes = torch.arange(8) % 2
    near = torch.nn.functional.one_hot(classes, 16).float()
    assert pair_loss(near, classes) < pair_loss(apart, classes)
    assert torch.isfinite(pair_loss(apart, torch.arange(8)))  # no equal pair at all


def test_descriptions_serve_as_examples(toy_slm):
    described = {"good": "good film", "bad": "bad film", "unseen": "酒店 房间"}
    model = Classifier(descriptions=described, slm=toy_slm).fit(["good movie", "bad movie"], ["good", "bad"])
    assert model.classes_.tolist() == ["bad", "good", "unseen"]
    assert model.predict("酒店 房间") == "unseen"
