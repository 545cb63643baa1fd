"""Lessons: what was typed beside what is right; the right candidate of each slot; errors that are made."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmkit.tasks.spelling.candidates import Candidates
from slmkit.tasks.spelling.guard import Guard
from slmkit.tasks.spelling.lessons import Lesson, gold_of, lesson_of, taught_by
from slmkit.tasks.spelling.material import Material
from slmkit.tasks.spelling.noise import EnglishNoise, rates
from slmkit.tasks.spelling.noise_zh import ChineseNoise
from slmkit.tasks.spelling.slots import Slotter

RIGHT = "There is a house, and their house is where they're going; I don't know a lot of people."
CHINESE = "他们在酒店里，再见。她的房间很大，这里的服务很好。"


@pytest.mark.parametrize(
    ("wrong", "right", "edits"),
    [
        ("a teh b", "a the b", [(2, 5, "the")]),
        ("alot of", "a lot of", [(0, 4, "a lot")]),
        ("can some times be", "can sometimes be", [(4, 14, "sometimes")]),
        ("is some times form here", "is sometimes from here", [(3, 13, "sometimes"), (14, 18, "from")]),
        ("th eknife", "the knife", [(0, 2, "the"), (3, 9, "knife")]),
        ("他门在", "他们在", [(1, 2, "们")]),
        ("他门再好", "他们在好", [(1, 2, "们"), (2, 3, "在")]),
        ("the same", "the same", []),
        ("I go school", "I go to school", []),
        ("very very nice", "very nice", []),
    ],
)
def test_pairs_are_aligned(wrong, right, edits):
    lesson = lesson_of(wrong, right)
    assert list(lesson.edits) == edits
    if edits:
        assert lesson.right == right
    else:
        assert bool(lesson.unclear) == (wrong != right)


@given(st.lists(st.sampled_from(["a", "the", "teh", "好", "号", "，", " ", "5", "'"]), max_size=8), st.data())
def test_any_pair_can_be_aligned(words, data):
    other = data.draw(st.permutations(words))
    wrong, right = " ".join(words), "".join(other)
    lesson = lesson_of(wrong, right)
    ends = [(s, e) for s, e, _ in lesson.edits]
    assert all(0 <= s < e <= len(wrong) for s, e in (*ends, *lesson.unclear))
    assert all(before[1] <= after[0] for before, after in zip(ends, ends[1:], strict=False))


def test_the_right_candidate_of_each_slot(lists):
    slotter = Slotter(Candidates(lists), Guard())
    lesson = lesson_of(
        "Thier house is some times form here, alot. 他们再酒店", "Their house is sometimes from here, a lot. 他们在酒店"
    )
    chunks = slotter.chunks(lesson.text)
    gold = gold_of(lesson, chunks)
    made = {
        slot.typed: slot.options.texts[number] if number >= 0 else None
        for chunk, each in zip(chunks, gold, strict=True)
        for slot, number in zip(chunk.slots, each, strict=True)
    }
    assert made["Thier"] == "their"
    assert made["some"] == "sometimes"
    assert made["form"] == "from"
    assert made["alot"] == "a lot"
    assert made["再"] == "在"
    assert made["他"] == "他"
    assert made.get("times") is None  # a part of the word that the one before it becomes


def test_what_is_unclear_teaches_nothing(lists):
    slotter = Slotter(Candidates(lists), Guard())
    lesson = Lesson("their house form here", ((0, 5, "my"),), ((12, 16),))
    gold = gold_of(lesson, slotter.chunks(lesson.text))
    assert gold == [[-1, -1, 0]]
    assert taught_by([lesson_of("Teh, teh", "The, the"), lesson_of("他门", "他们")]) == {
        "teh": ["The", "the"],
        "门": ["们"],
    }


@pytest.mark.parametrize("seed", range(20))
def test_errors_are_put_in_and_can_be_taken_out(lists, seed):
    rng = np.random.default_rng(seed)
    english = EnglishNoise(lists.words, {"people": ["poeple"]}).misspell(RIGHT, 0.5, rng)
    chinese = ChineseNoise(lists.characters, {"酒店": ["九点"]}).misspell(CHINESE, 0.5, rng)
    assert english.right == RIGHT
    assert english.text != RIGHT
    assert chinese.right == CHINESE
    assert len(chinese.text) == len(CHINESE)
    again = EnglishNoise(lists.words, {"people": ["poeple"]}).misspell(RIGHT, 0.5, np.random.default_rng(seed))
    assert again == english
    assert EnglishNoise(lists.words).misspell(RIGHT, 0.0, rng) == Lesson(RIGHT)
    assert ChineseNoise(lists.characters).misspell(CHINESE, 0.0, rng) == Lesson(CHINESE)


def test_real_misspellings_real_words_and_homophones_are_among_them(lists):
    noise, rng = EnglishNoise(lists.words, {"people": ["poeple"]}), np.random.default_rng(0)
    assert "poeple" in {noise.word("people", rng) for _ in range(50)}
    assert {"there", "they're"} & {noise.word("their", rng) for _ in range(50)}
    assert "dont" in {noise.word("don't", rng) for _ in range(50)}
    texts = {ChineseNoise(lists.characters, {"酒店": ["九点"]}).misspell("酒店", 0.9, rng).text for _ in range(50)}
    assert "九点" in texts
    untouched = noise.misspell("see https://people.org/people `people` PeOple", 1.0, rng)
    assert untouched.text.endswith("https://people.org/people `people` PeOple")


def test_words_of_two_letters_are_slipped_too(lists):
    noise, rng = EnglishNoise(lists.words), np.random.default_rng(0)
    made = {noise.word("of", rng) for _ in range(300)} - {None, "of"}
    assert "fo" in made
    assert all(len(word) > 1 for word in made)
    assert noise.word("a", rng) is None


def test_pairs_are_drawn_alike_to_the_ends_of_their_list(lists):
    pairs = [Lesson("好" * (n // 50 + 1)) for n in range(2000)]
    material = Material(lists, [], [], pairs, EnglishNoise(lists.words), ChineseNoise(lists.characters))
    rng = np.random.default_rng(0)
    drawn = Counter(id(material.misspelt("好" * 90, rng, chinese=True)) for _ in range(6000))
    of_pairs = [drawn[id(pair)] for pair in pairs if drawn[id(pair)]]
    assert max(of_pairs) < 12
    few = Material(lists, [], [], pairs[:3], EnglishNoise(lists.words), ChineseNoise(lists.characters))
    assert {few.misspelt("好", rng, chinese=True) for _ in range(200)} >= {pairs[0]}


def test_many_texts_stay_as_they_are():
    rng = np.random.default_rng(0)
    found = np.array([rates(rng) for _ in range(2000)])
    assert 0.3 < (found == 0).mean() < 0.4
    assert found.max() < 0.13
