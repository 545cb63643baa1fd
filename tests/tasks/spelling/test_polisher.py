import json

import pandas as pd
import pytest

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks import tables
from slmkit.tasks.base import TableTask
from slmkit.tasks.spelling import Diff, Polisher
from slmkit.tasks.spelling.correction import apply_errors
from slmkit.tasks.spelling.edits import edits_between
from tests.conftest import make_toy_slm

WRONG = ["the team is is good", "the film of bank is bad", "a bad movie is news", "酒店的服务很很好！"] * 4
RIGHT = ["the team is good", "the film of the bank is bad", "a bad movie is news", "酒店的服务很好！"] * 4
QUICK = {"epochs": 40, "depth": 2, "learning_rate": 4e-3, "batch_tokens": 80, "target": 40, "held_back": 0.0}


@pytest.fixture(scope="module")
def core():
    return make_toy_slm(decoder=True)


@pytest.fixture(scope="module")
def polisher(core):
    return Polisher(spelling=False, slm=core).fit(WRONG, RIGHT, **QUICK)


def test_a_fit_learns_its_pairs_as_edits(polisher):
    made = polisher.predict(WRONG[:4])
    assert [each["target"] for each in made] == RIGHT[:4]
    (doubled,), (missing,), none, (chinese,) = (each["errors"] for each in made)
    assert none == []
    assert (doubled["reason"], chinese["reason"]) == ("repeated word", "repeated word")
    assert missing["wrong"] == ""
    assert missing["right"] == " the"
    assert missing["reason"] == "missing article"
    assert all(0.8 <= each["score"] <= 1 for each in (doubled, missing, chinese))
    for each in made:
        assert apply_errors(each["source"], each["errors"]) == each["target"]
    assert polisher.predict(WRONG[0]) == made[0]


def test_sentences_of_a_document_keep_their_places_and_its_layout(polisher):
    text = f"  {WRONG[0]}.\n\n\t{WRONG[3]}{WRONG[2]}  \n12345\n"
    made = polisher.predict(text)
    assert apply_errors(text, made["errors"]) == made["target"]
    assert made["target"].startswith("  ")
    assert made["target"].endswith("  \n12345\n")
    assert made["target"].count("\n") == text.count("\n")
    assert "很好！" in made["target"]
    assert "很很" not in made["target"]


def test_the_threshold_decides_what_is_made(polisher):
    strict = Polisher(1.0, spelling=False, slm=polisher.slm)
    strict.model_ = polisher.model_
    assert [each["target"] for each in strict.predict(WRONG[:4])] == WRONG[:4]
    for threshold in ("bold", 0, 1.5, True, None):
        strict.threshold = threshold
        with pytest.raises(InputError, match="threshold"):
            strict.predict("x")


def test_what_must_stay_stays(polisher):
    guarded = Polisher(spelling=False, patterns=[r"is is"], slm=polisher.slm)
    guarded.model_ = polisher.model_
    assert guarded.predict(WRONG[0])["target"] == WRONG[0]
    japanese = "これは映画です。"
    made = polisher.predict(f"{japanese}\n{WRONG[0]}")
    assert made["target"] == f"{japanese}\n{RIGHT[0]}"
    assert made["left_alone"] == [{"start": 0, "end": 8, "reason": "Japanese or Korean"}]
    long = "the bank " * 400
    assert polisher.predict(long)["left_alone"][0]["reason"].startswith("a sentence of more than")
    for text in ("", " ", "12 + 3", "…", "\u200b"):
        assert polisher.predict(text)["target"] == text


def test_names_and_numbers_are_neither_brought_nor_taken():
    from slmkit.tasks.spelling.edits import Edit
    from slmkit.tasks.spelling.polisher import Sentence, _allowed

    sentence = Sentence(0, 0, "In 1999 I met Mary in Paris")
    edits = [
        Edit(3, 7, "1998", "wording"),
        Edit(14, 18, "her", "wording"),
        Edit(22, 27, "Paris,", "punctuation"),
        Edit(19, 21, "at", "preposition"),
        Edit(8, 9, "i", "capital"),
        Edit(0, 2, "During", "wording"),
        Edit(27, 27, " London", "missing word"),
    ]
    kept = _allowed(sentence, [(edit, 1.0) for edit in edits], [])
    assert [edit.right for edit, _ in kept] == ["at", "i", "During"]


def test_frames_tables_and_saved_polishers(polisher, core, tmp_path):
    frame = polisher.predict(pd.Series(WRONG[:2], index=["x", "x"]))
    assert list(frame.columns) == ["source", "target", "errors"]
    assert list(frame.index) == ["x", "x"]
    assert isinstance(polisher, TableTask)
    table = tables.apply(polisher, pd.DataFrame({"text": [WRONG[0], None, WRONG[2]]}))
    assert table["target"].tolist()[0] == RIGHT[0]
    assert json.loads(table["errors"].iloc[0])[0]["reason"] == "repeated word"
    assert "[-" in str(Diff(polisher.predict(WRONG[:2])))
    assert str(Diff(polisher.predict(WRONG[1]))) == "the film of{+ the+} bank is bad"
    assert "<del" not in Diff(polisher.predict(WRONG[1])).to_html()
    polisher.save(tmp_path / "own")
    loaded = Polisher.load(tmp_path / "own", slm=core)
    assert loaded.spelling is False
    assert loaded.predict(WRONG) == polisher.predict(WRONG)
    assert loaded.fingerprint == polisher.fingerprint


def test_a_core_that_was_not_taught_says_so(core):
    with pytest.raises(CheckpointError, match="not taught to polish"):
        Polisher(slm=core, spelling=False).predict("the film")
    with pytest.raises(InputError, match="columns wrong and right"):
        Polisher(slm=core).fit(pd.DataFrame({"a": [1]}))


def test_only_a_fitted_polisher_takes_words_away_that_say_something(core, polisher):
    class Told(Polisher):
        def _edits(self, sentences):
            return [[(edit, 1.0) for edit in edits_between(each, "he helps with the")] for each in sentences]

    told = Told(spelling=False, slm=core)
    assert told.predict("he help with the report")["target"] == "he helps with the report"
    told.model_ = polisher.model_
    assert told.predict("he help with the report")["target"] == "he helps with the"
