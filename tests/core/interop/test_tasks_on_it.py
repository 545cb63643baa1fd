"""Every task accepts a core that another library wrote."""

import numpy as np
import pytest

import slmkit
from slmkit.core import SLM
from slmkit.errors import CheckpointError
from slmkit.tasks.classification import Classifier, Sentiment
from slmkit.tasks.generation import Generator
from slmkit.tasks.question_answering import DocumentIndex
from slmkit.tasks.summarization import Summarizer
from tests.core.interop.conftest import SENTENCES

TEXTS = [f"{begin} {thing}" for thing in ("film", "movie", "房间") for begin in ("the good", "a very good", "很好")]
TEXTS += [f"{begin} {thing}" for thing in ("film", "movie", "房间") for begin in ("the bad", "a really bad", "差")]
LABELS = ["good"] * 9 + ["bad"] * 9


@pytest.fixture(scope="module", params=["fp32", "int8"])
def slm(request, pretrained):
    return SLM.load(pretrained, precision=request.param)


@pytest.mark.parametrize("method", ["tune", "contrastive", "linear"])
def test_a_classifier_is_fitted_saved_and_explained(slm, tmp_path, method):
    made = Classifier(slm=slm, method=method, epochs=2).fit(TEXTS, LABELS)
    np.testing.assert_allclose(made.predict_proba(TEXTS).sum(1), 1, atol=1e-5)
    made.save(tmp_path / "made")
    again = Classifier.load(tmp_path / "made", slm=slm)
    np.testing.assert_allclose(again.predict_proba(TEXTS), made.predict_proba(TEXTS), atol=1e-2)
    with pytest.raises(CheckpointError, match=slm.fingerprint):
        Classifier.load(tmp_path / "made")
    told = made.explain("the good film")
    assert "".join(token.text for token in told.tokens).replace(" ", "") == "thegoodfilm"
    assert sum(token.score for token in told.tokens) == pytest.approx(told.score - told.baseline - told.error, abs=1e-4)


def test_the_shipped_sentiment_is_refused(slm):
    with pytest.raises(CheckpointError, match=slm.fingerprint):
        Sentiment(slm=slm).predict("the good film")


def test_documents_are_found(slm, tmp_path):
    index = DocumentIndex.create(tmp_path / "index", slm=slm)
    index.add([{"id": number, "text": text} for number, text in enumerate(SENTENCES)])
    assert index.search(SENTENCES[2], mode="dense")[0].document == 2
    again = DocumentIndex.open(tmp_path / "index")
    with pytest.raises(CheckpointError, match=slm.fingerprint):
        again.search("film", mode="dense")


def test_sentences_are_taken(slm):
    text = " ".join(SENTENCES[:3])
    assert Summarizer(slm=slm, sentences=1).predict(text) in SENTENCES[:3]


def test_a_writer_is_fitted(bert):
    source, target = "the good film of the bank", "酒店 good film"
    settings = {"epochs": 90, "depth": 2, "learning_rate": 4e-3, "batch_tokens": 60, "target": 30, "held_back": 0.0}
    settings |= {"dropout": 0.0, "blanks": 0.0}  # it is to be learned by heart
    made = Generator(slm=SLM.load(bert, precision="fp32"), start=None).fit([source] * 4, [target] * 4, **settings)
    assert made.predict(source) == target
    assert "".join(made.stream(source)) == target


def test_by_path(pretrained):
    made = Classifier(slm=str(pretrained), method="linear").fit(TEXTS, LABELS)
    assert made.model_.slm is slmkit.load(pretrained)
