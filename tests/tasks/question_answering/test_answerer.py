"""``QuestionAnswerer``: answers with the place in the document that says so, and none where the documents do not."""

import pandas as pd
import pytest
from toy_embedder import ToyEmbedder
from toy_questions import ASKED

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks import tables
from slmkit.tasks.base import TableTask, load_task, task_fingerprint
from slmkit.tasks.question_answering import Answer, DocumentIndex, Evidence, QuestionAnswerer, Reader
from slmkit.tasks.question_answering.answerer import NOT_SAID, NOTHING_FOUND, shipped_reader

BODIES = {
    "one": "the news of the bank . " * 12 + "the team is the card movie of a bank . " + "the sport of the news . " * 12,
    2: "the bank of a team is sport . \U0001f600 the news \x00 of the team .",
    "三": "酒店的房间很好，服务很好。the card bad of the news 。",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory, toy_slm):
    made = DocumentIndex.create(tmp_path_factory.mktemp("ask") / "index", slm=toy_slm)
    rows = [{"id": key, "text": body, "lang": "zh" if key == "三" else "en"} for key, body in BODIES.items()]
    made.add(rows, metadata=["lang"], errors="raise")
    return made


@pytest.fixture(scope="module")
def answerer(index, toy_reader):
    return QuestionAnswerer(index, toy_reader)


def check(answer):
    """An answer that is one stands in its document and in its evidence."""
    assert answer
    assert answer.reason is None
    body = BODIES[answer.document]
    assert body[answer.start : answer.end] == answer.text
    passage = answer.passage
    assert body[passage.start : passage.end] == passage.text
    assert passage.start <= answer.start < answer.end <= passage.end
    assert 0 <= answer.score <= 1


def test_an_answer_may_be_the_whole_sentence(index, toy_reader, answerer):
    whole = QuestionAnswerer(index, toy_reader, style="sentence")
    short, long = answerer.ask(ASKED, where={"lang": "en"}), whole.ask(ASKED, where={"lang": "en"})
    assert (long.text, long.span) == ("the team is the card movie of a bank .", "movie")
    assert (short.text, short.sentence) == (long.span, long.text)
    assert (short.start, short.end, short.document) == (long.start, long.end, long.document)
    assert "<mark" in long._repr_html_()
    assert whole.fingerprint != answerer.fingerprint
    nothing = QuestionAnswerer(index, toy_reader, threshold=0, style="sentence").ask(ASKED)
    assert not nothing
    assert (nothing.text, nothing.span, nothing.sentence) == ("", "", "")
    with pytest.raises(InputError, match="style 'essay' is not known; give one of span, sentence"):
        QuestionAnswerer(index, toy_reader, style="essay")


def test_an_answer_cites_its_place(answerer):
    answer = answerer.ask(ASKED, where={"lang": "en"})
    check(answer)
    assert (answer.text, answer.document, answer.question) == ("movie", "one", ASKED)
    assert answer.passage.metadata == {"lang": "en"}
    assert str(answer) == "movie"
    both = answerer.ask(ASKED, n_best=5)
    assert {("movie", "one"), ("bad", "三")} <= {(one.text, one.document) for one in both}
    for one in both:
        check(one)
    assert [one.score for one in both] == sorted((one.score for one in both), reverse=True)
    assert both[0] == answerer.ask(ASKED)
    places = [(one.document, one.start) for one in both]
    assert len(set(places)) == len(places)  # passages of a document overlap; what they share is one place


def test_it_abstains_rather_than_guesses(index, toy_reader):
    strict = QuestionAnswerer(index, toy_reader, threshold=0.0)
    answer = strict.ask(ASKED)
    assert not answer
    assert (answer.text, answer.document, answer.passage, answer.reason) == ("", None, None, NOT_SAID)
    assert 0 < answer.score <= 1
    assert strict.ask(ASKED, n_best=3) == [answer]
    assert str(answer) == f"({NOT_SAID})"
    assert QuestionAnswerer(index, toy_reader, threshold=1.0).ask(ASKED)
    nothing = QuestionAnswerer(index, toy_reader).ask(ASKED, where={"lang": "fr"})
    assert (bool(nothing), nothing.score, nothing.reason) == (False, None, NOTHING_FOUND)
    assert not QuestionAnswerer(index, toy_reader, mode="lexical").ask("zebra").score


def test_without_anything_to_say_there_is_no_answer(tmp_path, toy_slm, toy_reader):
    made = DocumentIndex.create(tmp_path / "index", slm=toy_slm)
    made.add([{"id": 2, "text": "the bank of a team is sport the news of the team"}])
    answer = QuestionAnswerer(made, toy_reader).ask(ASKED)
    assert (bool(answer), answer.reason) == (False, NOT_SAID)
    assert answer.score > toy_reader.model_.threshold


def test_questions_of_every_kind_keep_their_rows(answerer):
    asked = [ASKED, None, "", " \u200b", float("nan"), 7, "\ud800 the card ?\x00", ASKED]
    found = answerer.ask(asked)
    assert [one.reason for one in found[1:6]] == ["missing", "empty", "only white space", "missing", "not text but int"]
    check(found[0])
    check(found[6])
    assert found[0] == found[7] == answerer.ask(ASKED)
    assert answerer.ask(None).reason == "missing"
    assert answerer.ask([]) == []
    series = pd.Series(asked, index=list("aabcdefg"), name="q")
    frame = answerer.ask(series)
    assert frame.index.equals(series.index)
    assert list(frame.columns) == list(QuestionAnswerer.columns)
    assert frame["answer"].tolist()[0] == found[0].text
    assert frame["document"].tolist()[0] == found[0].document
    lists = answerer.ask(series, n_best=2)
    assert lists.index.equals(series.index)
    assert lists.iloc[0][0] == found[0]


def test_ids_and_places_stay_whole_numbers_beside_rows_without_an_answer():
    from slmkit.tasks.question_answering.answer import answers_frame

    rows = [{"document": 2**60 + 1, "start": 3, "score": 0.5}, {"document": None, "start": None, "score": None}]
    frame = answers_frame(rows, ["document", "start", "score"], pd.Index([7, 8]))
    assert frame.loc[7, "document"] == 2**60 + 1
    assert "abcde"[frame.loc[7, "start"] :] == "de"
    assert frame.loc[8].isna().all()
    assert frame["score"].dtype == float


def test_a_table_is_annotated(answerer):
    assert isinstance(answerer, TableTask)
    frame = pd.DataFrame({"q": [ASKED, None, ASKED]}, index=[3, 3, 1])
    made = tables.apply(answerer, frame, column="q")
    assert made["slm_error"].tolist()[1] == "missing"
    assert made["answer"].iloc[0] == made["answer"].iloc[2] == answerer.ask(ASKED).text
    assert isinstance(made["document"].iloc[0], str)
    assert str(made["start"].dtype) == "Int64"
    strict = QuestionAnswerer(answerer.index, answerer.reader, threshold=0.0)
    made = tables.apply(strict, frame, column="q")
    assert made["answer"].isna().all()
    assert made["reason"].tolist()[0] == NOT_SAID


def test_an_unfinished_table_is_not_finished_by_another(index, toy_reader, tmp_path, toy_slm):
    first = task_fingerprint(QuestionAnswerer(index, toy_reader))
    assert first == task_fingerprint(QuestionAnswerer(index, toy_reader))
    assert first != task_fingerprint(QuestionAnswerer(index, toy_reader, k=3))
    assert first != task_fingerprint(QuestionAnswerer(index, toy_reader, threshold=0.123))
    grown = DocumentIndex.create(tmp_path / "index", slm=toy_slm)
    grown.add([{"id": key, "text": body} for key, body in BODIES.items()])
    before = task_fingerprint(QuestionAnswerer(grown, toy_reader))
    grown.delete("one")
    assert task_fingerprint(QuestionAnswerer(grown, toy_reader)) != before


def test_index_and_reader_may_be_folders(index, toy_reader, toy_slm, tmp_path, monkeypatch):
    toy_reader.save(tmp_path / "reader")
    monkeypatch.setattr("slmkit.tasks.question_answering.retriever.shipped_embedder", lambda: toy_slm)
    made = QuestionAnswerer(index.path, tmp_path / "reader", k=10)
    assert made.ask(ASKED) == QuestionAnswerer(index, toy_reader).ask(ASKED)
    task = load_task("ask", index=str(index.path), reader=str(tmp_path / "reader"), k=3)
    assert (task.name, task.k) == ("ask", 3)
    with pytest.raises(InputError, match="ask needs index="):
        load_task("ask")
    with pytest.raises(InputError, match="no option 'colour'; its options are: index, reader, k, mode, threshold"):
        load_task("ask", index="x", colour=1)


def test_without_a_reader_the_remedy_is_named(index, toy_reader, tmp_path, monkeypatch):
    monkeypatch.setattr("slmkit.tasks.question_answering.answerer.shipped_reader", lambda: tmp_path / "none")
    with pytest.raises(CheckpointError, match=r"no reader is in this installation.*Reader\(\)\.fit"):
        QuestionAnswerer(index).ask(ASKED)
    toy_reader.save(tmp_path / "none")
    assert QuestionAnswerer(index).ask(ASKED) == QuestionAnswerer(index, toy_reader).ask(ASKED)
    assert shipped_reader().parts[-2:] == ("weights", "reader")
    with pytest.raises(InputError, match="got int, expected a fitted Reader"):
        QuestionAnswerer(index, 3).ask(ASKED)
    other = DocumentIndex.create(tmp_path / "other", slm=ToyEmbedder())
    with pytest.raises(CheckpointError, match="was fitted on core toy, this core is toy-embedder"):
        QuestionAnswerer(other, tmp_path / "none").ask(ASKED)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"k": 0}, "k must be"), ({"mode": "guess"}, "mode 'guess'"), ({"threshold": 2}, "threshold must be from 0 to 1")],
)
def test_wrong_arguments(index, arguments, said):
    with pytest.raises(InputError, match=said):
        QuestionAnswerer(index, **arguments)


def test_wrong_questions(answerer):
    with pytest.raises(InputError, match="n_best must be"):
        answerer.ask(ASKED, n_best=0)
    with pytest.raises(InputError, match="the questions: got int"):
        answerer.ask(3)


def test_an_empty_index_has_no_answer(tmp_path, toy_slm, toy_reader):
    empty = DocumentIndex.create(tmp_path / "index", slm=toy_slm)
    assert QuestionAnswerer(empty, toy_reader).ask(ASKED).reason == NOTHING_FOUND


def test_a_notebook_sees_the_answer_marked():
    evidence = Evidence("a <b> is & the card good", 100, 124, {})
    shown = Answer("who <is>?", "card good", 0.875, "d<1>", 115, 124, evidence)._repr_html_()
    assert "who &lt;is&gt;?" in shown
    assert "a &lt;b&gt; is &amp; the <mark" in shown
    assert ">card good</mark>" in shown
    assert "0.88" in shown
    assert "d&lt;1&gt; [115:124]" in shown
    without = Answer("q", score=0.5, reason="the passages <say> nothing")._repr_html_()
    assert "the passages &lt;say&gt; nothing" in without
    assert "<mark" not in without


def test_a_fitted_reader_is_needed(index):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        QuestionAnswerer(index, Reader()).ask(ASKED)
