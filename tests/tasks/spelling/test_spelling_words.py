"""The English word list: what is near, what sounds alike, what is taken for what; candidates of a word."""

import numpy as np
import pytest
from rapidfuzz.distance import OSA

from slmkit.tasks.spelling.candidates import Candidates
from slmkit.tasks.spelling.distance import weighed
from slmkit.tasks.spelling.features import AT, FEATURES
from slmkit.tasks.spelling.sounds import sound
from slmkit.tasks.spelling.words import WordList, find_confusions


@pytest.fixture(scope="module")
def candidates(lists):
    return Candidates(lists, ["Kubernetes"])


def named(options, text):
    row = options.features[options.texts.index(text)]
    return {name: float(value) for name, value in zip(FEATURES, row, strict=True) if value}


@pytest.mark.parametrize(
    ("one", "other"),
    [("their", "there"), ("their", "they're"), ("know", "no"), ("to", "two"), ("whose", "who's"), ("night", "knight")],
)
def test_words_that_sound_the_same(one, other):
    assert sound(one, vowels=True) == sound(other, vowels=True)


@pytest.mark.parametrize(
    ("one", "other"), [("nife", "knife"), ("fone", "phone"), ("akcept", "except"), ("recieve", "receive")]
)
def test_words_that_sound_alike(one, other):
    assert sound(one) == sound(other)
    assert sound("knife") != sound("knives")
    assert sound("") == sound("'") == ""


def test_easy_slips_cost_less():
    costs = [weighed(typed, "believe") for typed in ("believe", "beliieve", "beleive", "believr", "beliewve")]
    assert costs[0] == 0
    assert costs[1:] == sorted(costs[1:])
    assert weighed("dont", "don't") < weighed("dot", "don't")
    assert weighed("acomodate", "accommodate") == pytest.approx(1.0)
    assert weighed("", "ab") > 0


def test_near_is_what_the_distance_says(lists):
    words = lists.words
    for typed in ("recieved", "nife", "peple", "there", "x", "alltogether"):
        for distance in (1, 2):
            found = {words.keys[i] for i in words.near(typed, distance)}
            assert found == {key for key in words.keys if OSA.distance(typed, key) <= distance}
            few = [words.keys[i] for i in words.near(typed, distance, 2)]
            assert len(few) == min(2, len(found))
            assert set(few) <= found


def test_real_words_that_are_taken_for_others(lists):
    words = lists.words
    pairs = {(words.keys[a], words.keys[b]) for a, others in find_confusions(words).items() for b in others}
    assert {("their", "there"), ("there", "they're"), ("form", "from"), ("weather", "whether")} <= pairs
    rare = WordList(["there", "three", "thyme"], np.array([10_000, 600, 30]))
    assert find_confusions(rare) == {0: [1], 1: [0]}
    rarer = WordList(["there", "three"], np.array([10_000, 60]))
    assert find_confusions(rarer) == {1: [0]}  # who typed "there" hardly meant "three"
    assert not any({a, b} == {"rain", "rains"} for a, b in pairs)
    assert find_confusions(words, least=10**6) == {}


def test_forms_are_as_within_a_sentence(lists):
    assert "January" in lists.words.forms
    assert "there" in lists.words.forms  # at the beginning of a sentence a capital says nothing
    assert "I" in lists.words.forms


def test_candidates_of_a_misspelling(candidates):
    options = candidates.of_word("recieved")
    assert options.texts[0] == "recieved"
    assert named(options, "recieved") == {"kept": 1.0}
    assert named(options, "received")["distance"] == pytest.approx(0.6)
    assert named(options, "received")["sound"] == 1
    assert candidates.of_word("Recieved") is options  # case is put back later
    assert "January" in candidates.of_word("januery").texts
    assert named(candidates.of_word("dont"), "don't")["apostrophe"] == 1
    mark = candidates.of_word("don`t")
    assert mark.texts == ("don't", "don't")
    assert mark.features[:, AT["apostrophe"]].tolist() == [0, 1]
    assert named(candidates.of_word("alot"), "a lot")["split"] == 1
    assert "friend's" in candidates.of_word("freind's").texts
    assert "Kubernetes" in candidates.of_word("kuberntes").texts
    assert candidates.of_word("zzzzqqq") is None
    assert candidates.of_word("a" * 5000) is None


def test_right_words_have_none_unless_they_are_taken_for_another(candidates):
    assert candidates.of_word("house") is None
    assert candidates.of_word("friend's") is None
    assert {"there", "they're"} <= set(candidates.of_word("their").texts)
    assert named(candidates.of_word("their"), "there")["confusion"] == 1
    assert named(candidates.of_word("their"), "their")["kept_known"] == 1


def test_candidates_of_two_words(candidates):
    assert candidates.of_pair("some", "times").texts == ("sometimes",)
    assert candidates.of_pair("th", "eknife").texts == ("the knife",)
    assert candidates.of_pair("the", "house") is None
    joined = candidates.of_word("knif").joined_with(candidates.of_pair("some", "times"))
    assert joined.reach.tolist()[-1] == 1
    assert joined.features[-1, AT["join"]] == 1


def test_what_was_taught_is_a_candidate(lists):
    taught = Candidates(lists.with_taught({"house": ["home", "House"], "店": ["定"]}))
    assert taught.of_word("house").texts == ("house", "home")
    assert "定" in taught.of_character("店").texts
    assert lists.with_taught({"a": ["b"]}).with_taught({"a": ["c", "b"]}).taught == {"a": ("b", "c")}


def test_an_extended_list_keeps_its_numbers(lists):
    more = lists.words.extended(["Zweck", "the"], 3)
    assert len(more) == len(lists.words) + 1
    assert more.forms[-1] == "Zweck"
    assert [more.keys[i] for i in more.near("zwek", 1)] == ["zweck"]
    assert lists.words.extended(["The"], 3) is lists.words


def test_an_empty_list():
    empty = WordList([], np.empty(0, dtype=np.int64))
    assert not len(empty.near("abc", 2))
    assert not len(empty.alike("abc"))
    assert WordList.from_arrays(empty.to_arrays()).forms == []
