"""Chinese characters, bigrams, and all lists as one tensor."""

import numpy as np
import pytest

from slmkit.tasks.spelling import characters
from slmkit.tasks.spelling.bigrams import Bigrams, joined
from slmkit.tasks.spelling.candidates import Candidates
from slmkit.tasks.spelling.characters import MOST, NEAR, SHAPE, SYLLABLE, TONE, CharacterList
from slmkit.tasks.spelling.counting import counted
from slmkit.tasks.spelling.features import FEATURES
from slmkit.tasks.spelling.lists import Lists
from slmkit.tasks.spelling.places import code
from slmkit.text.pinyin import blurred, readings


def why(characters, one, other):
    number, at = characters.index[one], characters.index[other]
    found = dict(zip(characters.others[number].tolist(), characters.why[number].tolist(), strict=True))
    return found.get(at, 0)


def test_characters_that_stand_in_for_others():
    made = CharacterList.build(dict.fromkeys("在再店电点他她它睛晴清林零人入八", 5), {"人": "入", "睛": "晴"})
    assert why(made, "在", "再") == SYLLABLE | TONE
    assert why(made, "店", "点") == SYLLABLE
    assert why(made, "林", "零") == NEAR
    assert why(made, "入", "人") & SHAPE
    assert why(made, "人", "八") == 0
    assert all(number not in others for number, others in enumerate(made.others))


def test_at_most_so_many_and_the_frequent_ones():
    same = "一以已意义议亿易异衣依医移疑遗益亦役译艺忆抑宜仪姨乙椅蚁倚翼逸溢毅谊邑裔屹弈驿翌怡夷咦胰彝沂饴弋"
    made = CharacterList.build({character: 100 - n for n, character in enumerate(same)})
    sizes = [len(others) for others in made.others]
    assert max(sizes) <= MOST
    assert why(made, "椅", "一")


def test_frequent_characters_of_another_tone_come_before_rare_ones(monkeypatch):
    monkeypatch.setattr(characters, "_BY_SOUND", 4)
    monkeypatch.setattr(characters, "MOST", 4)
    made = CharacterList.build({character: 100 - n for n, character in enumerate("是时事使市士仕")})
    assert [made.characters[number] for number in made.others[made.index["是"]]] == ["事", "时", "市", "士"]


def test_syllables_that_are_taken_for_each_other():
    for one, other in (
        ("zhi", "zi"),
        ("shan", "shang"),
        ("nan", "lan"),
        ("lin", "ling"),
        ("hui", "hui"),
        ("fen", "feng"),
    ):
        assert blurred(one) == blurred(other)
    assert blurred("hua") != blurred("fu")
    read = readings(["行", "A"])
    assert read[0][0] == ("xing", "2")
    assert ("hang", "2") in read[0]
    assert read[1] == []


def test_bigrams_know_how_often():
    words = np.array([code(word) for word in ("the", "cat", "sat", "dog")], dtype=np.uint32)
    pairs = joined(words[[0, 1, 0]], words[[1, 2, 3]])
    made = Bigrams.counted(pairs, np.array([1000, 10, 1]), 2)
    found = made.look(words[[0, 1, 0, 3]], words[[1, 2, 3, 0]])
    assert found[0] > found[1] > 0
    assert found[2:].tolist() == [0, 0]
    again = Bigrams.from_arrays(made.to_arrays())
    assert np.array_equal(again.keys, made.keys)
    assert np.array_equal(again.look(words[[0]], words[[1]]), found[:1])
    assert Bigrams().look(words, words).tolist() == [0] * 4


def test_counts():
    counts = counted(["The cat sat. The cat ran to NASA and McDonald.", "他们他们。"])
    assert counts.words["cat"] == 2
    assert "nasa" not in counts.words
    assert "mcdonald" not in counts.words
    assert counts.characters["他"] == 2
    assert counts.couples == {"他们": 2, "们他": 1}
    assert counts.word_list(least=1, most=9, wrong=["ran"]).forms[:2] == ["cat", "the"]
    assert "ran" not in counts.word_list(least=1, most=9, wrong=["ran"]).forms


def test_lists_come_back_from_a_tensor(lists):
    full = lists.with_taught({"teh": ["the"], "店": ["电"]})
    again = Lists.from_tensor(full.to_tensor())
    assert again.words.forms == full.words.forms
    assert again.words.confusions == full.words.confusions
    assert again.characters.characters == full.characters.characters
    assert np.array_equal(again.bigrams.keys, full.bigrams.keys)
    assert again.taught == full.taught
    for ask in (lambda c: c.of_word("recieved"), lambda c: c.of_word("their"), lambda c: c.of_character("他")):
        one, other = ask(Candidates(full)), ask(Candidates(again))
        assert one.texts == other.texts
        assert np.array_equal(one.features, other.features)
    with pytest.raises(ValueError, match="cannot be unpacked"):
        Lists.from_tensor(full.to_tensor()[:-20])


def test_candidates_of_a_character(lists):
    options = Candidates(lists).of_character("己")
    assert options.texts[0] == "己"
    kept, shape = FEATURES.index("kept"), FEATURES.index("shape")
    assert options.features[:, kept].tolist() == [1.0] + [0.0] * (len(options) - 1)
    assert options.features[options.texts.index("已"), shape] == 1
    assert Candidates(lists).of_character("龘") is None
