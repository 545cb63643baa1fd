"""Windows of a question beside a passage, spans of their tokens, and the places that spans make up."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from slmkit.tasks.question_answering.candidates import LOWEST, Candidates, batch_spans, join
from slmkit.tasks.question_answering.reading import (
    Sizes,
    best_spans,
    lay_question_windows,
    passage_tokens,
    span_scores,
    trimmed,
)
from slmkit.text.tokenizer import BOS, EOS
from slmkit.text.windows import Windows

TEXTS = st.lists(
    st.sampled_from(["the ", "film", " ", "很好", "，酒店", "\n", "😀", "3.1", "x\ud800"]), max_size=60
).map("".join)


SIZES = Sizes(48, 18)


def lay(slm, question, passage, sizes=SIZES):
    asked, read = slm.tokenizer.encode_batch([question, passage])
    return read, lay_question_windows([asked], [read], size=sizes.window, most=sizes.question, overlap=sizes.overlap)


@settings(max_examples=60, deadline=None)
@given(question=TEXTS, passage=TEXTS)
def test_windows_hold_every_token_of_the_passage_in_its_place(toy_slm, question, passage):
    read, windows = lay(toy_slm, question, passage)
    seen = set()
    for ids, offsets, fresh in zip(windows.ids, windows.offsets, windows.fresh, strict=True):
        assert len(ids) == len(offsets) == len(fresh) <= 48
        assert (ids[0], ids[-1], offsets[0].tolist()) == (BOS, EOS, [0, 0])
        own = list(zip(ids[fresh].tolist(), map(tuple, offsets[fresh].tolist()), strict=True))
        starts = [
            i for i in range(len(read) - len(own) + 1) if read.ids[i : i + len(own)].tolist() == [t for t, _ in own]
        ]
        assert starts
        seen |= {(i, span) for i, span in own}
    assert seen == set(zip(read.ids.tolist(), map(tuple, read.offsets.tolist()), strict=True))


@settings(max_examples=60, deadline=None)
@given(question=TEXTS, passage=TEXTS)
def test_a_passage_that_fits_is_one_window(toy_slm, question, passage):
    sizes = Sizes(128, 18)
    read, windows = lay(toy_slm, question, passage, sizes)
    asked = toy_slm.tokenizer.encode(question)
    if len(read) <= sizes.room(asked):
        whole = [BOS, *asked.ids[: sizes.question].tolist(), EOS, *read.ids.tolist(), EOS]
        assert [ids.tolist() for ids in windows.ids] == [whole]
        assert windows.offsets[0][windows.fresh[0]].tolist() == read.offsets.tolist()
    else:
        assert len(windows.ids) > 1


@settings(max_examples=100, deadline=None)
@given(passage=TEXTS, places=st.tuples(st.integers(0, 200), st.integers(0, 200)))
def test_a_trimmed_span_slices_to_what_is_left(passage, places):
    start, end = sorted(min(place, len(passage)) for place in places)
    a, b = trimmed(passage, start, end)
    assert passage[a:b] == passage[start:end].strip()
    assert start <= a <= b <= end


def test_an_answer_stands_whole_in_some_window(toy_slm):
    sizes = Sizes(48, 18)
    read, windows = lay(toy_slm, "the card ?", "the film is good , " * 30, sizes)
    held = [set(map(tuple, o[f].tolist())) for o, f in zip(windows.offsets, windows.fresh, strict=True)]
    for first in range(len(read) - sizes.answer + 1):
        wanted = set(map(tuple, read.offsets[first : first + sizes.answer].tolist()))
        assert any(wanted <= each for each in held)


def test_long_questions_leave_room_for_the_passage(toy_slm):
    _, windows = lay(toy_slm, "film " * 500, "the card is good")
    assert len(windows.ids) == 1
    assert windows.fresh[0].sum() == len(toy_slm.tokenizer.encode("the card is good"))


def test_scores_of_spans_and_the_best_of_them():
    start, end = torch.tensor([[1.0, 5.0, 0.0]]), torch.tensor([[0.0, 2.0, 3.0]])
    scores = span_scores(start, end, 2)[0]
    assert scores[1].tolist() == [-torch.inf, 7.0, 8.0]
    assert scores[0].tolist() == [1.0, 3.0, -torch.inf]
    first, last, best, rest = (part[0] for part in best_spans(start, end, 2, 2))
    assert list(zip(first.tolist(), last.tolist(), best.tolist(), strict=True)) == [(1, 2, 8.0), (1, 1, 7.0)]
    assert float(rest) == pytest.approx(np.log(np.exp([1.0, 3.0, 3.0]).sum()), abs=1e-5)


def test_scores_are_taken_against_the_null_of_their_window():
    start, end = torch.tensor([[2.0, 3.0, 9.0]]), torch.tensor([[1.0, 4.0, 9.0]])
    allowed = torch.tensor([[False, True, False]])
    first, last, best, rest = (part[0] for part in batch_spans(start, end, allowed, 3))
    assert (int(first[0]), int(last[0]), float(best[0])) == (1, 1, 4.0)
    assert best[1:].isinf().all()
    assert rest.isinf()


def test_which_tokens_of_a_batch_are_a_passages():
    windows = Windows(
        [np.arange(2), np.arange(4)], [], np.arange(2), [np.array([0, 1]) > 0, np.array([0, 0, 1, 0]) > 0], 2
    )
    found = passage_tokens(windows, np.array([1, 0]), torch.ones(2, 4, dtype=torch.bool))
    assert found.tolist() == [[False, False, True, False], [False, True, False, False]]


def some(*spans, rest=-np.inf):
    found = Candidates()
    passage = "x" * 100
    found.add(passage, np.array([span[:2] for span in spans]).reshape(-1, 2), np.array([s[2] for s in spans]), rest)
    return found


def test_spans_that_overlap_are_one_place_and_nothing_is_lost():
    found = some((10, 14, 3.0), (12, 16, 2.0), (40, 44, 2.5), (43, 50, 0.0), rest=-1.0)
    places = join([found], [("a", 0)])
    assert list(zip(places.start.tolist(), places.end.tolist(), strict=True)) == [(10, 14), (40, 44)]
    assert places.logit == pytest.approx([np.logaddexp(3, 2), np.logaddexp(2.5, 0)])
    odds = np.exp([3.0, 2.0, 2.5, 0.0, -1.0])
    chances = places.probabilities(1.0)
    assert chances.sum() == pytest.approx(1)
    assert chances[0] == pytest.approx(1 / (1 + odds.sum()))
    assert chances[1] == pytest.approx(odds[:2].sum() / (1 + odds.sum()))
    assert chances[-1] == pytest.approx(odds[-1] / (1 + odds.sum()))


def test_a_place_is_told_by_the_span_that_shares_most_with_the_others():
    # Alone, the short one is the likeliest; three out of four that overlap it say that the answer goes on.
    places = join([some((10, 12, 2.0), (10, 20, 1.9), (10, 19, 1.8), (9, 20, 1.7))], [("a", 0)])
    assert (places.start.tolist(), places.end.tolist()) == ([10], [20])
    sure = join([some((10, 12, 6.0), (10, 20, 1.9), (10, 19, 1.8))], [("a", 0)])
    assert (sure.start.tolist(), sure.end.tolist()) == ([10], [12])
    # Spans of two passages of one text are compared by their characters in it.
    first, second = some((10, 12, 2.0), (10, 19, 1.8)), some((4, 14, 1.9), (3, 14, 1.7))
    both = join([first, second], [("a", 0), ("a", 6)])
    assert (both.passage.tolist(), both.start.tolist(), both.end.tolist()) == ([1], [4], [14])


def test_a_span_that_two_windows_or_passages_hold_counts_once():
    windows = some((10, 14, 1.0), (10, 14, 3.0))
    assert join([windows], [("a", 0)]).logit.tolist() == [3.0]
    # Characters 10 to 14 of one passage are characters 4 to 8 of another that begins at the sixth.
    first, second = some((10, 14, 1.0)), some((4, 8, 3.0))
    places = join([first, second], [("a", 0), ("a", 6)])
    assert (places.passage.tolist(), places.start.tolist(), places.logit.tolist()) == ([1], [4], [3.0])
    apart = join([some((10, 14, 1.0)), some((4, 8, 3.0))], [("a", 0), ("b", 6)])
    assert (apart.passage.tolist(), apart.logit.tolist()) == ([1, 0], [3.0, 1.0])


def test_many_candidates_keep_their_weight():
    rng = np.random.default_rng(0)
    spans = [
        (int(a), int(a) + 1, float(s)) for a, s in zip(rng.integers(0, 99, 3000), rng.normal(size=3000), strict=True)
    ]
    found = Candidates()
    for begin in range(0, 3000, 30):
        part = spans[begin : begin + 30]
        found.add("x" * 100, np.array([span[:2] for span in part]), np.array([span[2] for span in part]), -np.inf)
    best = {}
    for a, _, score in spans:
        best[a] = max(score, best.get(a, -np.inf))
    places = join([found], [("a", 0)])
    total = np.logaddexp.reduce([*places.logit, places.rest])
    assert total >= np.logaddexp.reduce(list(best.values())) - 1e-9
    assert places.logit[0] == pytest.approx(max(best.values()))


def test_no_passage_and_no_span_leave_no_answer():
    for places in (join([], []), join([some()], [("a", 0)])):
        assert not len(places.logit)
        assert places.probabilities(1.0)[0] == pytest.approx(1 / (1 + np.exp(LOWEST)))
