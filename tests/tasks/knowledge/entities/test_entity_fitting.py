"""Fitting a recognizer: seeds, held-back texts, when it ends, where it begins, and what cannot be learned from."""

import pandas as pd
import pytest
import torch
from marked_names import SETTINGS, marked

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks.knowledge import EntityRecognizer
from slmkit.tasks.knowledge.entities import fitting, from_frame


def test_the_same_seed_gives_the_same_weights_and_leaves_the_callers_randomness(toy_slm):
    settings = {**SETTINGS, "epochs": 1, "slm": toy_slm}
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    prints = {EntityRecognizer(**settings).fit(*marked(30)).fingerprint for _ in range(2)}
    assert torch.rand(1) == expected
    prints.add(EntityRecognizer(**settings, random_state=1).fit(*marked(30)).fingerprint)
    assert len(prints) == 2


def test_a_validation_set_of_ones_own(toy_slm):
    made = EntityRecognizer(slm=toy_slm, **{**SETTINGS, "epochs": 2}).fit(*marked(30), validation=marked(20, seed=4))
    assert made.model_.about["texts"] == 30
    assert made.model_.about["held_back"] == 20
    assert len(made.history_) == 2


def test_an_interrupted_fit_keeps_its_best_weights(toy_slm, monkeypatch):
    from slmkit.tasks.knowledge.entities.watching import Watch

    looks = []
    look = Watch.look

    def interrupted(self, epoch):
        look(self, epoch)
        looks.append(self.history[-1]["f1"])
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(Watch, "look", interrupted)
    with pytest.warns(UserWarning, match="interrupted after step .*the best weights so far are kept"):
        made = EntityRecognizer(slm=toy_slm, **SETTINGS).fit(*marked(60))
    assert made.model_.about["interrupted"]
    assert len(made.history_) == 3


def test_training_ends_when_nothing_is_gained(toy_slm):
    settings = {**SETTINGS, "learning_rate": 1e-9, "epochs": 30, "patience": 2}
    made = EntityRecognizer(slm=toy_slm, **settings).fit(*marked(40))
    assert len(made.history_) < 30


def test_minutes_shorten_a_fit(toy_slm, monkeypatch):
    monkeypatch.setattr(fitting, "steps_in", lambda *_: 2)
    made = EntityRecognizer(slm=toy_slm, **SETTINGS, minutes=0.01).fit(*marked(60))
    assert len(made.history_) == 1


def test_long_texts_are_learned_in_windows(toy_slm):
    texts, spans = marked(24, words=40)
    made = EntityRecognizer(slm=toy_slm, **{**SETTINGS, "epochs": 12, "validation_fraction": 0.0}, max_length=24)
    made.fit(texts, spans)
    assert made.score(*marked(4, seed=5, words=60)) > 0.8


def test_goes_on_from_a_saved_one(toy_slm, saved, both):
    settings = {**SETTINGS, "epochs": 1, "learning_rate": 1e-5, "slm": toy_slm, "validation_fraction": 0.0}
    made = EntityRecognizer(**settings, start=saved).fit(*marked(30))
    assert made.model_.about["from"] == both.model_.fingerprint
    begun = made.model_.tensors["pointer.pair.weight"] - both.model_.tensors["pointer.pair.weight"]
    assert float(begun.abs().max()) < 1e-3
    with pytest.raises(CheckpointError):
        EntityRecognizer(**settings, start="nowhere").fit(*marked(30))


def test_spans_that_cut_a_token_or_are_too_long_are_told(toy_slm):
    settings = {**SETTINGS, "epochs": 1, "slm": toy_slm}
    with pytest.warns(UserWarning, match="1 of the spans begin or end inside a token"):
        EntityRecognizer(**settings).fit(["the movie"] * 8, [[(6, 9, "X")], *([[(4, 9, "X")]] * 7)])
    long = "film " * 60
    with pytest.warns(UserWarning, match="1 of the spans are longer than what neighbouring windows share"):
        EntityRecognizer(**settings, max_length=24).fit([long, "the bank"], [[(0, 200, "X")], [(4, 8, "X")]])


def test_overlapping_gold_spans_for_a_tagger_need_to_be_told_flat(toy_slm):
    texts, spans = ["the bank card"] * 8, [[(4, 13, "A"), (9, 13, "B")]] * 8
    made = EntityRecognizer(slm=toy_slm, head="tagger", nested=False, **{**SETTINGS, "epochs": 1}).fit(texts, spans)
    assert set(made.types_) == {"A", "B"}


@pytest.mark.parametrize(
    ("texts", "spans", "message"),
    [
        ([], [], "there are no texts"),
        (["a"], None, "texts need their spans"),
        (["a"], [[], []], "1 texts and 2 rows of spans"),
        (["a", None], [[], []], "row 1 of the texts: not a string but missing"),
        (["a", float("nan"), 3], [[], [], []], "rows 1, 2 of the texts"),
        (["the bank"], [[]], "no text has a span"),
        (["the bank"], [[(4, 80, "X")]], "row 0 of the spans"),
        ("the bank", [[(4, 8, "X")]], "got one str"),
        (pd.Series(["a"], index=[1]), pd.Series([[]], index=[2]), "different indexes"),
        (pd.DataFrame({"text": ["a"], "spans": [[]]}), [[]], "give it alone"),
        (pd.DataFrame({"texts": ["a"]}), None, "no column 'text'.*did you mean 'texts'"),
    ],
)
def test_what_cannot_be_learned_from_is_named(toy_slm, texts, spans, message):
    with pytest.raises(InputError, match=message):
        EntityRecognizer(slm=toy_slm, depth=2).fit(texts, spans)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"head": "crf"}, "head 'crf' is not known"),
        ({"depth": 9}, "depth 9: the core has 4 layers"),
        ({"epochs": 0}, "epochs 0"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"batch_tokens": 0}, "batch_tokens 0"),
        ({"max_length": 8}, "max_length 8"),
        ({"max_length": 999}, "max_length 999: give 16 to 128"),
        ({"validation_fraction": 1.0}, "validation_fraction"),
        ({"patience": 0}, "patience 0"),
        ({"dropout": 1.0}, "dropout"),
        ({"minutes": 0}, "minutes 0"),
        ({"random_state": "x"}, "random_state"),
    ],
)
def test_parameters_out_of_range_are_named(toy_slm, parameters, message):
    with pytest.raises(InputError, match=message):
        EntityRecognizer(slm=toy_slm, **{"depth": 2, **parameters}).fit(*marked(4))


def test_a_frame_of_spans_is_learned(toy_slm):
    texts, spans = marked(30)
    rows = [(t, a, b, k) for t, own in zip(texts, spans, strict=True) for a, b, k in own]
    frame = pd.DataFrame(rows, columns=["text", "start", "end", "type"])
    made = EntityRecognizer(slm=toy_slm, **{**SETTINGS, "epochs": 1}).fit(*from_frame(frame))
    assert made.types_ == ("LOC", "ORG", "PER")
