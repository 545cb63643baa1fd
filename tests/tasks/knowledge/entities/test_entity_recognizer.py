"""The recognizer: what it finds and tells, saving and loading, scikit-learn's manners."""

import json
import random

import numpy as np
import pandas as pd
import pytest
from marked_names import NAMES, SETTINGS, marked

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks.base import load_model
from slmkit.tasks.knowledge import Entity, EntityRecognizer
from slmkit.tasks.knowledge.entities import RecognizerModel
from slmkit.tasks.tables import apply

TEST = marked(30, seed=9)
AWKWARD = [
    "",
    " ",
    "bank card",
    "酒店！",
    "😀👨‍👩‍👧 good team",
    "bank card\x00\x07\x1b[0m",
    "half \ud800 of a good team",
    "mixed 酒店 is ÀÉ ﷽ good",
    "the bank card " * 100,
    "\u200b\ufeff",
    "▁ <▁mask> </▁s> good team",
    "a\r\nbank\tcard",
]


@pytest.mark.parametrize("name", ["both", "pointer", "tagger"])
def test_each_head_learns_names_and_their_exact_places(name, request):
    made = request.getfixturevalue(name)
    assert made.score(*TEST) > 0.8
    for text in TEST[0]:
        for each in made.predict(text):
            assert isinstance(each, Entity)
            assert each.text == text[each.start : each.end]
            assert each.type in NAMES.values()
            assert 0 <= each.score <= 1
    assert made.types_ == ("LOC", "ORG", "PER")


def test_score_is_strict_f1(both):
    texts, spans = TEST
    found = [{(e.start, e.end, e.type) for e in own} for own in both.predict(texts)]
    right = sum(len(own & set(known)) for own, known in zip(found, spans, strict=True))
    by_hand = 2 * right / (sum(map(len, found)) + sum(map(len, spans)))
    assert both.score(texts, spans) == pytest.approx(by_hand)
    assert both.score(["the news"], [[(4, 8, "PER")]]) == 0
    assert both.score(pd.DataFrame({"text": texts, "spans": spans})) == pytest.approx(by_hand)


def test_awkward_texts_alone_together_and_in_any_order(both):
    alone = [both.predict(text) for text in AWKWARD]
    order = list(range(len(AWKWARD)))
    random.Random(3).shuffle(order)
    shuffled = both.predict([AWKWARD[i] for i in order])
    for place, i in enumerate(order):
        assert [(e.start, e.end, e.type) for e in shuffled[place]] == [(e.start, e.end, e.type) for e in alone[i]]
        np.testing.assert_allclose([e.score for e in shuffled[place]], [e.score for e in alone[i]], atol=1e-4)
    assert not alone[0]
    assert not alone[1]
    assert len(alone[8]) > 50


def test_a_long_text_is_found_whole(toy_slm):
    """Names beside each other stand at every distance from the seams."""
    text = "the news of " + "bank card is a good team of " * 60
    made = EntityRecognizer(slm=toy_slm, **SETTINGS | {"epochs": 12}).fit(*marked(60, words=60))
    found = made.predict(text)
    assert all(text[e.start : e.end] == e.text for e in found)
    assert all(a.end <= b.start for a, b in zip(found, found[1:], strict=False))
    assert 110 <= len(found) <= 130
    assert {e.text for e in found} <= set(NAMES)


def test_shapes_in_and_out(both):
    texts = TEST[0][:3]
    series = pd.Series(texts, index=[7, 7, "x"])
    made = both.predict(series)
    assert list(made.index) == [7, 7, "x"]
    assert made.tolist() == both.predict(texts) == both.predict(np.array(texts, dtype=object))
    assert both.predict([]) == []
    assert both.annotate(texts) == [{"entities": [e.to_dict() for e in own]} for own in both.predict(texts)]
    with pytest.raises(InputError, match="row 1 of the texts: not a string but missing"):
        both.predict(["a", None])


def test_a_table_keeps_its_rows(both):
    frame = pd.DataFrame({"text": ["the bank card of", None, " ", 5], "n": [1, 2, 3, 4]}, index=list("abca"))
    made = apply(both, frame)
    assert made.index.tolist() == list("abca")
    assert made["slm_error"].tolist()[1:] == ["missing", "only white space", "not text but int"]
    assert made["entities"].tolist()[0][0]["text"] == "bank card"
    assert "entities" not in frame


def test_saved_and_read_again_it_finds_the_same(both, saved, toy_slm):
    again = EntityRecognizer.load(saved, slm=toy_slm)
    assert again.predict(TEST[0]) == both.predict(TEST[0])
    assert again.fingerprint == both.fingerprint
    assert again.history_ == both.history_
    assert again.get_params()["epochs"] == SETTINGS["epochs"]
    assert EntityRecognizer(model=saved, slm=toy_slm).predict(TEST[0]) == both.predict(TEST[0])
    config = json.loads((saved / "config.json").read_text())
    assert config["kind"] == "recognizer"
    assert config["types"] == ["LOC", "ORG", "PER"]


def test_a_damaged_or_foreign_folder_is_one_clear_error(saved, tmp_path, toy_slm):
    import shutil

    with pytest.raises(CheckpointError, match="it has no config.json"):
        EntityRecognizer.load(tmp_path / "none", slm=toy_slm)
    with pytest.raises(CheckpointError, match="fitted on core toy"):
        load_model(str(saved))
    for change, message in (
        ({"types": ["A", "A", "B"]}, "does not fit its config"),
        ({"head": "other"}, "does not fit its config"),
        ({"types": ["A"]}, "does not fit its config"),
        ({"calibration": {"slope": -1, "bias": 0, "threshold": 0.5}}, "does not fit its config"),
        ({"format": 99}, "newer than this slmkit reads"),
        ({"kind": "reader"}, "holds a reader, expected a recognizer"),
    ):
        folder = tmp_path / "changed"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(saved, folder)
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(CheckpointError, match=message):
            EntityRecognizer.load(folder, slm=toy_slm)
    (folder / "model.safetensors").write_bytes(b"x")
    with pytest.raises(CheckpointError):
        EntityRecognizer.load(folder, slm=toy_slm)


def test_nothing_ships_and_the_remedy_is_named(toy_slm, monkeypatch, tmp_path):
    from slmkit.tasks.knowledge.entities import folders

    monkeypatch.setattr(folders, "weights_folder", lambda name: tmp_path / name)
    with pytest.raises(CheckpointError, match=r"no recognizer is in this installation .*fit one with .*model="):
        EntityRecognizer(slm=toy_slm).predict("Ada")
    with pytest.raises(CheckpointError, match="no recognizer is in this installation"):
        EntityRecognizer.from_types(["drug"], slm=toy_slm)


def test_the_threshold_decides(saved, toy_slm):
    def count(threshold):
        made = EntityRecognizer(model=saved, slm=toy_slm, threshold=threshold)
        return sum(map(len, made.predict(TEST[0])))

    assert count(0.0) >= count(None) > count(1.0) == 0
    for bad in (-0.1, 1.5, True, "high"):
        with pytest.raises(InputError, match="threshold"):
            count(bad)


def test_what_was_thought_of_is_told(saved, toy_slm):
    made = EntityRecognizer(model=saved, slm=toy_slm, rules=[{"label": "NEWS", "pattern": "news"}])
    text = "the bank card of news"
    told = made.explain(text, least=0.0)
    for row in told:
        assert row["text"] == text[row["start"] : row["end"]]
        scores = [each["score"] for each in row["alternatives"]]
        assert scores == sorted(scores, reverse=True)
    by_text = {row["text"]: row for row in told}
    assert by_text["bank card"]["found"]
    assert by_text["bank card"]["alternatives"][0]["type"] == "ORG"
    assert by_text["bank card"]["reason"] == "found"
    assert by_text["news"]["reason"] == "given by a rule"
    assert by_text["news"]["alternatives"][0] == {"type": "NEWS", "score": 1.0}
    assert {row["text"] for row in told if row["found"]} == {e.text for e in made.predict(text)}
    surest = max(row["alternatives"][0]["score"] for row in told if row["reason"] == "found")
    strict = EntityRecognizer(model=saved, slm=toy_slm, threshold=min(1.0, surest + 1e-6)).explain(text, least=0.0)
    assert {row["text"] for row in strict if row["reason"].startswith("below the threshold")} >= {"bank card"}
    made.set_params(rules=[{"pattern": "bank card", "veto": True}])
    assert {r["text"]: r["reason"] for r in made.explain(text)}["bank card"] == "vetoed by a rule"
    with pytest.raises(InputError, match="expected one str"):
        made.explain([text])


def test_nested_spans_are_learned_where_there_are_any(toy_slm):
    texts, spans = marked(120)
    inner = [[*own, *((end - 4, end, "CARD") for _, end, kind in own if kind == "ORG")] for own in spans]
    made = EntityRecognizer(slm=toy_slm, **SETTINGS).fit(texts, inner)
    assert made.model_.nested
    found = made.predict("the bank card of a good team")
    assert [(e.text, e.type) for e in found] == [("bank card", "ORG"), ("card", "CARD"), ("good team", "PER")]
    flat = made.set_params(nested=False).predict("the bank card of a good team")
    assert len(flat) == 2
    with pytest.raises(InputError, match="'tagger' learns no nested spans"):
        EntityRecognizer(slm=toy_slm, head="tagger", **SETTINGS).fit(texts, inner)


def test_a_tagger_refuses_to_find_nested_spans(tagger):
    with pytest.raises(InputError, match="'tagger' finds no nested spans"):
        tagger.model_.read(["the bank"], nested=True)


def test_scikit_learn_manners(both, toy_slm):
    from sklearn.base import clone

    made = clone(both)
    assert not hasattr(made, "model_")
    assert made.slm is toy_slm
    assert made.get_params()["learning_rate"] == SETTINGS["learning_rate"]
    assert "learning_rate=0.003" in repr(made)
    with pytest.raises(ValueError, match="no parameter 'dept'"):
        made.set_params(dept=3)
    assert made.set_params(validation_fraction=0.0, epochs=1).fit(*marked(20)) is made
    assert made.history_ == []


def test_the_model_stands_alone(both, saved, toy_slm):
    model = RecognizerModel.load(saved, slm=toy_slm)
    assert model.read(["the bank card of"]) == both.model_.read(["the bank card of"]) != [[]]
    with pytest.raises(InputError, match="knows its own types only"):
        model.with_types({"a": "b"})
