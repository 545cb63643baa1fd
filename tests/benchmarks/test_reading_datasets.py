"""Reading sets that are carved by article, and corpora of questions."""

import json

import pytest

from slmkit.benchmarks import datasets
from slmkit.benchmarks.datasets import DataFile, Rows, reading_readers
from slmkit.benchmarks.datasets.corpora import Corpus
from slmkit.benchmarks.datasets.readers import squad
from slmkit.tasks.question_answering.carving import in_dev


def file(split="dev"):
    return DataFile(split, "x.json", "", "", "", "")


def content(articles):
    """SQuAD-style JSON of ``(title, context, [(question, [answer, …]), …])``."""
    data = [
        {
            "title": t,
            "paragraphs": [
                {"context": c, "qas": [{"question": q, "answers": [{"text": a} for a in each]} for q, each in qs]}
            ],
        }
        for t, c, qs in articles
    ]
    return json.dumps({"data": data}).encode()


ARTICLES = [(f"title {n}", f"context {n}", [("who?", ["x"]), ("what?", ["y", "z"])]) for n in range(60)]


def test_carving_hangs_on_names_alone():
    names = [f"title {n}" for n in range(2000)]
    assert 330 < sum(map(in_dev, names)) < 470
    assert sum(in_dev(name, 0.0) for name in names) == 0
    assert all(in_dev(name, 1.0) for name in names)
    assert [in_dev(name) for name in ("Latin", "Manipur", "Andes", "Acronym")] == [True, True, False, False]
    assert in_dev("\ud800") in (True, False)


def test_whole_articles_go_one_way():
    train, dev = (reading_readers.carved_squad(held_out=held)(file(), content(ARTICLES)) for held in (False, True))
    assert len(train) + len(dev) == 120
    assert not {c for c, _ in train.inputs} & {c for c, _ in dev.inputs}
    assert {c for c, _ in dev.inputs} == {c for t, c, _ in ARTICLES if in_dev(t)}
    assert (dev.inputs[1][1], dev.labels[1]) == ("what?", ["y", "z"])


def test_cases_are_carved_by_their_text_without_yes_and_no():
    cases = [("", c, [("q", ["", "a"]), ("is it?", ["YES", "a"]), ("is it not?", ["NO"])]) for _, c, _ in ARTICLES]
    train, dev = (reading_readers.carved_cases(held_out=held)(file(), content(cases)) for held in (False, True))
    assert {c for c, _ in dev.inputs} == {c for _, c, _ in ARTICLES if in_dev(c)}
    assert len(train) + len(dev) == 60
    assert {tuple(label) for label in (*train.labels, *dev.labels)} == {("", "a")}
    assert len(reading_readers.whole_cases(file(), content(cases))) == 60


def test_a_corpus_puts_questions_and_paragraphs_apart():
    read = reading_readers.questions_of(squad)
    split = read(file(), content([("t", "one", [("who?", ["x"]), ("what?", ["y"])]), ("t", "two", [("who?", ["z"])])]))
    more = read(file(), content([("t", "three", [("why?", ["w"])]), ("t", "one", [("how?", ["v"])])]))
    splits = {"dev": split, "corpus": more}
    rule = Corpus("dev", more="corpus")
    rule.apply(splits, lambda dataset, part: pytest.fail("no other dataset is needed"))
    rows = splits["dev"]
    assert rows.documents == {"0": "one", "1": "two", "2": "three"}
    assert rows.inputs == ["who?", "what?"]
    assert rows.labels == [{"answers": ["x", "z"], "documents": ["0", "1"]}, {"answers": ["y"], "documents": ["0"]}]
    assert (rule.changes, rule.needs) == ({"dev"}, {"dev", "corpus"})
    assert rows.digest() != Rows(rows.inputs, rows.labels).digest()


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "split", "n", "documents"),
    [
        ("squadshifts-new-wiki", "train", 6524, 0),
        ("squadshifts-new-wiki", "dev", 1414, 0),
        ("drcd", "dev", 908, 0),
        ("cail2019", "dev", 1043, 0),
        ("cmrc2018-qa", "dev", 1000, 2659),
        ("drcd-qa", "dev", 908, 1000),
    ],
)
def test_real_splits_have_their_size(data_dir, name, split, n, documents):
    rows = datasets.load(name, split, data_dir)
    assert (len(rows), len(rows.documents)) == (n, documents)
    if documents:
        assert all(set(label["documents"]) <= set(rows.documents) and label["answers"] for label in rows.labels)
