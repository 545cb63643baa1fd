"""Spans as tokens of windows: exact characters, and at the seams nothing lost and nothing twice."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from slmkit.tasks.knowledge.entities.candidates import Candidates, Scores, gather, settle
from slmkit.tasks.knowledge.entities.laying import IGNORED, lay, overlap_of, tag_row
from tests.conftest import make_toy_slm

SLM = make_toy_slm()
LONGEST = overlap_of(24)


def found(text, max_length, spans):
    """What is found of some spans of tokens, each with a score, when every window sees those that it holds whole.

    A span that a window cuts looks to it like one that ends at its edge, and a better one than it is.
    """
    laid = lay(SLM, [text], max_length)
    into = [Candidates()]
    for window, (begin, end) in enumerate(laid.bounds):
        pairs = torch.full((1, 2, len(laid.places[window]), len(laid.places[window])), -10.0)
        cut = [(kind, max(a, begin), min(b, end - 1), 9.0) for kind, a, b, _ in spans if (a < begin) != (b >= end)]
        whole = [each for each in spans if begin <= each[1] and each[2] < end]
        for kind, a, b, score in [*cut, *whole]:
            if a <= b:
                pairs[0, kind, a - begin + laid.head, b - begin + laid.head] = score
        gather(Scores(pairs, None), laid, [window], into)
    return {(s.start, s.end, s.kind, s.score) for s in settle(into[0], text, nested=True)}


@st.composite
def spans_of_tokens(draw):
    length = draw(st.integers(30, 100))
    spans, at = [], draw(st.integers(0, 3))
    while at < length:
        size = min(draw(st.integers(1, LONGEST)), length - at)
        spans.append((draw(st.integers(0, 1)), at, at + size - 1, float(draw(st.integers(1, 5)))))
        at += size + draw(st.integers(0, 9))
    return length, spans


@settings(max_examples=60, deadline=None)
@given(spans_of_tokens())
def test_windowed_is_as_unwindowed(drawn):
    length, spans = drawn
    text = " ".join(["the", "film"][i % 2] for i in range(length))
    assert len(lay(SLM, [text], 24).bounds) > 1
    whole = found(text, 128, spans)
    assert len(whole) == len(spans)
    assert found(text, 24, spans) == whole


@settings(max_examples=30, deadline=None)
@given(st.integers(17, 110), st.integers(16, 100))
def test_every_span_of_tokens_has_one_judge(length, max_length):
    text = " ".join(["film"] * length)
    laid = lay(SLM, [text, "the news"], max_length)
    size = overlap_of(max_length)
    judges = np.zeros((length, size), dtype=int)
    for window in laid.of_texts(np.array([0])):
        begin, end = laid.bounds[window]
        pairs = [(a, a + n) for a in range(begin, end) for n in range(size) if a + n < end]
        first, last = np.array(pairs).T
        here = laid.judged_here(window, first - begin + laid.head, last - begin + laid.head)
        np.add.at(judges, (first[here], (last - first)[here]), 1)
    wanted = np.array([[a + n < length for n in range(size)] for a in range(length)])
    assert (judges == wanted).all()


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("the film", "film"),
        ("a  bank   card", "bank   card"),
        ("他在酒店", "酒店"),
        ("龘龘靐 好", "龘靐"),
        ("news 😀👍 of", "👍"),
        ("half \ud800x", "\ud800"),
        ("𠮷𠮷野家好", "𠮷野家"),
        ("▁bank", "▁"),
    ],
)
def test_characters_are_exact(text, part):
    laid = lay(SLM, [text], 32)
    start = text.index(part)
    ((first, last),) = laid.pairs(0, [(start, start + len(part), "X")])
    places = laid.places[0]
    assert (places[first, 0], places[last, 1]) == (start, start + len(part))


def test_a_span_that_cuts_a_token_has_those_of_which_it_holds_most():
    laid = lay(SLM, ["the movie is good"], 32)  # each word is one token
    places = laid.places[0]

    def tokens(start, end):
        first, last = laid.pairs(0, [(start, end, "X")])[0]
        return places[first, 0], places[last, 1]

    assert tokens(4, 8) == (4, 9)
    assert tokens(5, 12) == (4, 12)
    assert tokens(4, 14) == (4, 12)
    assert tokens(5, 7) == (4, 9)


def test_tags_of_a_window():
    text = "the bank card is good"
    laid = lay(SLM, [text], 32)
    spans = [(4, 13, "B"), (9, 13, "A"), (17, 21, "A")]
    row = tag_row(laid, 0, spans, laid.pairs(0, spans), ["A", "B"])
    assert row.tolist() == [IGNORED, 0, 3, 4, 0, 1, IGNORED]


def test_a_span_at_a_seam_is_learned_in_the_window_that_holds_it():
    text = " ".join(["film"] * 40)
    laid = lay(SLM, [text], 24)
    begin, end = laid.bounds[0]
    tokens = (end - 2, end + 1)  # two tokens on either side of the first window's end
    span = [(5 * tokens[0], 5 * tokens[1] + 4, "A")]
    assert laid.pairs(0, span) == [None]
    first, last = laid.pairs(1, span)[0]
    assert (first, last) == (tokens[0] - laid.bounds[1, 0] + laid.head, tokens[1] - laid.bounds[1, 0] + laid.head)
    row = tag_row(laid, 0, span, [None], ["A"])
    assert row.tolist() == [IGNORED, *[0] * 20, IGNORED, IGNORED, IGNORED]


def test_empty_and_blank_texts_have_no_usable_token():
    laid = lay(SLM, ["", " ", "\u3000\n"], 32)
    assert not any(laid.usable(window).any() for window in range(3))
    assert laid.pairs(1, [(0, 1, "X")]) == [None]
