import numpy as np
import pandas as pd
import pytest

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks import tables
from slmkit.tasks.base import TableTask
from slmkit.tasks.classification import Classifier, Sentiment
from slmkit.tasks.classification import sentiment as sentiment_module


@pytest.fixture(scope="module")
def folder(toy_slm, reviews, tmp_path_factory):
    texts, labels = reviews
    names = {"pos": "positive", "neg": "negative"}
    model = Classifier(method="linear", slm=toy_slm).fit(texts, [names[label] for label in labels])
    where = tmp_path_factory.mktemp("sentiment")
    model.save(where)
    return where


@pytest.fixture
def sentiment(folder, toy_slm):
    return Sentiment(path=folder, slm=toy_slm)


def test_a_string_gives_one_a_list_a_list_a_series_a_frame(sentiment, reviews):
    one = sentiment.predict("the good film !")
    assert one["label"] == "positive"
    assert one["score"] > 0.6
    many = sentiment.predict(["the good film !", "a bad bank ?"])
    assert [row["label"] for row in many] == ["positive", "negative"]
    frame = sentiment.predict(pd.Series(["the good film !", "a bad bank ?"], index=[7, 7]))
    assert frame.index.tolist() == [7, 7]
    assert frame.to_dict("records") == many
    assert sentiment.predict([]) == []


def test_the_neutral_band(folder, toy_slm):
    chances = np.array([0.5, 0.45, 0.59, 0.61, 0.41, 0.0, 1.0])
    judged = [Sentiment(0.1, path=folder, slm=toy_slm)._judge(float(chance)) for chance in chances]
    assert [row["label"] for row in judged] == [*["neutral"] * 3, "positive", "neutral", "negative", "positive"]
    assert [row["score"] for row in judged] == pytest.approx([1.0, 0.9, 0.82, 0.61, 0.82, 1.0, 1.0])
    assert Sentiment(0, path=folder, slm=toy_slm)._judge(0.5) == {"label": "positive", "score": 0.5}
    assert Sentiment(0.5, path=folder, slm=toy_slm)._judge(0.9)["label"] == "neutral"
    with pytest.raises(InputError, match="neutral_band"):
        Sentiment(0.7)


def test_it_is_a_task_for_tables(sentiment, folder, toy_slm):
    assert isinstance(sentiment, TableTask)
    frame = pd.DataFrame({"text": ["good film !", None, "", "bad bank ?"]}, index=[3, 1, 1, 0])
    done = tables.apply(sentiment, frame)
    assert done.index.tolist() == [3, 1, 1, 0]
    assert done["label"].tolist()[0] == "positive"
    assert done["slm_error"].notna().tolist() == [False, True, True, False]
    other = Sentiment(0.2, path=folder, slm=toy_slm)
    assert sentiment.fingerprint != other.fingerprint
    assert sentiment.fingerprint == Sentiment(path=folder, slm=toy_slm).fingerprint


def test_dirty_cells_are_named(sentiment):
    with pytest.raises(InputError, match="row 1 of the texts"):
        sentiment.predict(["a", None])


def test_it_explains(sentiment):
    assert sentiment.explain("the good film !").label == "positive"


def test_missing_weights_are_named(toy_slm, tmp_path, monkeypatch):
    monkeypatch.setattr(sentiment_module, "shipped_sentiment", lambda: tmp_path / "absent")
    with pytest.raises(CheckpointError, match="absent"):
        Sentiment(slm=toy_slm).predict("a")
    with pytest.raises(CheckpointError, match="no saved classifier"):
        Sentiment(path=tmp_path, slm=toy_slm).predict("a")


def test_a_classifier_of_other_labels_is_refused(linear, toy_slm, tmp_path):
    linear.save(tmp_path)
    with pytest.raises(CheckpointError, match="labels"):
        Sentiment(path=tmp_path, slm=toy_slm).predict("a")
