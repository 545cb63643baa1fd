"""ROUGE, BLEU and bits per byte against values worked out by hand and against the libraries on whole corpora."""

import sys
from math import log

import numpy as np
import pytest

from slmkit.benchmarks.metrics import METRICS, bleu, evaluate, interval, rouge
from slmkit.benchmarks.metrics.rouge import HanTokenizer
from slmkit.errors import MissingExtraError
from slmkit.text.scripts import simplifier


def test_rouge_by_hand():
    # 3 of 6 words and 3 of 4; 2 of 5 pairs and 2 of 3; the longest common subsequence has 3 words.
    scores = evaluate("rouge_1", ["the cat sat on the mat"], ["the cat sat down"])
    assert scores["rouge_1"] == pytest.approx(2 * 0.75 * 0.5 / 1.25)
    assert scores["rouge_2"] == pytest.approx(2 * (2 / 3) * (2 / 5) / (2 / 3 + 2 / 5))
    assert scores["rouge_l"] == scores["rouge_1"]


def test_words_are_stemmed_in_english():
    assert evaluate("rouge_1", ["two models learned"], ["two model learning"])["rouge_1"] == 1


def test_chinese_is_compared_by_characters():
    assert HanTokenizer().tokenize("用BERT-base读３本书，共1.5万字！") == [
        *"用",
        "bert",
        "base",
        *"读",
        "3",
        *"本书共",
        "1",
        "5",
        *"万字",
    ]
    same = "基于神经网络的方法"
    assert evaluate("rouge_l", [same], [same])["rouge_l"] == 0  # why there is another one
    assert evaluate("char_rouge_l", [same], [same]) == {"char_rouge_l": 1, "char_rouge_1": 1, "char_rouge_2": 1}
    scores = evaluate("char_rouge_l", ["我喜欢北京"], ["北京我爱"])
    assert scores["char_rouge_1"] == pytest.approx(2 * (3 / 5) * (3 / 4) / (3 / 5 + 3 / 4))
    assert scores["char_rouge_l"] == pytest.approx(2 * (2 / 5) * (2 / 4) / (2 / 5 + 2 / 4))


def test_the_reference_with_the_best_rouge_1_counts_for_all_three():
    gold = [["x y a b c", "b a d e"]]  # a b c d: 3 of 5 and 4 words, against 3 of 4 and 4 words but no pair of them
    scores = evaluate("rouge_l", gold, ["a b c d"])
    assert scores["rouge_1"] == pytest.approx(3 / 4)
    assert scores["rouge_2"] == 0
    assert scores == evaluate("rouge_l", [gold[0][1]], ["a b c d"])


def test_an_empty_output_scores_nothing():
    for name in ("rouge_1", "char_rouge_l", "bleu", "bleu_zh"):
        assert evaluate(name, ["a text", ["one", "另一个"]], ["", ""])[name] == 0


def ragged():
    rng = np.random.default_rng(0)
    words = list("abcdefghij")

    def text():
        return " ".join(rng.choice(words, size=rng.integers(3, 12))) + "."

    return [[text() for _ in range(rng.integers(1, 5))] for _ in range(60)], [text() for _ in range(60)]


def test_bleu_is_that_of_sacrebleu_with_ragged_references():
    from sacrebleu.metrics import BLEU

    gold, predicted = ragged()
    most = max(map(len, gold))
    columns = [[texts[i] if i < len(texts) else None for texts in gold] for i in range(most)]
    expected = BLEU().corpus_score(predicted, columns).score / 100
    assert evaluate("bleu", gold, predicted)["bleu"] == pytest.approx(expected, abs=1e-12)


def test_bleu_by_hand():
    # 4 of 5, 3 of 4, 2 of 3, 1 of 2 n-grams are right, and the output is one word short.
    scores = evaluate("bleu", ["a b c d e f"], ["a b c d x"])
    expected = np.exp(1 - 6 / 5) * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25
    assert scores["bleu"] == pytest.approx(expected)


def test_chinese_bleu_counts_characters_and_may_look_past_the_script():
    scores = evaluate("bleu_zh", ["我們明天去北京"], ["我们明天去北京"])
    assert scores["bleu_zh"] == pytest.approx((6 / 7 * 4 / 6 * 3 / 5 * 2 / 4) ** 0.25)
    assert scores["bleu_zh_simplified"] == pytest.approx(1)


@pytest.mark.parametrize("name", ["bleu", "rouge_l"])
def test_interval_with_several_references(name):
    gold, predicted = ragged()
    low, high = interval(name, gold, predicted, resamples=100)
    assert low < evaluate(name, gold, predicted)[name] < high


def test_the_interval_of_bleu_draws_counts_not_texts(monkeypatch):
    gold, predicted = ragged()
    direct = METRICS["bleu"].score
    rng = np.random.default_rng(5)
    drawn = [rng.integers(0, len(gold), len(gold)) for _ in range(20)]
    counts = METRICS["bleu"].counts(gold, predicted)
    for rows in drawn:
        whole = direct([gold[i] for i in rows], [predicted[i] for i in rows])
        assert METRICS["bleu"].of_counts(counts[rows].sum(0)) == pytest.approx(whole)


@pytest.mark.parametrize(
    ("name", "cached", "module"),
    [
        ("rouge_1", rouge._scorer, "rouge_score.rouge_scorer"),
        ("bleu", bleu._bleu, "sacrebleu.metrics"),
        ("bleu_zh", simplifier, "opencc"),
    ],
)
def test_a_missing_library_names_its_extra(name, cached, module, monkeypatch):
    cached.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"slmkit\[bench\]"):
        evaluate(name, ["a"], ["a"])


def test_bits_per_byte():
    # "é" has two bytes: 4 bytes and 8 bits in all, wherever they fall.
    scores = evaluate("bits_per_byte", ["ab", "é"], [-5 * log(2), -3 * log(2)])
    assert scores == {"bits_per_byte": pytest.approx(2)}
    assert METRICS["bits_per_byte"].in_bits
