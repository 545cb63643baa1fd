import csv

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks import cli, tables
from slmkit.tasks.base import TASKS, TableTask, load_task
from slmkit.tasks.summarization import Summarizer, Summary
from tests.tasks.summarization.conftest import NEWS, NEWS_ZH

AWKWARD = [
    "",
    " \n",
    "One sentence alone.",
    "一句话。",
    "😀👨‍👩‍👧 🎉",
    "\x00\x07 half \ud800 of. A pair? \u200b",
    "mixed 酒店 is good. 房间很大，the staff 不错！ It rained.",
    "the film " * 900,
    NEWS,
    NEWS_ZH,
    "milk\nbread\neggs\ncheese\nham",
    "Same. Same. Same. Same. Same.",
]


@pytest.fixture
def summarizer(toy_slm):
    return Summarizer(slm=toy_slm)


@pytest.mark.parametrize("text", [NEWS, NEWS_ZH])
@pytest.mark.parametrize("wish", [{}, {"ratio": 0.5}, {"sentences": 3}, {"words": 45}])
def test_an_extractive_summary_is_made_of_the_texts_sentences(toy_slm, text, wish):
    made = Summarizer(slm=toy_slm, **wish).summarize(text)
    assert isinstance(made, Summary)
    assert (made.method, made.flags, made.read, made.notes) == ("extractive", (), 1.0, ())
    assert made.language == ("en" if text is NEWS else "zh")
    starts = []
    for sentence in made.sentences:
        assert made.text[sentence.start : sentence.end] == sentence.text
        (support,) = sentence.supports
        assert text[support.start : support.end] == support.text == sentence.text
        assert support.similarity == 1.0
        starts.append(support.start)
    assert starts == sorted(set(starts))
    assert starts[0] > 0  # the heading is no sentence
    assert len(starts) <= wish.get("sentences", 4)
    assert str(made) == made.text


def test_a_title_that_stands_there_is_taken(toy_slm):
    title = Summarizer(style="title", slm=toy_slm)
    assert title.predict(NEWS) == "Harbour bridge to close for repairs"
    assert title.predict(NEWS_ZH) == "港口大桥将关闭维修"
    body = NEWS.split("\n\n")[1]
    assert title.predict(body) in body
    assert len(title.summarize(body).sentences) == 1
    assert title.set_params(words=3).predict(NEWS) != "Harbour bridge to close for repairs"


def test_a_string_gives_one_a_list_a_list_a_series_a_series(summarizer):
    alone = [summarizer.predict(text) for text in AWKWARD]
    assert summarizer.predict(AWKWARD) == alone
    assert summarizer.predict(AWKWARD[::-1]) == alone[::-1]
    assert summarizer.predict(np.array(AWKWARD, dtype=object)) == alone
    series = summarizer.predict(pd.Series([NEWS, NEWS_ZH], index=[7, 7]))
    assert (series.index.tolist(), series.tolist()) == ([7, 7], [alone[8], alone[9]])
    assert [made.text for made in summarizer.summarize(AWKWARD)] == alone
    assert summarizer.predict([]) == summarizer.annotate([]) == summarizer.summarize([]) == []


def test_a_text_that_leaves_no_choice_is_its_own_summary(summarizer):
    assert summarizer.predict(AWKWARD[:5]) == ["", "", *AWKWARD[2:5]]
    assert summarizer.summarize("").language == "en"
    assert Summarizer(ratio=1.0, slm=summarizer.slm).predict(NEWS_ZH) == NEWS_ZH.split("\n\n")[1]
    assert Summarizer(sentences=99, slm=summarizer.slm).predict("One. Two.") == "One. Two."


def test_an_endless_line_is_cut_and_the_summary_says_so(summarizer):
    made = summarizer.summarize("好" * 1_000_000)
    assert made.notes == ("a stretch without end marks was cut into pieces of at most 600 columns, 3334 in all",)
    assert len(made.sentences) == 12
    assert summarizer.annotate(["the film " * 300])[0]["notes"].startswith("a stretch without end marks")


def test_a_long_text_is_read_in_pieces(toy_slm):
    text = " ".join(f"Sentence {i} is about the bank and the film number {i * i}." for i in range(1500))
    made = Summarizer(words=60, slm=toy_slm).summarize(text)
    assert 30 < len(made.text.split()) <= 60
    assert len(Summarizer(ratio=0.1, slm=toy_slm).summarize(text).sentences) == 150


def test_a_budget_below_every_sentence_is_said(toy_slm):
    made = Summarizer(words=1, slm=toy_slm).summarize(NEWS)
    assert made.text == "The weather was fine on Monday."
    assert made.notes == ("no sentence has at most 1 words: the shortest was taken",)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"method": "magic"}, "method 'magic': give one of auto, abstractive, extractive"),
        ({"ratio": 0}, "ratio 0"),
        ({"sentences": 0}, "sentences 0"),
        ({"words": 10, "ratio": 0.1}, "give one of ratio"),
        ({"style": "poem"}, "style 'poem'"),
        ({"num_beams": 0}, "num_beams 0: give an int of at least 1"),
        ({"max_source_tokens": 10}, "max_source_tokens 10: give an int of at least 64"),
    ],
)
def test_impossible_settings_are_refused(toy_slm, parameters, message):
    made = Summarizer(slm=toy_slm, **parameters)
    for call in (made.predict, made.summarize, lambda text: made.annotate([text]), lambda t: made.fit([t], [t])):
        with pytest.raises(InputError, match=message):
            call(NEWS)


def test_rows_that_are_no_strings_are_named(summarizer):
    with pytest.raises(InputError, match="row 1 of the texts"):
        summarizer.predict(["a", None])
    with pytest.raises(InputError, match="row 0 of the texts"):
        summarizer.summarize([3.5])


def test_it_is_a_task_for_tables(summarizer, toy_slm):
    assert isinstance(summarizer, TableTask)
    frame = pd.DataFrame({"text": [NEWS, None, " ", NEWS_ZH]}, index=[3, 1, 1, 0])
    done = tables.apply(summarizer, frame)
    assert done.index.tolist() == [3, 1, 1, 0]
    assert done["summary"].tolist()[0] == summarizer.predict(NEWS)
    assert done["summary"].notna().tolist() == done["slm_error"].isna().tolist() == [True, False, False, True]
    assert done[["flags", "notes"]].loc[[3, 0]].eq("").all(axis=None)
    assert summarizer.fingerprint == Summarizer(slm=toy_slm).fingerprint != Summarizer(words=9, slm=toy_slm).fingerprint


def test_it_runs_by_name(toy_slm, monkeypatch, tmp_path):
    monkeypatch.setattr("slmkit.core.load", lambda path=None, precision="auto": toy_slm)
    assert isinstance(load_task("summarize", words=20), Summarizer)
    assert "summarize" in TASKS
    table, out = tmp_path / "in.csv", tmp_path / "out.csv"
    pd.DataFrame({"text": [NEWS, "", NEWS_ZH]}).to_csv(table, index=False)
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", "summarize", str(table), "--out", str(out), "--option", "sentences=1"])
    assert ended.value.code == 0
    rows = list(csv.DictReader(out.open(encoding="utf-8-sig", newline="")))
    expected = Summarizer(sentences=1).predict([NEWS, NEWS_ZH])
    assert [row["summary"] for row in rows] == [expected[0], "", expected[1]]
    assert [row["slm_error"] for row in rows] == ["", "empty", ""]


def test_scikit_learn_manners(toy_slm):
    made = Summarizer("extractive", words=12, slm=toy_slm)
    copy = clone(made)
    assert copy.get_params() == made.get_params()
    assert copy.slm is toy_slm
    pipeline = make_pipeline(FunctionTransformer(lambda texts: [text.strip() for text in texts]), made)
    assert pipeline.predict([f"  {NEWS}"]) == made.predict([NEWS])
    with pytest.raises(NotFittedError, match="Summarizer"):
        made.save("nowhere")


def test_a_core_without_a_decoder_takes_sentences_or_says_so(toy_slm):
    assert Summarizer(slm=toy_slm).predict(NEWS) == Summarizer("extractive", slm=toy_slm).predict(NEWS)
    with pytest.raises(CheckpointError, match="no decoder"):
        Summarizer("abstractive", slm=toy_slm).predict(NEWS)


def test_it_shows_itself(summarizer):
    made = summarizer.summarize(NEWS.replace("café", "<b>café</b>"))
    page = made._repr_html_()
    assert "extractive summary (en)" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert page.count("similarity 1.00") == len(made.sentences)
    frame = made.to_frame()
    assert frame.columns.tolist() == ["sentence", "source", "start", "end", "similarity"]
    assert frame["sentence"].tolist() == [sentence.text for sentence in made.sentences]


@pytest.mark.weights
@pytest.mark.parametrize(
    ("text", "aside"),
    [(NEWS, ["The weather was fine", "sells good cakes"]), (NEWS_ZH, ["周一天气很好"])],
)
def test_the_shipped_core_leaves_out_what_is_beside_the_point(text, aside):
    made = Summarizer("extractive", sentences=3).predict(text)
    assert not [part for part in aside if part in made]
    twice = "\n\n".join([text, text.split("\n\n")[1]])
    sentences = [sentence.text for sentence in Summarizer("extractive", sentences=4).summarize(twice).sentences]
    assert len(set(sentences)) == 4
