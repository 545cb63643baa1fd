"""Systems that pick sentences: how many, which, and in what order."""

import importlib.util

import pytest

from slmkit.benchmarks import datasets, systems
from slmkit.benchmarks.systems.extractive import how_many, sentences_of

ENGLISH = (
    "The bank raised its rates again. It rained all day. Higher rates of the bank hit people with loans. "
    "Loans at the bank cost more since the rates rose. My cat sleeps."
)
CHINESE = "银行再次上调利率。今天下雨了。银行利率上调影响贷款的人。银行的贷款因为利率上调而更贵。我的猫在睡觉。"


def system(name, dataset="dialogsum", protocol="fitted"):
    return systems.build(name, datasets.get(dataset), protocol)


@pytest.mark.parametrize(
    ("wanted", "available", "count"), [(1, 5, 1), (3, 2, 2), (0.4, 20, 8), (0.4, 1, 1), (0.4, 4, 2), (3, 0, 1)]
)
def test_how_many(wanted, available, count):
    assert how_many(wanted, available) == count


def test_sentences_of_nothing_is_the_text_itself():
    assert sentences_of("One. Two!\nthree") == ["One.", "Two!", "three"]
    assert sentences_of(" ") == [" "]


def test_lead_takes_as_many_as_the_entry_says():
    assert system("lead").predict([ENGLISH, "Only one."]) == [
        "The bank raised its rates again. It rained all day. Higher rates of the bank hit people with loans.",
        "Only one.",
    ]
    assert system("lead", "csl-title").predict([CHINESE]) == ["银行再次上调利率。"]
    assert system("lead", "bbc_news_summary", "shipped").predict([ENGLISH]) == [
        "The bank raised its rates again. It rained all day."
    ]


def test_random_sentences_follow_the_seed_alone():
    first, again, other = (system("random") for _ in range(3))
    for one, seed in ((first, 1), (again, 1), (other, 2)):
        one.fit([], [], seed=seed)
    texts = [" ".join(f"Sentence {i} of text {n}." for i in range(9)) for n in range(20)]
    assert first.predict(texts) == [again.predict([text])[0] for text in texts]
    assert first.predict(texts) != other.predict(texts)
    assert len(set(text.split(" of ")[0] for text in first.predict(texts))) > 3
    assert all(sentences_of(made) == sorted(sentences_of(made)) for made in first.predict(texts))


@pytest.mark.skipif(importlib.util.find_spec("sumy") is None, reason="sumy is not installed")
@pytest.mark.parametrize("name", ["textrank", "lexrank"])
@pytest.mark.parametrize(("dataset", "text", "word"), [("scitldr_a", ENGLISH, "bank"), ("csl-title", CHINESE, "银行")])
def test_a_sentence_like_the_others_ranks_first(name, dataset, text, word):
    if dataset == "csl-title":
        pytest.importorskip("jieba")
    (made,) = system(name, dataset).predict([text])
    assert made in sentences_of(text)
    assert word in made


@pytest.mark.skipif(importlib.util.find_spec("sumy") is None, reason="sumy is not installed")
@pytest.mark.parametrize("name", ["textrank", "lexrank"])
def test_ranked_sentences_stand_in_the_order_of_the_source(name):
    (made,) = system(name).predict([ENGLISH])
    assert len(sentences_of(made)) == 3
    assert sentences_of(made) == [s for s in sentences_of(ENGLISH) if s in made]


@pytest.mark.skipif(importlib.util.find_spec("sumy") is None, reason="sumy is not installed")
@pytest.mark.parametrize("name", ["textrank", "lexrank"])
@pytest.mark.parametrize("text", ["! ! ! ! !", "Yes. Yes. Yes. Yes. Yes.", "A. B. C. D. E. F.", "one\n \n...\n?"])
@pytest.mark.filterwarnings("error")
def test_ranking_survives_texts_without_words(name, text):
    (made,) = system(name).predict([text])
    assert made
