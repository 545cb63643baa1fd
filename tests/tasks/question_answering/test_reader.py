"""``Reader``: exact spans, one scale for all passages, abstaining, forms of in- and output, saved and damaged files."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from toy_questions import ASKED, questions

from slmkit.core import SLM
from slmkit.errors import CheckpointError, InputError
from slmkit.runtime import float_copy
from slmkit.tasks import kept_fit
from slmkit.tasks.question_answering import Reader, ReadingModel

KEYS = ["answer", "score", "start", "end", "passage", "reason"]
AWKWARD = [
    "bad\x00\x07\x1b[0m card good \x00",
    "half \ud800 of a card film \udfff",
    "😀👨‍👩‍👧 card 😀 movie",
    "card\r\n\r\ngood\tnews",
    "  card   good  ",
    "▁ <▁mask> card bad </▁s>",
    "，。！card good，。！",
]


def test_it_learns_and_its_spans_slice_to_the_answer(toy_reader):
    asked, passages, answers = questions(48, seed=1)
    assert toy_reader.score(asked, passages, answers) > 0.75
    for found, passage in zip(toy_reader.predict(asked, passages), passages, strict=True):
        assert list(found) == KEYS
        assert 0 <= found["score"] <= 1
        if found["answer"] is None:
            assert found["reason"] == "no answer in the passages"
            assert found["start"] is found["end"] is found["passage"] is None
        else:
            assert passage[found["start"] : found["end"]] == found["answer"]
    assert toy_reader.history_[-1]["f1"] > toy_reader.history_[0]["f1"] - 0.2
    assert 0.2 <= toy_reader.model_.temperature <= 10
    assert toy_reader.model_.about["held_back"] >= 20


def test_it_abstains_where_there_is_no_answer(toy_reader):
    asked, passages, answers = questions(40, seed=2)
    found = toy_reader.predict(asked, passages)
    without = [one["answer"] is None for one, right in zip(found, answers, strict=True) if not right]
    assert np.mean(without) >= 0.7
    none = [one for one in found if one["answer"] is None]
    assert all(one["score"] > toy_reader.model_.threshold for one in none)


def test_all_passages_are_on_one_scale(toy_reader):
    empty = ["the news of the bank is the news of a team", "a team of the bank is sport"]
    good = "the news is the card good of the team is a bank"
    alone = toy_reader.predict(ASKED, good)
    together = toy_reader.predict(ASKED, [*empty, good], n_best=5)
    best = together[0]
    assert (alone["answer"], best["answer"], best["passage"]) == ("good", "good", 2)
    assert (best["start"], best["end"]) == (alone["start"], alone["end"])
    assert best["score"] <= alone["score"]
    assert sum(one["score"] for one in together) <= 1 + 1e-6
    assert sorted((one["score"] for one in together[:-1]), reverse=True) == [one["score"] for one in together[:-1]]
    assert together[-1]["answer"] is None
    spans = [(one["passage"], one["start"], one["end"]) for one in together[:-1]]
    assert all(p != q or a >= d or c >= b for i, (p, a, b) in enumerate(spans) for q, c, d in spans[:i])
    assert toy_reader.predict(ASKED, empty)["answer"] is None
    assert toy_reader.predict(ASKED, empty, n_best=3)[0]["answer"] is None


def test_alone_in_a_batch_and_in_any_order_it_is_the_same(toy_reader):
    asked, passages, _ = questions(12, seed=3, length=30)
    passages += ["the " * 200 + "card film " + "of " * 100, *AWKWARD]
    asked = [ASKED] * len(passages)
    together = toy_reader.predict(asked, passages)
    backwards = toy_reader.predict(asked[::-1], passages[::-1])[::-1]
    for passage, one, other in zip(passages, together, backwards, strict=True):
        alone = toy_reader.predict(ASKED, passage)
        for found in (one, other):
            assert {k: v for k, v in found.items() if k != "score"} == {k: v for k, v in alone.items() if k != "score"}
            assert found["score"] == pytest.approx(alone["score"], abs=1e-4)


@pytest.mark.parametrize("passage", AWKWARD)
def test_awkward_passages_keep_exact_characters(toy_reader, passage):
    found = [one for one in toy_reader.predict(ASKED, passage, n_best=9) if one["answer"] is not None]
    assert found
    for one in found:
        assert passage[one["start"] : one["end"]] == one["answer"] == one["answer"].strip() != ""


def test_a_long_passage_is_read_to_its_end(toy_reader):
    passage = "the news of a team is " * 400 + "the card movie of the bank"
    found = toy_reader.predict(ASKED, passage)
    assert (found["answer"], found["start"]) == ("movie", passage.index("movie"))
    assert len(toy_reader.model_.slm.tokenizer.encode(passage)) > 2000


def test_what_cannot_be_read_says_why(toy_reader):
    good = "the card good of the team"
    asked = [ASKED, None, "", float("nan"), pd.NA, 3, ASKED, ASKED, ASKED, ASKED, ASKED]
    given = [good, good, good, good, good, good, None, " \u200b", [], [None, good], 7]
    found = toy_reader.predict(asked, given)
    assert [one["reason"] for one in found] == [
        None,
        "question: missing",
        "question: empty",
        "question: missing",
        "question: missing",
        "question: not text but int",
        "passage: missing",
        "passage: only white space",
        "passage: there is none",
        None,
        "passage: not text but int",
    ]
    assert found[1] == {**dict.fromkeys(KEYS), "reason": "question: missing"}
    assert (found[9]["answer"], found[9]["passage"]) == (found[0]["answer"], 1)
    assert toy_reader.predict(None, good)["reason"] == "question: missing"
    assert toy_reader.predict([], []) == []


def test_series_and_frames_keep_their_index(toy_reader):
    _, passages, _ = questions(4, seed=1)
    passages[2] = None
    index = pd.Index(["b", "a", "a", "c"])
    frame = pd.DataFrame({"question": [ASKED] * 4, "passage": passages}, index=index)
    before = frame.copy()
    made = toy_reader.predict(frame)
    assert made.index.equals(index)
    assert list(made.columns) == KEYS
    assert made["reason"].iloc[2] == "passage: missing"
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(toy_reader.predict(frame["question"], frame["passage"]), made)
    several = toy_reader.predict(frame["question"], frame["passage"], n_best=3)
    assert several.index.equals(index)
    assert [len(each) for each in several][2] == 1
    with pytest.raises(InputError, match="different indexes"):
        toy_reader.predict(frame["question"], frame["passage"].iloc[::-1])


@pytest.mark.parametrize("n_best", [0, -1, 1.5, True, "2"])
def test_wrong_arguments(toy_reader, n_best):
    with pytest.raises(InputError, match="n_best"):
        toy_reader.predict(ASKED, "x", n_best=n_best)


def test_wrong_shapes(toy_reader):
    with pytest.raises(InputError, match="needs a passage"):
        toy_reader.predict(ASKED)
    with pytest.raises(InputError, match="2 questions and 1 passages"):
        toy_reader.predict([ASKED, ASKED], ["x"])
    with pytest.raises(NotFittedError):
        Reader().predict(ASKED, "x")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"depth": 9}, "depth 9: the core has 4 layers"),
        ({"epochs": 0}, "epochs 0"),
        ({"learning_rate": 0}, "learning_rate 0"),
        ({"max_length": 500}, "max_length 500: give 32 to 128"),
        ({"max_answer": 0}, "max_answer 0"),
        ({"abstain": 1}, "abstain 1"),
        ({"validation_fraction": 1.0}, "validation_fraction 1.0"),
        ({"dropout": -1}, "dropout -1"),
        ({"minutes": 0}, "minutes 0"),
    ],
)
def test_settings_out_of_range(toy_slm, setting, said):
    with pytest.raises(InputError, match=said):
        Reader(slm=toy_slm, **{"depth": 1, **setting}).fit(*questions(8))


def small(slm, **settings):
    return Reader(slm=slm, **{"depth": 1, "epochs": 1, "max_length": 64, "random_state": 0, **settings})


def test_what_it_cannot_learn_from_is_left_out_with_a_warning(toy_slm):
    asked, passages, answers = questions(8)
    answers[1] = ["nowhere"]
    passages[2], answers[2] = "the film " * 60, ["the film " * 59 + "the film"]
    with pytest.warns(UserWarning, match="left out of training") as caught:
        model = small(toy_slm).fit(asked, passages, answers).model_
    said = [str(one.message) for one in caught]
    assert any(text.startswith("row 1: no answer that is given stands in the passage") for text in said)
    assert any(text.startswith("row 2: the answer is too long for a window") for text in said)
    assert (model.about["rows"], model.about["left_out"]) == (6, 2)
    with pytest.raises(InputError, match="nothing to learn from"):
        small(toy_slm).fit(["q"], ["p"], [["x"]])


def test_same_seed_same_reader_and_weights_and_others_count(toy_slm):
    data = questions(16)
    first, again = (small(toy_slm).fit(*data).model_ for _ in range(2))
    assert first.fingerprint == again.fingerprint
    assert (first.temperature, first.threshold) == (1.0, 0.5)  # nothing was held back
    weighed = small(toy_slm).fit(*data, sample_weight=[3.0] * 4 + [0.1] * 12).model_
    given = small(toy_slm).fit(*data, others=[["the news of the sport"]] * 16).model_
    other = small(toy_slm, random_state=1).fit(*data).model_
    assert len({first.fingerprint, weighed.fingerprint, given.fingerprint, other.fingerprint}) == 4
    with pytest.raises(InputError, match="16 questions and 1 entries of others"):
        small(toy_slm).fit(*data, others=[[]])


def test_a_fit_begins_where_another_reader_ended(toy_reader, toy_slm, tmp_path):
    asked = questions(24, seed=5)
    settings = {"depth": 2, "epochs": 1, "learning_rate": 1e-6, "max_length": 64, "mine": False}
    toy_reader.save(tmp_path / "reader")
    scores = {}
    for begin in (None, toy_reader, tmp_path / "reader"):
        made = small(toy_slm, **settings).fit(*asked, begin=begin)
        scores[begin] = made.score(*asked)
    assert made.model_.about["begin"]["fingerprint"] == toy_reader.fingerprint
    assert made.model_.about["begin"]["recipe"]["epochs"] == 8
    assert scores[toy_reader] == scores[tmp_path / "reader"] == pytest.approx(toy_reader.score(*asked), abs=0.1)
    assert scores[toy_reader] > scores[None] + 0.3
    assert small(toy_slm, **settings).fit(*asked, begin=toy_reader.model_).score(*asked) == scores[toy_reader]
    with pytest.raises(InputError, match="begin: got int, expected a fitted Reader"):
        small(toy_slm, **settings).fit(*asked, begin=5)
    with pytest.raises(InputError, match="depth 1: the reader to begin with has 2 layers"):
        small(toy_slm, **settings | {"depth": 1}).fit(*asked, begin=toy_reader)
    folder = tmp_path / "run"
    small(toy_slm, **settings).fit(*asked, begin=toy_reader, folder=folder)
    with pytest.raises(CheckpointError, match="holds a fit of other texts or settings"):
        small(toy_slm, **settings).fit(*asked, folder=folder)


def test_a_fit_that_was_cut_off_goes_on(toy_slm, tmp_path, monkeypatch):
    data, settings = questions(48), {"epochs": 3, "batch_tokens": 256, "validation_fraction": 0.3}
    whole = small(toy_slm, **settings).fit(*data)
    steps = whole.history_[-1]["step"]
    seen = []

    def stopping(step):
        seen.append(step)
        if len(seen) == steps // 2 + 2:
            raise RuntimeError("killed")

    step = kept_fit.Report.step
    monkeypatch.setattr(kept_fit, "SAVE_EVERY", 2)
    monkeypatch.setattr(kept_fit.Report, "step", lambda self, done, loss: (stopping(done), step(self, done, loss)))
    with pytest.raises(RuntimeError, match="killed"):
        small(toy_slm, **settings).fit(*data, folder=tmp_path / "run")
    assert seen[-1] == steps // 2 + 2
    resumed = small(toy_slm, **settings).fit(*data, folder=tmp_path / "run")
    assert seen[steps // 2 + 2] > 1  # not from the beginning
    assert resumed.history_ == whole.history_
    assert resumed.fingerprint == whole.fingerprint
    again = small(toy_slm, **settings).fit(*data, folder=tmp_path / "run")
    assert again.fingerprint == whole.fingerprint
    with pytest.raises(CheckpointError, match="holds a fit of other texts or settings"):
        small(toy_slm, **settings).fit(*questions(48, seed=1), folder=tmp_path / "run")
    (tmp_path / "run" / "looks.json").write_text("{")
    with pytest.raises(CheckpointError, match="looks.json is damaged"):
        small(toy_slm, **settings).fit(*data, folder=tmp_path / "run")


def test_minutes_shorten_the_training(toy_slm, capsys):
    model = small(toy_slm, epochs=500, minutes=1e-6, verbose=1).fit(*questions(8)).model_
    assert model.about["history"] == []
    assert "1 steps of 4,096 tokens" in " ".join(capsys.readouterr().err.split())


def test_scikit_learn_can_copy_it(toy_reader):
    copied = clone(toy_reader)
    assert copied.get_params() == toy_reader.get_params()
    assert copied.slm is toy_reader.slm
    assert not hasattr(copied, "model_")


def test_saved_and_read_again_it_answers_alike(toy_reader, toy_slm, tmp_path):
    toy_reader.save(tmp_path / "reader")
    loaded = Reader.load(tmp_path / "reader", slm=toy_slm)
    data = questions(12, seed=4)[:2]
    assert loaded.predict(*data) == toy_reader.predict(*data)
    assert loaded.fingerprint == toy_reader.fingerprint
    assert loaded.get_params()["epochs"] == 8
    assert loaded.history_ == toy_reader.history_
    assert {path.name for path in (tmp_path / "reader").iterdir()} == {"README.md", "config.json", "model.safetensors"}


def test_it_is_bound_to_its_core_and_damage_is_named(toy_reader, toy_slm, tmp_path):
    folder = tmp_path / "reader"
    toy_reader.save(folder)
    other = SLM(toy_slm.config, toy_slm.tokenizer, float_copy(toy_slm.encoder), fingerprint="another")
    with pytest.raises(CheckpointError, match="was fitted on core toy, this core is another"):
        ReadingModel.load(folder, slm=other)
    config = json.loads((folder / "config.json").read_text())

    def spoiled(**changes):
        (folder / "config.json").write_text(json.dumps({**config, **changes}))
        with pytest.raises(CheckpointError) as caught:
            Reader.load(folder, slm=toy_slm)
        return str(caught.value)

    assert "is newer than this slmkit reads" in spoiled(format=99)
    assert "holds a classifier, expected a reader" in spoiled(kind="classifier")
    assert "does not fit its config" in spoiled(depth=1)
    assert "does not fit its config" in spoiled(max_length=9999)
    assert "does not fit its config" in spoiled(temperature=0)
    assert "its settings cannot be read" in spoiled(about={"settings": {"colour": 1}})
    (folder / "config.json").write_text(json.dumps(config))
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])
    with pytest.raises(CheckpointError, match="model.safetensors is damaged"):
        Reader.load(folder, slm=toy_slm)
    with pytest.raises(CheckpointError, match="no saved reader"):
        Reader.load(tmp_path / "nothing", slm=toy_slm)


@pytest.mark.parametrize("precision", ["int8", "bf16"])
def test_other_precisions_find_the_same_answers(toy_reader, toy_slm, tmp_path, precision):
    toy_reader.save(tmp_path / "reader")
    core = SLM(toy_slm.config, toy_slm.tokenizer, float_copy(toy_slm.encoder), fingerprint="toy", precision=precision)
    data = questions(24, seed=5)[:2]
    right = [found["answer"] for found in toy_reader.predict(*data)]
    found = [found["answer"] for found in Reader.load(tmp_path / "reader", slm=core).predict(*data)]
    assert np.mean([a == b for a, b in zip(right, found, strict=True)]) > 0.8


def test_long_questions_are_said_to_be_cut(toy_reader):
    with pytest.warns(UserWarning, match="1 of the questions are longer than 16 tokens"):
        toy_reader.predict("the card " * 60 + "?", "the card good")
