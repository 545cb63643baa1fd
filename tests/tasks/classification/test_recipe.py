import numpy as np
import pytest

from slmkit.tasks.classification import Classifier
from slmkit.tasks.classification.natural_text import naturalise
from slmkit.tasks.classification.recipe import default_epochs, default_held_back, default_step_tokens
from slmkit.tasks.classification.split import hold_back


@pytest.mark.parametrize(("n", "epochs"), [(50, 20), (5_000, 5), (7_000, 4), (50_000, 3)])
def test_small_sets_are_read_more_often(n, epochs):
    assert default_epochs("tune", n) == epochs


def test_steps_hold_about_2048_tokens_and_never_under_16_texts():
    assert default_step_tokens(100_000, 25) == 2048
    assert default_step_tokens(100, 25) == 16 * 25
    assert default_step_tokens(100_000, 256) == 16 * 256
    assert default_step_tokens(1_600, 25) == 40 * 25


def test_what_is_held_back():
    assert default_held_back("tune", 150) == 0
    assert default_held_back("tune", 5_000) == 0.1
    assert default_held_back("tune", 100_000) == 0.02
    assert default_held_back("contrastive", 5_000) == 0


def test_every_class_has_its_share_in_the_held_back_part():
    classes = np.repeat([0, 1, 2], [600, 300, 100])
    train, held = hold_back(classes, 0.1, seed=0)
    assert sorted([*train, *held]) == list(range(1000))
    assert np.bincount(classes[held]).tolist() == [60, 30, 10]
    again = hold_back(classes, 0.1, seed=0)[1]
    np.testing.assert_array_equal(held, again)
    assert not np.array_equal(held, hold_back(classes, 0.1, seed=1)[1])


def test_many_small_classes_still_give_a_part_and_keep_one_row_each():
    classes = np.repeat(np.arange(100), 3)
    train, held = hold_back(classes, 0.1, seed=0)
    assert len(held) == pytest.approx(30, abs=1)
    assert set(classes[train]) == set(range(100))
    lonely = np.arange(10)
    assert len(hold_back(lonely, 0.5, seed=0)[1]) == 0


@pytest.mark.parametrize(
    ("tokenised", "written"),
    [
        ("it 's a film that i wo n't forget .", "It's a film that I won't forget."),
        ("good lrb very good rrb , i 'd say", "Good (very good), I'd say."),
        ("`` waterboy '' is fun ! see it", '"Waterboy" is fun! See it.'),
        ("made by hand 's end", "Made by hand's end."),
        ("costs $ 5 or 10 %", "Costs $5 or 10%."),
        ("", ""),
        ("ice t", "Ice t."),
    ],
)
def test_tokenised_english_as_people_write_it(tokenised, written):
    assert naturalise(tokenised) == written


@pytest.mark.parametrize(
    ("asked", "start", "hidden"),
    [(None, "encoder", 0.1), (None, "vectors", 0.0), (0.3, "vectors", 0.3), (0.0, "encoder", 0.0)],
)
def test_hidden_words_follow_from_what_a_branch_begins_as_unless_asked(toy_slm, reviews, asked, start, hidden):
    settings = {"method": "tune", "depth": 2, "epochs": 1, "ngrams": False}
    model = Classifier(start=start, word_dropout=asked, slm=toy_slm, **settings).fit(reviews[0][:8], reviews[1][:8])
    assert model.recipe_.word_dropout == hidden
