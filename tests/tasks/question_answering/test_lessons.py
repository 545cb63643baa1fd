"""What a reader learns from: rows as they are handed over, negatives, draws, and what the held-back part says."""

import numpy as np
import pandas as pd
import pytest
import torch
from toy_questions import questions

from slmkit.errors import InputError
from slmkit.tasks.question_answering.held_back import Held, Judgement, overlap_f1
from slmkit.tasks.question_answering.lessons import Lessons, pieces
from slmkit.tasks.question_answering.negatives import mine
from slmkit.tasks.question_answering.reading import Sizes
from slmkit.tasks.question_answering.reading_network import shared_surprise
from slmkit.tasks.question_answering.reading_rows import Asked, Taught
from slmkit.training.drawing import hold_back, order_of


def test_answers_are_found_by_their_start_or_by_their_text():
    passage = "a film is a film , good film "
    given = [["film"], ["film"], ["film"], "good", [], None, float("nan"), [""], ["news"], ["film ", "good"]]
    starts = [[2], [99], None, 22, None, None, None, None, [0], [24, 19]]
    taught = Taught.of(["q"] * 10, [passage] * 10, given, starts)
    every = ((2, 6), (12, 16), (24, 28))
    assert taught.spans == [((2, 6),), every, every, ((19, 23),), (), (), (), (), ((24, 28), (19, 23))]
    assert (taught.left_out, taught.rows) == ([8], [0, 1, 2, 3, 4, 5, 6, 7, 9])


def test_a_frame_brings_all_columns():
    frame = pd.DataFrame(
        {"question": ["q", "r"], "passage": ["a film", "news"], "answers": [["film"], []]}, index=[7, 7]
    )
    assert Taught.of(frame).spans == [((2, 6),), ()]
    assert Taught.of(frame.assign(answer_start=[[2], []])).spans == [((2, 6),), ()]
    with pytest.raises(InputError, match="no column 'answers'"):
        Taught.of(frame.drop(columns="answers"))
    with pytest.raises(InputError, match="give it alone"):
        Taught.of(frame, ["x", "y"])
    assert Asked.of(frame, None).index.tolist() == [7, 7]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((["q", None], ["p", "p"], [[], []]), "row 1 of the questions: missing"),
        ((["q"], [" "], [[]]), "row 0 of the passages: only white space"),
        ((["q"], [3], [[]]), "row 0 of the passages: not text but int"),
        ((["q", "r"], ["p"], [[]]), "2 questions and 1 passages"),
        ((["q"], ["p"], [[], []]), "1 questions and 2 answers"),
        ((["q"], ["p"], None), "no answers"),
        ((["q"], ["p"], [[]], [[], []]), "2 starts of answers"),
        ((["q"], ["p"], [[3]]), "row 0 of the answers: a list of texts is needed, it holds int"),
        ((["q"], ["p"], [3]), "row 0 of the answers: a list of texts is needed, not int"),
        (("q", "p", []), "got one str"),
    ],
)
def test_rows_that_cannot_be_learned_from_are_named(arguments, said):
    with pytest.raises(InputError, match=said):
        Taught.of(*arguments)


def test_negatives_look_alike_and_hold_no_answer():
    passages = [
        "the bank opened in 1963 in Paris",
        "the bank closed in 1963",
        "a bank in Rome",
        "cats sleep",
        "另一段话",
    ]
    asked = ["when was the bank in Paris opened", "who sleeps", "zebra", "no answer here"]
    answers = [["1963"], ["Cats"], ["x"], []]
    own = [passages[0], passages[3], passages[4], passages[4]]
    found = mine(asked, own, answers, passages)
    assert found == [["a bank in Rome"], [], [], []]
    assert mine(["bank"], ["x"], [["y"]], ["a bank"]) == [[]]
    chinese = mine(["银行的利率"], ["利率是三"], [["三"]], ["银行的利率是三", "银行的门", "酒店的床"])
    assert chinese == [["银行的门"]]


@pytest.fixture
def lessons(toy_slm):
    asked, passages, answers = questions(24, length=60)
    passages[1] = passages[1] + " the " * 40
    taught = Taught.of(asked, passages, answers)
    others = [["the news of the bank"] if spans else [] for spans in taught.spans]
    return Lessons(
        toy_slm.tokenizer, taught.questions, taught.passages, taught.spans, others, sizes=Sizes(48, 18), abstain=0.3
    )


def test_a_draw_has_one_answer_beside_something_else_or_none_at_all(lessons):
    rng = np.random.default_rng(0)
    rights = []
    for row in list(range(24)) * 8:
        drawn = lessons.draw(row, rng)
        right = [part for part in drawn if part.answers]
        assert 1 <= len(drawn) <= 2
        if not lessons.spans[row]:
            assert not right
            continue
        rights.append(len(right))
        for part in drawn:
            offsets = lessons.tokens[part.passage].offsets
            text = lessons.texts[part.passage][offsets[part.start, 0] : offsets[part.end - 1, 1]]
            assert (
                "card" in text and any(word in text for word in ("good", "bad", "film", "movie"))
            ) or not part.answers
    assert set(rights) == {0, 1}
    assert 0.55 < np.mean(rights) < 0.85


def test_the_marked_tokens_of_a_piece_are_the_answer(lessons, toy_slm):
    piece = next(pieces(lessons, np.arange(24), np.ones(24), seed=0))
    windows = piece.windows
    found = 0
    for number, answers in enumerate(piece.answers):
        for first, last in answers:
            found += 1
            assert windows.fresh[number][first : last + 1].all()
            word = toy_slm.tokenizer.decode(windows.ids[number][first : last + 1]).strip()
            assert word in ("good", "bad", "film", "movie")
    assert found


def test_rows_are_read_as_often_as_they_weigh():
    weights = np.array([0.3, 1.0, 2.0, 0.7])
    counts = sum(np.bincount(order_of(weights, epoch, 1), minlength=4) for epoch in range(10))
    assert counts.tolist() == [3, 10, 20, 7]
    assert sorted(order_of(np.ones(5), 3, 0).tolist()) == [0, 1, 2, 3, 4]
    assert order_of(np.ones(50), 0, 0).tolist() != order_of(np.ones(50), 1, 0).tolist()


def test_answers_that_no_window_holds_are_no_lesson(toy_slm):
    passage = "the film " * 60
    lessons = Lessons(
        toy_slm.tokenizer, ["q", "q"], [passage] * 2, [((0, 500),), ()], [[], []], sizes=Sizes(48, 18), abstain=0.0
    )
    assert [lessons.has_lesson(row) for row in (0, 1)] == [False, True]


def test_all_questions_of_a_passage_are_held_back_together():
    passages = [f"passage {i // 3}" for i in range(300)]
    train, held = hold_back(passages, np.ones(300), 0.2, 0)
    assert not {passages[i] for i in train} & {passages[i] for i in held}
    assert sorted([*train, *held]) == list(range(300))
    assert 58 <= len(held) <= 62
    assert len(hold_back(passages, np.ones(300), None, 0)[1]) == 30
    assert not len(hold_back(passages[:60], np.ones(60), None, 0)[1])
    assert len(hold_back(["one"] * 50, np.ones(50), 0.5, 0)[0]) == 50
    heavy = np.where(np.arange(300) < 30, 1000.0, 1.0)
    assert np.mean(hold_back(passages, heavy, 0.1, 0)[1] < 30) > 0.8


def test_the_best_threshold_is_that_of_trying_them_all():
    rng = np.random.default_rng(3)
    for _ in range(20):
        judged = Judgement(rng.random(30).round(1), rng.random(30), rng.random(30) < 0.4)
        judged = Judgement(judged.none, judged.answered * ~judged.right, judged.right)

        def mean(threshold, of=judged):
            return np.where(of.none > threshold, of.right, of.answered).mean()

        value, threshold = judged.best()
        assert value == pytest.approx(mean(threshold))
        assert value >= max(mean(t) for t in np.linspace(0, 1, 21)) - 1e-9


def test_overlap():
    assert overlap_f1((2, 6), [(2, 6)]) == 1
    assert overlap_f1((2, 6), [(4, 8), (50, 60)]) == pytest.approx(0.5)
    assert overlap_f1((2, 6), [(6, 8)]) == 0
    assert overlap_f1((2, 6), []) == 0


def test_held_back_questions_are_shown_with_and_without_their_answer(toy_slm, lessons):
    held = Held(toy_slm, lessons, np.arange(24), depth=2, seed=0)
    shown = [held.texts[own[0]] == lessons.texts[lessons.own[row]] for row, own in enumerate(held.of_question)]
    assert all(shown[row] for row in range(0, 24, 4))  # those that have no answer keep their passage
    assert not all(shown)
    assert [bool(spans) for spans in held.truth] == [own and row % 4 > 0 for row, own in enumerate(shown)]
    assert len(held.of_window) == len(held.states.windows.ids)


def test_surprise_is_shared_by_all_windows_of_a_draw():
    torch.manual_seed(0)
    scores = torch.randn(5, 6, requires_grad=True)
    allowed = torch.rand(5, 6) < 0.7
    allowed[3] = False  # a window without any token of a passage
    wanted = torch.zeros(5, 6, dtype=torch.bool)
    allowed[1, 2] = allowed[1, 4] = wanted[1, 2] = wanted[1, 4] = True
    owner = torch.tensor([0, 0, 1, 1, 2])
    found = shared_surprise(scores, allowed, wanted, owner, 3)
    weights = scores.detach().exp().double()
    expected = []
    for draw in range(3):
        rows = owner == draw
        total = 1 + weights[rows][allowed[rows]].sum()
        right = weights[rows][wanted[rows]].sum() if wanted[rows].any() else torch.tensor(1.0)
        expected.append(-torch.log(right / total))
    assert found.item() == pytest.approx(float(torch.stack(expected).mean()), abs=1e-5)
    found.backward()
    assert scores.grad.isfinite().all()
    assert (scores.grad[~allowed] == 0).all()
    assert (scores.grad[1, 2] < 0, scores.grad[4][allowed[4]].min() >= 0) == (True, True)
