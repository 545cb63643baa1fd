import numpy as np
import pytest

from slmkit.errors import InputError
from slmkit.tasks.summarization import selection
from slmkit.tasks.summarization.length import Length, Wish
from slmkit.tasks.summarization.salience import recurrence, salience
from slmkit.tasks.summarization.selection import select
from slmkit.tasks.summarization.words import count_words, join_sentences, word_weights, words


def unit(*angles):
    return np.array([[np.cos(a), np.sin(a)] for a in angles], dtype=np.float32)


def test_words_are_english_words_and_chinese_pairs():
    assert words("The year's 2,000 books") == ["the", "year", "s", "2,000", "books"]
    assert words("大桥关闭 3.5万") == ["大桥", "桥关", "关闭", "3.5", "万"]
    assert count_words("The year's well-known book cost 2,000 元，好") == 8
    assert count_words(" ,。") == 0


def test_rare_words_weigh_more(toy_slm):
    weights = word_weights(toy_slm.tokenizer, ["zqxzqx", "缆索", "的不"])
    assert weights["zqxzqx"] == weights["缆索"] == 1
    assert weights["的不"] == 0


@pytest.mark.weights
def test_the_shipped_vocabulary_knows_common_words():
    import slmkit

    common, telling = ["the", "of", "in", "的是", "了一", "在大"], ["bridge", "okafor", "2,500", "公司", "缆索", "教授"]
    weights = word_weights(slmkit.load().tokenizer, common + telling)
    assert max(weights[word] for word in common) < 0.1
    assert min(weights[word] for word in telling) > 0.5


def test_sentences_are_joined_as_their_language_does():
    assert join_sentences(["One.", "Two."]) == ("One. Two.", [(0, 4), (5, 9)])
    assert join_sentences(["一。", "二。"])[0] == "一。二。"
    assert join_sentences(["milk", "bread"])[0] == "milk\nbread"
    assert join_sentences([]) == ("", [])


def test_what_comes_up_again_is_salient():
    pieces = [["bridge", "closes"], ["cake", "the"], ["bridge", "the"]]
    found = recurrence(pieces, {"bridge": 1.0, "closes": 1.0, "cake": 1.0, "the": 0.0})
    assert found[2] > found[0] > found[1] == 0
    raised = salience(np.zeros(3), unit(0, 0, 0))
    assert raised.tolist() == pytest.approx([0.6, 0, 0])
    assert len(salience(np.zeros(1), unit(0))) == 1


def test_the_best_are_taken_in_the_texts_order():
    vectors, words_in = unit(0, 0.8, 1.6, 2.4), np.array([5, 5, 5, 5])
    values = np.array([0.0, 3.0, 1.0, 2.0])
    assert select(values, vectors, words_in, Length(2)) == [1, 3]
    assert select(values, vectors, words_in, Length(words=14)) == [1, 3]
    assert select(values, vectors, words_in, Length(9)) == [0, 1, 2, 3]
    assert select(values, vectors, words_in, Length()) == [0, 1, 2, 3]


def test_what_tells_the_same_is_not_taken_twice():
    values, words_in = np.array([3.0, 2.9, 1.0]), np.array([5, 5, 5])
    assert select(values, unit(0, 0.01, 1.5), words_in, Length(2)) == [0, 2]
    assert select(values, unit(0, 0.9, 1.5), words_in, Length(2)) == [0, 1]


def test_a_budget_of_words_is_filled_with_what_fits():
    values, words_in = np.array([3.0, 2.0, 1.0]), np.array([30, 8, 4])
    assert select(values, unit(0, 1, 2), words_in, Length(words=12)) == [1, 2]
    assert select(values, unit(0, 1, 2), words_in, Length(words=3)) == [2]


def test_pieces_without_words_are_not_chosen_where_others_have_some():
    values, words_in = np.array([1.0, 9.0, 2.0, 8.0]), np.array([5, 0, 5, 0])
    assert select(values, unit(0, 1, 2, 3), words_in, Length(words=5)) == [2]
    assert select(values, unit(0, 1, 2, 3), words_in, Length(1)) == [2]
    assert select(values, unit(0, 1, 2, 3), words_in, Length(words=3)) == [0]
    assert select(values, unit(0, 1, 2, 3), words_in * 0, Length(1)) == [1]


def test_long_texts_are_chosen_from_stretch_by_stretch(monkeypatch):
    rng = np.random.default_rng(0)
    values, vectors = rng.normal(size=5000), unit(*rng.uniform(0, 6, 5000))
    words_in = rng.integers(3, 30, 5000)
    monkeypatch.setattr(selection, "REPEATING", 0.0)
    whole = select(values, vectors, words_in, Length(500))
    assert whole == sorted(np.argsort(-values)[:500].tolist())
    monkeypatch.setattr(selection, "MOST_COMPARISONS", 10)
    assert select(values, vectors, words_in, Length(500)) == whole
    chosen = select(values, vectors, words_in, Length(words=2000))
    assert words_in[chosen].sum() <= 2000


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (3, 1), (4, 2), (20, 4), (100, 10), (10_000, 12)])
def test_the_length_follows_the_texts_where_none_is_asked_for(count, expected):
    assert Wish().extractive(count) == Length(expected)


def test_asked_lengths():
    assert Wish(ratio=0.3).extractive(10) == Length(3)
    assert Wish(ratio=0.01).extractive(10) == Length(1)
    assert Wish(ratio=0.5).written("one two three four") == Length(None, 2)
    assert Wish(words=7).extractive(10) == Wish(words=7).written("") == Length(None, 7)
    assert Wish("title", words=7).extractive(10) == Length(1, 7)


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish("poem"), "style 'poem': give one of summary, title"),
        (Wish(ratio=0), "ratio 0: give a number above 0"),
        (Wish(ratio=1.5), r"ratio 1.5"),
        (Wish(ratio=float("nan")), "ratio nan"),
        (Wish(ratio=True), "ratio True"),
        (Wish(sentences=0), "sentences 0: give an int of at least 1"),
        (Wish(sentences=2.5), "sentences 2.5"),
        (Wish(words=-3), "words -3"),
        (Wish(words="9"), "words '9'"),
        (Wish(ratio=0.2, words=50), "got ratio=0.2 and words=50"),
        (Wish(sentences=1, words=50), "give one of ratio, sentences and words"),
        (Wish("title", sentences=2), "a title is one line"),
        (Wish("title", ratio=0.2), "a title is one line"),
    ],
)
def test_impossible_lengths_are_refused(wish, message):
    with pytest.raises(InputError, match=message):
        wish.check()
