"""What a branch begins as: by a probe, by the caller's word, and where only one start is possible."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.tasks.classification import Classifier

TEXTS = [f"{word} {number}" for number in range(40) for word in ("good film", "good movie", "bad bank", "bad card")]
LABELS = [text.split()[0] for text in TEXTS]


def _core(toy_slm: SLM, *, blind: str) -> SLM:
    """A core with two layers of its own for sentence vectors, one stack of which says nothing of a text."""
    encoder = copy.deepcopy(toy_slm.encoder)
    own = nn.ModuleList(copy.deepcopy(encoder.layers[i]) for i in (0, 1))
    layer = own[-1] if blind == "vectors" else encoder.layers[-1]
    with torch.no_grad():
        for weight in layer.parameters():
            weight.zero_()
    trunk = len(encoder.layers) - 2
    config = replace(toy_slm.config, vectors=2, trunk=trunk)
    return SLM(config, toy_slm.tokenizer, encoder, vectors=own, fingerprint="toy")


@pytest.mark.parametrize(("blind", "start"), [("vectors", "encoder"), ("encoder", "vectors")])
def test_the_start_that_knows_the_classes_is_taken(toy_slm, tmp_path, blind, start):
    slm = _core(toy_slm, blind=blind)
    model = Classifier(method="tune", depth=2, epochs=1, slm=slm).fit(TEXTS, LABELS)
    assert model.recipe_.start == start
    assert model.model_.upto == len(slm.stack(vectors=start == "vectors")) - 2
    model.save(tmp_path / "saved")
    again = Classifier.load(tmp_path / "saved", slm=slm)
    assert again.predict_proba(TEXTS[:4]) == pytest.approx(model.predict_proba(TEXTS[:4]))
    assert again.get_params()["start"] == "auto"


def test_the_callers_word_counts(toy_slm):
    slm = _core(toy_slm, blind="encoder")
    model = Classifier(method="tune", depth=2, epochs=1, start="encoder", slm=slm).fit(TEXTS, LABELS)
    assert model.recipe_.start == "encoder"


def test_a_branch_shorter_than_the_vectors_layers_begins_as_the_encoders_top(toy_slm):
    slm = _core(toy_slm, blind="encoder")
    assert Classifier(method="tune", depth=1, epochs=1, slm=slm).fit(TEXTS, LABELS).recipe_.start == "encoder"
    with pytest.raises(InputError, match="depth 1: give at least 2"):
        Classifier(method="tune", depth=1, start="vectors", slm=slm).fit(TEXTS, LABELS)
    with pytest.raises(InputError, match="start 'middle' is not known; give one of auto, encoder, vectors"):
        Classifier(start="middle", slm=slm).fit(TEXTS, LABELS)


def test_few_texts_say_too_little_for_a_probe(toy_slm):
    slm = _core(toy_slm, blind="encoder")
    assert Classifier(method="tune", depth=2, epochs=1, slm=slm).fit(TEXTS[:60], LABELS[:60]).recipe_.start == "encoder"
