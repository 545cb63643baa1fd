"""``SpellCorrector``: what it learned is fixed, what is right stays, and every offset holds."""

import json
import threading

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from toy_spelling import pairs

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks import tables
from slmkit.tasks.base import TableTask, load_model, load_task, task_fingerprint
from slmkit.tasks.spelling import Correction, SpellCorrector
from slmkit.tasks.spelling.correction import apply_errors

WRONG = "the team of a news flim good !"
RIGHT = "the team of a news film good !"


def check(made, source):
    """The errors applied to the source are the target, and they are in order and apart."""
    assert made["source"] == source
    assert apply_errors(source, made["errors"]) == made["target"]
    at = 0
    for error in made["errors"]:
        assert at <= error["start"] < error["end"]
        assert source[error["start"] : error["end"]] == error["wrong"] != error["right"]
        assert 0 < error["score"] <= 1
        assert all(error["right"] != other["right"] for other in error["alternatives"])
        at = error["end"]


def test_what_was_learned_is_fixed_and_the_rest_stays(toy_speller):
    wrong, right = pairs(60, seed=5)
    assert toy_speller.score(wrong, right) > 0.95
    assert toy_speller.score(right, right) == 1.0
    made = toy_speller.predict(WRONG)
    check(made, WRONG)
    assert made["target"] == RIGHT
    (error,) = made["errors"]
    assert (error["start"], error["end"], error["wrong"], error["right"]) == (19, 23, "flim", "film")


def test_a_real_word_is_judged_by_its_context(toy_speller):
    assert toy_speller.predict("the team is a news of film bad !")["target"] == "the team is a news of film good !"
    assert toy_speller.predict("the team is a news of film bad ?")["errors"] == []


def test_chinese_is_corrected_character_by_character(toy_speller):
    text = "酒电的房间很大。 上海的书店很好。"
    made = toy_speller.predict(text)
    check(made, text)
    assert made["target"] == "酒店的房间很大。 上海的书店很好。"
    both = "看\u3000the news flim good !酒电的人很好。😀"
    made = toy_speller.predict(both)
    check(made, both)
    assert {error["wrong"] for error in made["errors"]} == {"flim", "电"}


def test_case_layout_and_marks_are_kept(toy_speller):
    text = "  the  team\tof “Flim” good !\r\nTHE TEAM OF NEWS IS FLIM GOOD !\u200b "
    made = toy_speller.predict(text)
    check(made, text)
    assert made["target"] == text.replace("Flim", "Film").replace("FLIM", "FILM")


def test_what_is_safe_is_not_touched(toy_speller):
    text = "the `flim` of https://flim.com/flim @flim flim2 a news camelFlim film good !"
    assert toy_speller.predict(text)["errors"] == []
    own = SpellCorrector(slm=toy_speller.slm, words=["flim"])
    own.model_ = toy_speller.model_
    assert own.predict(WRONG)["errors"] == []
    own.set_params(words=(), patterns=["news flim"])
    assert own.predict(WRONG)["errors"] == []
    own.set_params(patterns=())
    assert own.predict(WRONG)["target"] == RIGHT


def test_other_languages_are_left_alone_and_said_so(toy_speller):
    text = "Ceci n'est pas un flim mais voici encore des mots.\nthe news of a flim good !\nэто не flim совсем другое"
    made = toy_speller.predict(text)
    check(made, text)
    assert [error["start"] for error in made["errors"]] == [text.index("a flim") + 2]
    assert [part["reason"] for part in made["left_alone"]] == ["not English", "another script"]
    assert text[made["left_alone"][0]["start"] : made["left_alone"][0]["end"]].startswith("Ceci")
    assert toy_speller.predict("これはflimです")["left_alone"][0]["reason"] == "Japanese or Korean"
    assert toy_speller.predict("臺灣的藝術與電影學會")["left_alone"][0]["reason"].startswith("Chinese that is not")
    assert toy_speller.annotate(["это не flim совсем другое"])[0]["reason"] == "0-25: another script"


def test_foreign_words_do_not_keep_the_chinese_beside_them(toy_speller):
    text = "酒店的房间wo jintian qu shangdian mai dongxi，酒电很好。"
    made = toy_speller.predict(text)
    assert [error["wrong"] for error in made["errors"]] == ["电"]


def test_one_language_only(toy_speller):
    text = "the news flim good !酒电很好。"
    for language, wanted in (("en", ["flim"]), ("zh", ["电"]), ("auto", ["flim", "电"])):
        corrector = SpellCorrector(language, slm=toy_speller.slm)
        corrector.model_ = toy_speller.model_
        assert [error["wrong"] for error in corrector.predict(text)["errors"]] == wanted


def test_thresholds_trade_fixed_for_broken(toy_speller):
    corrector = SpellCorrector(slm=toy_speller.slm)
    corrector.model_ = toy_speller.model_
    wrong, _ = pairs(60, seed=7)
    counts = [
        sum(len(made["errors"]) for made in corrector.set_params(threshold=threshold).predict(wrong))
        for threshold in (1.0, "careful", "balanced", "eager", 0.01)
    ]
    assert counts == sorted(counts)
    assert counts[-1] > 0
    for bad in (0, 1.5, "bold", True, None):
        with pytest.raises(InputError, match="threshold"):
            corrector.set_params(threshold=bad).predict("a")
    with pytest.raises(InputError, match="language 'fr' is not known"):
        corrector.set_params(threshold=0.5, language="fr").predict("a")


PIECES = ["flim", "the ", "a", " ", "'", "’", "電", "酒电", "好。", "\n", "\u200b", "e\u0301", "😀", "\ud800", "مرحبا"]
PIECES += ["taem", "FLIM", "Flim's", "news ", "flim-flim", "`", "<", "@a", ".", "，", "ﬁ", "\x00", "\ufeff", "th eteam"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_errors_applied_to_the_source_are_the_target(toy_speller, text):
    made = toy_speller.predict(text)
    check(made, text)
    for place in toy_speller.explain(text):
        assert text[place["start"] : place["end"]] == place["text"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "flim " * 3000,
        "酒电" * 3000,
        "x" * 5000,
        "'" * 3000 + "`" * 3000,
        "\u0301" * 5000,
        "a\u200b" * 3000,
        "\u202eflim\u202c good",
        "1 2 3 ４５ -- ??",
    ],
)
def test_bad_input_ends_and_holds(toy_speller, text):
    check(toy_speller.predict(text), text)


def test_alone_and_in_any_company(toy_speller):
    wrong, _ = pairs(12, seed=3)
    together = toy_speller.predict(wrong)
    assert toy_speller.predict(wrong[::-1]) == together[::-1]
    assert [toy_speller.predict(text)["target"] for text in wrong] == [made["target"] for made in together]
    found = {}
    threads = [threading.Thread(target=lambda n=n: found.setdefault(n, toy_speller.predict(wrong))) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(made == together for made in found.values())


def test_shapes_of_input(toy_speller):
    assert isinstance(toy_speller.predict(WRONG), Correction)
    assert json.loads(json.dumps(toy_speller.predict(WRONG)))["target"] == RIGHT
    assert toy_speller.predict([]) == []
    frame = toy_speller.predict(pd.Series([WRONG, "a"], index=[7, 7]))
    assert frame.index.tolist() == [7, 7]
    assert frame.columns.tolist() == ["source", "target", "errors"]
    assert frame["target"].tolist() == [RIGHT, "a"]
    with pytest.raises(InputError, match="row 1 of the texts"):
        toy_speller.predict(["a", None])


def test_a_table_is_annotated(toy_speller):
    assert isinstance(toy_speller, TableTask)
    frame = pd.DataFrame({"text": [WRONG, None, "a film", float("nan"), 5, ""]}, index=list("abcabc"))
    made = tables.apply(toy_speller, frame)
    assert made.index.equals(frame.index)
    assert made["target"].iloc[0] == RIGHT
    assert json.loads(made["errors"].iloc[0])[0]["right"] == "film"
    assert made["errors"].iloc[2] == "[]"
    assert made["slm_error"].isna().tolist() == [True, False, True, False, False, False]
    other = SpellCorrector(slm=toy_speller.slm, words=["flim"])
    other.model_ = toy_speller.model_
    assert task_fingerprint(other) != task_fingerprint(toy_speller)


def test_explain_names_alternatives_and_reasons(toy_speller):
    (place,) = [place for place in toy_speller.explain(WRONG) if place["changed"]]
    assert (place["text"], WRONG[place["start"] : place["end"]]) == ("flim", "flim")
    best = place["alternatives"][0]
    assert (best["right"], best["reason"]) == ("film", "taught by your pairs")
    assert {"flim"} <= {each["right"] for each in place["alternatives"]}
    assert sum(each["score"] for each in place["alternatives"]) <= 1.001
    with pytest.raises(InputError, match="expected one str"):
        toy_speller.explain(["a"])


def test_saved_and_loaded_it_says_the_same(toy_speller, toy_slm, tmp_path):
    toy_speller.save(tmp_path / "speller")
    again = SpellCorrector.load(tmp_path / "speller", slm=toy_slm)
    wrong, _ = pairs(20, seed=9)
    assert again.predict(wrong) == toy_speller.predict(wrong)
    assert again.fingerprint == toy_speller.fingerprint
    task = SpellCorrector(model=tmp_path / "speller", slm=toy_slm)
    assert task.predict(WRONG)["target"] == RIGHT
    config = json.loads((tmp_path / "speller" / "config.json").read_text())
    assert config["kind"] == "speller"
    for change, said in (
        ({"format": 99}, "newer than this slmkit"),
        ({"core": "other"}, "was fitted on core other"),
        ({"features": ["kept"]}, "does not fit its config"),
        ({"kind": "reader"}, "holds a reader"),
        ({"temperature": 0}, "does not fit its config"),
    ):
        (tmp_path / "speller" / "config.json").write_text(json.dumps({**config, **change}))
        with pytest.raises(CheckpointError, match=said):
            SpellCorrector.load(tmp_path / "speller", slm=toy_slm)


def test_it_goes_on_from_a_saved_one(toy_speller, toy_slm, tmp_path):
    toy_speller.save(tmp_path / "speller")
    more = SpellCorrector(model=tmp_path / "speller", slm=toy_slm)
    wrong = ["the bnak of a card film good !", "a news of the bnak film bad ?"] * 8
    more.fit(wrong, [text.replace("bnak", "bank") for text in wrong], epochs=4, learning_rate=1e-3)
    assert more.predict("the bnak news flim bad ?")["target"] == "the bank news film bad ?"
    assert more.model_.about["from"] == toy_speller.model_.fingerprint
    assert more.model_.depth == toy_speller.model_.depth


def test_without_a_speller_the_remedy_is_named(toy_speller, toy_slm, tmp_path, monkeypatch):
    monkeypatch.setattr("slmkit.tasks.spelling.corrector.shipped_speller", lambda: tmp_path / "none")
    with pytest.raises(CheckpointError, match=r"no speller is in this installation.*SpellCorrector\(\)\.fit"):
        SpellCorrector(slm=toy_slm).predict("a")
    toy_speller.save(tmp_path / "none")
    assert SpellCorrector(slm=toy_slm).predict(WRONG)["target"] == RIGHT


def test_tasks_know_it(toy_speller, toy_slm, tmp_path, monkeypatch):
    monkeypatch.setattr("slmkit.core.load", lambda path=None: toy_slm)
    toy_speller.save(tmp_path / "speller")
    task = load_task("correct", model=str(tmp_path / "speller"), threshold="careful", words=["flim"])
    assert (task.name, task.threshold, task.predict(WRONG)["errors"]) == ("correct", "careful", [])
    assert load_model(str(tmp_path / "speller")).predict(WRONG)["target"] == RIGHT
    with pytest.raises(InputError, match="correct has no option 'colour'"):
        load_task("correct", colour=1)


def test_what_cannot_be_learned_from(toy_slm):
    new = SpellCorrector(slm=toy_slm)
    frame = pd.DataFrame({"wrong": ["a"], "good": ["b"]})
    for arguments, options, said in (
        ((["a"], ["a"]), {}, "there is nothing to learn from"),
        ((["a"], ["a", "b"]), {}, "1 wrong texts and 2 right ones"),
        ((frame,), {}, "got a frame with wrong, good"),
        ((["teh"], ["the"]), {"colour": 1}, "fit has no option 'colour'; its options are: batch_tokens, depth"),
        ((["teh"], ["the"]), {"depth": 9}, "depth 9: the core has 4 layers"),
        ((["teh"], [None]), {}, "row 0 of the texts"),
    ):
        with pytest.raises(InputError, match=said):
            new.fit(*arguments, **options)
    assert not hasattr(new, "model_")


def test_a_frame_teaches_too(toy_slm):
    wrong, right = pairs(24)
    frame = pd.DataFrame({"wrong": wrong, "right": right})
    made = SpellCorrector(slm=toy_slm, random_state=3).fit(frame, depth=1, epochs=1)
    again = SpellCorrector(slm=toy_slm, random_state=3).fit(wrong, right, depth=1, epochs=1)
    assert made.model_.fingerprint == again.model_.fingerprint
    assert made.history_


def test_scikit_learn_manners(toy_speller):
    copied = clone(SpellCorrector("en", 0.4, words=["a"], slm=toy_speller.slm))
    assert copied.get_params() == SpellCorrector("en", 0.4, words=["a"], slm=toy_speller.slm).get_params()
    assert copied.slm is toy_speller.slm
    assert not hasattr(copied, "model_")
    assert repr(SpellCorrector("en", words=["a"])) == "SpellCorrector(language='en', words=['a'])"
    with pytest.raises(ValueError, match="no parameter 'colour'"):
        copied.set_params(colour=1)
    with pytest.raises(InputError, match="nothing to score"):
        toy_speller.score([], [])


def test_errors_that_are_not_the_texts_are_refused():
    error = {"start": 0, "end": 1, "wrong": "a", "right": "b"}
    assert apply_errors("ac", [error]) == "bc"
    for text, errors in (("xc", [error]), ("ac", [error, error]), ("", [error])):
        with pytest.raises(InputError, match="not its errors"):
            apply_errors(text, errors)
