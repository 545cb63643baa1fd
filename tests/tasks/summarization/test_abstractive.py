import json

import pytest

from slmkit.errors import InputError
from slmkit.tasks.base import load_model
from slmkit.tasks.summarization import Summarizer
from slmkit.tasks.summarization.length import Length
from slmkit.tasks.summarization.writing import shortened
from tests.tasks.summarization.conftest import NEWS, NEWS_ZH

GOOD = "the bridge in Ashford closes for six weeks."
BAD = "the bridge in Oxford closes for nine weeks."
WORSE = "the bridge in Oxford closes for nine weeks in 1999."


def test_a_decoder_writes_where_it_is_asked_to(told, writing_slm):
    writer = told([GOOD])
    made = Summarizer("abstractive", slm=writing_slm).summarize(NEWS)
    assert (made.text, made.method, made.flags, made.read) == (GOOD, "abstractive", (), 1.0)
    texts, start, settings = writer.asked[0]
    assert (texts, start) == ([NEWS], "summarize")
    assert settings["num_beams"] == settings["num_return_sequences"] == 4
    assert Summarizer("abstractive", style="title", slm=writing_slm).predict(NEWS) == GOOD
    assert writer.asked[1][1] == "title"
    assert Summarizer("extractive", slm=writing_slm).summarize(NEWS).method == "extractive"
    taken = Summarizer(slm=writing_slm).summarize(NEWS)  # "auto" waits for a fit
    assert (taken.method, len(writer.asked)) == ("extractive", 2)
    assert Summarizer(slm=writing_slm).predict(["", "One sentence."]) == ["", "One sentence."]


def test_each_written_sentence_names_what_supports_it(told, writing_slm):
    told(["The bridge closes. A ferry sails."])
    made = Summarizer("abstractive", slm=writing_slm).summarize(NEWS)
    assert [sentence.text for sentence in made.sentences] == ["The bridge closes.", "A ferry sails."]
    for sentence in made.sentences:
        assert made.text[sentence.start : sentence.end] == sentence.text
        assert 1 <= len(sentence.supports) <= 3
        found = [support.similarity for support in sentence.supports]
        assert found == sorted(found, reverse=True)
        assert all(NEWS[support.start : support.end] == support.text for support in sentence.supports)


def test_the_best_without_flags_is_taken(told, writing_slm):
    writer = told([BAD, WORSE, "", GOOD + " …", GOOD])
    assert Summarizer("abstractive", slm=writing_slm).predict(NEWS) == GOOD
    assert len(writer.asked) == 1
    made = Summarizer("abstractive", slm=writing_slm, faithful=False).summarize(NEWS)
    assert [flag.text for flag in made.flags] == ["Oxford", "nine"]
    assert (made.text, made.notes) == (BAD, ())


def test_what_is_flagged_is_forbidden_and_written_again(told, writing_slm):
    writer = told([WORSE], [GOOD])
    assert Summarizer("abstractive", slm=writing_slm).predict(NEWS) == GOOD
    assert writer.asked[1][2]["forbidden"] == ["1999", "Oxford", "nine"]


def test_where_all_are_flagged_the_least_flagged_is_shown_with_its_flags(told, writing_slm):
    told([WORSE, BAD])
    kept = Summarizer("abstractive", slm=writing_slm).summarize(NEWS)
    assert (kept.text, kept.method) == (BAD, "abstractive")
    assert [(flag.text, flag.kind) for flag in kept.flags] == [("Oxford", "name"), ("nine", "number")]
    assert kept.notes[0].startswith("every try held names or numbers")
    assert 'title="name not in the source"' in kept._repr_html_()
    row = Summarizer("abstractive", slm=writing_slm).annotate([NEWS])[0]
    assert (row["summary"], row["flags"]) == (BAD, "Oxford; nine")


def test_where_nothing_is_written_sentences_are_taken(told, writing_slm):
    told(["", "  "])
    taken = Summarizer("abstractive", slm=writing_slm).summarize(NEWS)
    assert (taken.method, taken.flags) == ("extractive", ())
    assert taken.notes == ("nothing was written that the text bears out: its own sentences were taken",)


@pytest.mark.parametrize("text", [NEWS, NEWS_ZH])
def test_of_a_long_text_the_most_salient_sentences_are_read(told, writing_slm, text):
    writer = told(["the bank"])
    made = Summarizer("abstractive", slm=writing_slm, max_source_tokens=300).summarize(text * 5)
    (source,) = writer.asked[0][0]
    assert len(writing_slm.tokenizer.encode(source)) <= 300
    assert source.startswith(text.split("\n")[0])
    assert made.read == pytest.approx(len(source) / len(text * 5))
    assert "were read" in made.notes[0]
    assert made.sentences[0].supports


def test_asked_lengths_bound_what_is_written(told, writing_slm):
    writer = told(["One two three. Four five six. Seven."])
    for wish, text in (
        ({"sentences": 2}, "One two three. Four five six."),
        ({"words": 6}, "One two three. Four five six."),
        ({"words": 5}, "One two three."),
        ({"words": 2}, "One two"),
    ):
        made = Summarizer("abstractive", faithful=False, slm=writing_slm, **wish).predict(NEWS)
        assert made == text
    assert [asked[2]["max_new_tokens"] for asked in writer.asked] == [127, 11, 10, 5]


def test_shortening():
    assert shortened(" 一二三。四五。 ", Length(words=4)) == "一二三。"
    assert shortened("一二三四", Length(words=2)) == "一二"
    assert shortened("a b", Length()) == "a b"
    assert shortened("  ", Length(1)) == ""


def test_a_random_decoder_writes_the_same_alone_and_in_a_batch(writing_slm):
    texts = [NEWS, "the film is good . a bad bank !", NEWS_ZH * 4, "", "One.", "😀" * 300 + ". b."]
    for wish in ({}, {"words": 6}, {"style": "title"}):
        made = Summarizer("abstractive", num_beams=2, slm=writing_slm, **wish)
        alone = [made.predict(text) for text in texts]
        assert made.predict(texts) == alone
        assert made.predict(texts[::-1]) == alone[::-1]


def test_a_decoder_that_was_not_taught_to(writing_slm):
    starts = dict(writing_slm.writer.starts)
    writing_slm.decoder.config.starts.pop("summarize")
    try:
        assert Summarizer(slm=writing_slm).summarize(NEWS).method == "extractive"
        with pytest.raises(InputError, match="not taught to 'summarize'"):
            Summarizer("abstractive", slm=writing_slm).summarize(NEWS)
    finally:
        writing_slm.decoder.config.starts.update(starts)


PAIRS = (
    ["the good film of the bank", "a bad movie is news", "酒店很好，服务不差！", "the team of the bank"] * 3,
    ["good film", "bad movie", "酒店好", "the team"] * 3,
)
QUICK = {"epochs": 20, "depth": 2, "learning_rate": 4e-3, "batch_tokens": 60, "target": 30, "held_back": 0.0}


@pytest.mark.parametrize("decoder", [True, False])
def test_it_learns_from_pairs_and_is_saved(decoder, toy_slm, writing_slm, tmp_path):
    core = writing_slm if decoder else toy_slm
    made = Summarizer(style="title", num_beams=2, slm=core)
    assert made.fit(*PAIRS, **QUICK) is made
    assert made.predict(PAIRS[0]) == PAIRS[1]
    assert made.summarize(PAIRS[0][0]).method == "abstractive"
    made.save(tmp_path)
    loaded = Summarizer.load(tmp_path, slm=core)
    assert loaded.get_params() == made.get_params()
    assert (loaded.fingerprint, loaded.predict(PAIRS[0])) == (made.fingerprint, PAIRS[1])
    assert json.loads((tmp_path / "config.json").read_text())["about"]["task"] == "summarize"
    assert made.set_params(method="extractive").summarize(NEWS).method == "extractive"


def test_a_saved_summarizer_is_a_model_for_tables(writing_slm, tmp_path, monkeypatch):
    monkeypatch.setattr("slmkit.tasks.saved_part.load_core", lambda *_: writing_slm)
    monkeypatch.setattr("slmkit.core.load", lambda path=None, precision="auto": writing_slm)
    Summarizer(words=5, num_beams=2, slm=writing_slm).fit(*PAIRS, **{**QUICK, "epochs": 1}).save(tmp_path)
    loaded = load_model(str(tmp_path))
    assert isinstance(loaded, Summarizer)
    assert loaded.words == 5


def test_fit_refuses_what_it_cannot_learn(writing_slm):
    with pytest.raises(InputError, match="learns nothing"):
        Summarizer("extractive", slm=writing_slm).fit(*PAIRS)
    with pytest.raises(InputError, match="row 0 of the texts"):
        Summarizer(slm=writing_slm).fit([None], ["a"])


def test_long_texts_are_fitted_on_what_is_read_of_them(writing_slm, recwarn):
    long = [NEWS * 3, *PAIRS[0]]
    made = Summarizer(slm=writing_slm, max_source_tokens=200, num_beams=1)
    made.fit(long, ["the bridge", *PAIRS[1]], **{**QUICK, "epochs": 1}, source=202)
    assert not [warning for warning in recwarn if "longer than" in str(warning.message)]
