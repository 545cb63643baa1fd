from collections import Counter

import numpy as np
import pytest

from slmkit.pretraining.grammar import ChineseFaults, EnglishFaults, clean_pairs
from slmkit.text.language import words_apart

ENGLISH = [
    "She walks to the school in the morning, and her friends walk with her.",
    "They are happy that he wanted to play in the garden.",
    "I don't know why it is so cold here.",
]
CHINESE = ["他高兴地说，这是一个很好的主意。", "大家走得很快，所以大约八点就到了学校。"]


def counted(rows):
    return Counter({word.strip().lower(): 50 for row in rows for word in words_apart(row)})


def wrong_ones(faults, text, count=200):
    return {faults(text, np.random.default_rng(seed)) for seed in range(count)}


def test_english_faults_are_of_many_kinds_and_keep_what_is_between_the_words():
    faults = EnglishFaults(counted([*ENGLISH, "walks walked walking walk"]))
    assert faults.forms["walk"] == ("walked", "walking", "walks")
    made = wrong_ones(faults, ENGLISH[0])
    assert len(made) > 60
    words = [text.lower().split() for text in made]
    assert any("walked" in w or "walking" in w for w in words)  # a form
    assert any(w.count("the") == 1 for w in words)  # an article left out
    assert any("at" in w or "for" in w for w in words)  # a preposition
    assert any("morning" in w for w in words)  # a mark left out
    assert not any("  " in text or text != text.strip() for text in made)


def test_chinese_faults_take_de_and_sounds_for_each_other():
    pytest.importorskip("jieba")
    pytest.importorskip("pypinyin")
    faults = ChineseFaults(Counter({character: 50 for character in "他她它的地得主注意一以是事"}))
    made = wrong_ones(faults, CHINESE[0])
    assert any("高兴的说" in text or "高兴得说" in text for text in made)
    assert any("注意" in text for text in made)
    assert any("一" in text and "一个" not in text and "很好的主意" in text for text in made)  # a measure word
    assert any("大约差不多" in text for text in wrong_ones(faults, CHINESE[1]))


def test_clean_pairs_leave_a_part_as_it_is_and_are_the_same_by_seed():
    pytest.importorskip("jieba")
    rows = [*ENGLISH, *CHINESE] * 40
    made = clean_pairs(rows, seed=3)
    assert [right for _, right in made] == rows
    assert 0.2 < np.mean([wrong == right for wrong, right in made]) < 0.45
    assert clean_pairs(rows, seed=3) == made
    assert clean_pairs(rows, seed=4) != made


def test_a_comma_inside_a_number_is_not_left_out():
    faults = EnglishFaults(Counter())
    made = wrong_ones(faults, "Costs 40,000.")
    assert all("40,000" in text for text in made)
