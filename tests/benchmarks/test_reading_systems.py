"""Systems that answer: beside a passage and over a corpus, ours and the best sentence."""

import json

import pytest

from slmkit.benchmarks import datasets, runner, systems
from slmkit.benchmarks.cell import Cell
from slmkit.benchmarks.report import markdown
from slmkit.benchmarks.runner import Run
from slmkit.benchmarks.systems import ours_reading, sentences
from slmkit.errors import DataError, InputError

CONTEXT = "the news of the bank . the team is the card good of a bank ."
ROWS = [(CONTEXT, "the card ?"), ("the news of a team is sport", "the card ?")]
DOCUMENTS = {"a": CONTEXT, "b": "the sport of the news is a team ."}


@pytest.fixture(scope="module")
def reader(toy_slm, tmp_path_factory):
    """A small reader, saved."""
    from slmkit.tasks.question_answering import Reader

    folder = tmp_path_factory.mktemp("reader") / "reader"
    model = Reader(slm=toy_slm, depth=1, epochs=1, max_length=64)
    model.fit(["the card ?"] * 8, [CONTEXT] * 8, [["good"]] * 8).save(folder)
    return folder


def test_what_ships_answers_beside_a_passage(reader, toy_slm):
    system = ours_reading.Reading(datasets.get("cmrc2018"), "shipped", slm=toy_slm, reader=reader)
    found = system.predict(ROWS)
    assert all(answer and answer in context for answer, (context, _) in zip(found, ROWS, strict=True))
    other = ours_reading.Reading(datasets.get("cail2019"), "shipped", slm=toy_slm, reader=reader)
    assert system.fingerprint() == other.fingerprint()
    other._load().model_.threshold = 0.0
    assert other.predict(ROWS) == ["", ""]  # only there may a question have no answer
    other._load().model_.threshold = 1.0
    assert other.predict(ROWS) == found


def test_the_fitted_one_learns_from_the_rows(toy_slm, monkeypatch):
    given = {}

    class Recorded:
        def __init__(self, **settings):
            given.update(settings)

        def fit(self, *rows):
            given["rows"] = rows
            return self

    monkeypatch.setattr("slmkit.tasks.question_answering.reader.Reader", Recorded)
    system = ours_reading.Reading(datasets.get("cail2019"), "fitted", slm=toy_slm)
    with pytest.raises(InputError, match="fit it first"):
        system.predict(ROWS)
    system.fit(ROWS, [["good", "", "good"], ["", "", "x"]], seed=3)
    assert given["rows"] == (["the card ?"] * 2, [context for context, _ in ROWS], [["good", "good"], []])
    assert given["random_state"] == 3


def test_without_a_shipped_reader_the_cell_is_skipped(tmp_path, lay, monkeypatch):
    monkeypatch.setattr("slmkit.tasks.question_answering.answerer.shipped_reader", lambda: tmp_path / "none")
    with pytest.raises(DataError, match="no reader ships"):
        systems.build("slmkit-reader", datasets.get("cmrc2018"), "shipped").fingerprint()
    paragraph = {"context": "张三", "qas": [{"question": "谁", "answers": [{"text": "张三"}]}]}
    for name in ("cmrc2018_trial", "train-pseudo-cmrc2018"):
        text = json.dumps({"data": [{"paragraphs": [paragraph]}]}, ensure_ascii=False)
        lay(tmp_path, f"zh/cmrc2018/{name}.json.xz", text)
    cells = [Cell(name, "dev", "shipped", "slmkit-reader") for name in ("cmrc2018", "cmrc2018-qa")]
    outcomes = runner.run(cells, Run(tmp_path, tmp_path / "out", in_process=True))
    assert [outcome.status for outcome in outcomes] == ["skipped", "skipped"]
    assert all("no reader ships" in outcome.reason for outcome in outcomes)


def test_answers_over_a_corpus_cite_a_document(reader, toy_slm):
    ours = ours_reading.Answering(datasets.get("cmrc2018-qa"), "shipped", slm=toy_slm, reader=reader)
    ours.index(DOCUMENTS)
    (found,) = ours.predict(["the card ?"])
    assert found == {"answer": "", "document": None} or found["answer"] in DOCUMENTS[found["document"]]
    baseline = sentences.BestOfCorpus(datasets.get("cmrc2018-qa"), "shipped", slm=toy_slm)
    baseline.index(DOCUMENTS)
    found = baseline.predict(["the card good of a bank", ""])
    assert found[0]["answer"] in DOCUMENTS[found[0]["document"]]
    assert found[1] == {"answer": "", "document": None}
    assert len({ours.fingerprint(), baseline.fingerprint()}) == 2


def test_the_best_sentence_is_the_one_most_like_the_question(toy_slm):
    system = sentences.BestOfPassage(datasets.get("squadshifts-new-wiki"), "fitted", slm=toy_slm)
    system.fit([], [], seed=0)
    rows = [
        ("the news is good . \nthe bank of a team . \na film !", question)
        for question in ("a film !", "the bank of a team .")
    ]
    assert system.predict(rows) == ["a film !", "the bank of a team ."]
    with pytest.raises(InputError, match="not fitted"):
        sentences.BestOfCorpus(datasets.get("drcd-qa"), "shipped").fit([], [], seed=0)


def test_a_run_over_a_corpus_to_a_result(tmp_path, lay, toy_slm, monkeypatch):
    texts = (
        "酒店的房间很大",
        "书店的服务很好",
        "上海是中国来的人",
        "这间店不在了",
        "的的的",
        "了了了",
        "人人人",
        "a film",
    )

    def paragraph(n):
        qas = [{"question": texts[n], "answers": [{"text": texts[n][-2:]}]}]
        return {"paragraphs": [{"context": f"{texts[n]}。", "qas": qas}]}

    for name, numbers in (("cmrc2018_trial", range(4)), ("train-pseudo-cmrc2018", range(4, 8))):
        text = json.dumps({"data": [paragraph(n) for n in numbers]}, ensure_ascii=False)
        lay(tmp_path, f"zh/cmrc2018/{name}.json.xz", text)
    monkeypatch.setattr(sentences.slmkit, "load", lambda: toy_slm)
    cells = [Cell("cmrc2018-qa", "dev", "shipped", "best-sentence")]
    (outcome,) = runner.run(cells, Run(tmp_path, tmp_path / "out", in_process=True))
    assert outcome.status == "done", outcome.reason
    result = outcome.result
    assert (result.n, result.metric, set(result.scores)) == (4, "qa_f1", {"qa_f1", "qa_exact", "citation"})
    assert result.scores["citation"] == 1
    assert 0 < result.score < 1
    assert result.seconds_to_index >= 0
    text = markdown.render([result], [])
    assert text.startswith("### Questions over a whole corpus, as shipped, dev")
    assert "right citation" in text.splitlines()[2]
