"""Windows of whole sentences, what a unit teaches, and the loss that needs no table of all pairs."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from slmkit.tasks.knowledge.pointing import Pointer, pair_loss
from slmkit.tasks.knowledge.relations import candidates
from slmkit.tasks.knowledge.relations.calibrate import Judge, Tally, best_threshold
from slmkit.tasks.knowledge.relations.candidates import Found, clash
from slmkit.tasks.knowledge.relations.examples import Example
from slmkit.tasks.knowledge.relations.factored import known_loss, parts_of
from slmkit.tasks.knowledge.relations.jobs import overlapping
from slmkit.tasks.knowledge.relations.lessons import Lessons, known_pairs
from slmkit.tasks.knowledge.relations.schema import Schema
from slmkit.tasks.knowledge.relations.units import Unit, lay_units, units_of
from slmkit.text.sentences import sentence_spans


@given(lengths=st.lists(st.integers(1, 30), min_size=1, max_size=25), room=st.integers(8, 40))
@settings(max_examples=40, deadline=None)
def test_windows_hold_whole_sentences_and_cover_the_text(toy_slm, lengths, room):
    text = " ".join("the " * (n - 1) + "." if n > 1 else "." for n in lengths)
    (tokens,) = toy_slm.tokenizer.encode_batch([text])
    units = units_of(0, text, tokens, room)
    covered = np.zeros(len(tokens), dtype=bool)
    for unit in units:
        assert 0 < unit.end - unit.start <= room
        covered[unit.start : unit.end] = True
    assert covered.all()
    assert len(set(units)) == len(units)
    assert [unit.start for unit in units] == sorted(unit.start for unit in units)
    if len(tokens) <= room:
        assert units == [Unit(0, 0, len(tokens))]
    ends = {end for _, end in sentence_spans(text)}
    for unit in units:
        if not unit.cut[1]:
            after = int(tokens.offsets[unit.end - 1, 1])
            assert after in ends or text[after:].isspace() or after + 1 in ends
    for one, other in zip(units, units[1:], strict=False):
        assert other.start <= one.end < other.end


def test_a_sentence_that_is_too_long_is_cut_with_an_overlap(toy_slm):
    text = "a film . " + "the " * 40 + ". a card ."
    (tokens,) = toy_slm.tokenizer.encode_batch([text])
    units = units_of(0, text, tokens, 20)
    assert [unit.cut for unit in units] == [(False, False), (False, True), (True, True), (True, False), (False, False)]
    assert all(other.start < one.end for one, other in zip(units[1:], units[2:4], strict=False))
    windows = lay_units(units, [tokens])
    assert windows.lengths.tolist() == [unit.end - unit.start + 2 for unit in units]
    for unit, offsets, fresh in zip(units, windows.offsets, windows.fresh, strict=True):
        assert offsets[1:-1].tolist() == tokens.offsets[unit.start : unit.end].tolist()
        assert fresh.tolist() == [False, *[True] * (unit.end - unit.start), False]
    (nothing,) = toy_slm.tokenizer.encode_batch([""])
    assert units_of(0, "", nothing, 20) == [Unit(0, 0, len(nothing))]


def test_windows_have_no_more_sentences_than_those_that_were_learned_from(toy_slm):
    text = "a film . a card . a team . a bank ."
    (tokens,) = toy_slm.tokenizer.encode_batch([text])
    for most in (1, 2, 3):
        units = units_of(0, text, tokens, 60, most)
        sentences = [text[tokens.offsets[u.start, 0] : tokens.offsets[u.end - 1, 1]].count(".") for u in units]
        assert max(sentences) == most
        assert {at for u in units for at in range(u.start, u.end)} == set(range(len(tokens)))
    assert len(units_of(0, text, tokens, 60, 4)) == 1


def test_triples_that_overlap_are_told_where_training_had_such():
    found = Found(
        heads=[(0, 4, 0)] * 3 + [(10, 14, 0)],
        tails=[(5, 9, 0), (5, 12, 0), (5, 9, 0), (5, 9, 0)],
        relations=[0, 0, 1, 0],
        scores=[[1.0] * 4, [2.0] * 4, [-1.0] * 4, [0.0] * 4],
    )
    assert [number for _, number in found.best(Judge(), overlaps=False)] == [1, 3, 2]
    assert [number for _, number in found.best(Judge(), overlaps=True)] == [1, 0, 3, 2]
    spans = ((0, 4, ""), (5, 9, ""), (5, 12, ""))
    nested = Example("abcd efgh ijk", spans, ((0, "r", 1), (0, "r", 2), (1, "r", 0)))
    assert overlapping([nested]) == pytest.approx(2 / 3)
    assert overlapping([Example("abcd efgh", spans[:2], ((0, "r", 1), (0, "s", 1)))]) == 0


@given(
    st.lists(
        st.tuples(*[st.tuples(st.integers(0, 300), st.integers(1, 150))] * 2, st.integers(0, 1), st.integers(-3, 3)),
        max_size=30,
    )
)
@settings(max_examples=50, deadline=None)
def test_no_two_kept_triples_clash_and_each_other_one_clashes_with_a_surer_one(rows):
    found = Found()
    for (head, long), (tail, wide), relation, score in rows:
        found.heads.append((head, head + long, 0))
        found.tails.append((tail, tail + wide, 0))
        found.relations.append(relation)
        found.scores.append([score] * 4)
    wheres = [
        (head[:2], relation, tail[:2])
        for head, relation, tail in zip(found.heads, found.relations, found.tails, strict=True)
    ]
    wanted = []
    for number in sorted(range(len(rows)), key=lambda n: -rows[n][-1]):
        if not any(clash(wheres[number], wheres[other]) for other in wanted):
            wanted.append(number)
    assert [number for _, number in found.best(Judge(), overlaps=False)] == wanted


def test_many_triples_are_not_each_compared_with_all(monkeypatch):
    compared = []
    monkeypatch.setattr(candidates, "clash", lambda *pair: compared.append(pair))
    spans = [(20 * n, 20 * n + 5, 0) for n in range(1000)]
    found = Found(heads=spans, tails=spans, relations=[0] * 1000, scores=[[0.0] * 4] * 1000)
    assert len(found.best(Judge(), overlaps=False)) == 1000
    assert len(compared) < 5000


def test_the_loss_is_that_of_the_whole_table():
    torch.manual_seed(0)
    pointer, relations = Pointer(16, 5, size=8, spans=False).eval(), 5
    states = torch.randn(3, 9, 16, requires_grad=True)
    mask = torch.ones(3, 9, dtype=torch.bool)
    mask[1, 6:] = False
    mask[:, 0] = False
    pairs = [{(1, 2): {0: 1, 3: 1}, (4, 4): {}}, {(5, 1): {2: 1, 1: -1}}, {}]
    table, right = pointer(states, mask), torch.zeros(3, relations, 9, 9, dtype=torch.bool)
    for row, each in enumerate(pairs):
        for (first, last), told in each.items():
            for relation, value in told.items():
                right[row, relation, first, last] = value == 1
    opened = torch.zeros_like(right)
    opened[1, 1, 5, 1] = True
    every = torch.ones(3, relations, dtype=torch.bool)
    whole = pair_loss(table.masked_fill(opened, -1e4), right)
    loss = known_loss(parts_of(pointer, states), known_pairs(pairs, every), mask, every)
    assert loss.item() == pytest.approx(whole.item(), rel=1e-5)
    wanted, got = (torch.autograd.grad(each, states, retain_graph=True)[0] for each in (whole, loss))
    assert torch.allclose(wanted, got, atol=1e-6)
    # Where a row tells nothing of its other pairs, only those that are named count.
    none = torch.zeros_like(every)
    told = known_loss(parts_of(pointer, states), known_pairs(pairs, every), mask, none)
    named = torch.zeros_like(right)
    for row, each in enumerate(pairs):
        for first, last in each:
            named[row, :, first, last] = True
    wanted = pair_loss(table.masked_fill((opened | ~named) & ~right, -1e4), right)
    assert told.item() == pytest.approx(wanted.item(), rel=1e-5)
    assert torch.isfinite(torch.autograd.grad(told, states, retain_graph=True)[0]).all()
    # Pairs that are never told are not learned either.
    near = (torch.arange(9)[:, None] - torch.arange(9)).abs().expand(3, 9, 9) <= 4
    within = pair_loss(table.masked_fill((opened | ~near[:, None]) & ~right, -1e4), right)
    told = known_loss(parts_of(pointer, states), known_pairs(pairs, every), mask, every, near)
    assert told.item() == pytest.approx(within.item(), rel=1e-5)
    with pytest.raises(ValueError, match="without spans"):
        parts_of(Pointer(16, 5, size=8), states)


def test_what_a_unit_teaches(toy_slm):
    text = "team is good card . bank is bad film ."
    mentions = ((0, 4, "who"), (13, 17, "what"), (20, 24, "who"), (32, 36, "what"))
    whole = Example(text, mentions, ((0, "likes", 1), (2, "hates", 3)), ((0, "hates", 1),))
    schema = Schema.of(None, [whole])
    (lesson,) = Lessons(toy_slm.tokenizer, [whole], schema, 62).lessons
    places = [span[1:] for span in lesson.spans]
    assert [span[0] for span in lesson.spans] == [1, 0, 1, 0]
    assert lesson.starts == {
        (places[0][0], places[1][0]): {0: -1, 1: 1},
        (places[2][0], places[3][0]): {0: 1},
    }
    assert lesson.judged.all()
    small = Lessons(toy_slm.tokenizer, [whole], schema, 6)
    assert [len(each.spans) for each in small.lessons] == [2, 2]
    assert not small.left_out
    across = Example(text, mentions, ((0, "likes", 3),))
    assert [each.reason for each in Lessons(toy_slm.tokenizer, [across], Schema.of(None, [across]), 6).left_out] == [
        "its head and its tail are too far apart for a window"
    ]
    part = Example(text, (*mentions[:2], (32, 36, "")), ((0, "likes", 1),), complete=False, judged=frozenset(["likes"]))
    (lesson,) = Lessons(toy_slm.tokenizer, [part], schema, 62).lessons
    assert len(lesson.spans) == 2  # of which type the third is, is not told
    assert len(lesson.starts) == 6
    assert lesson.judged.tolist() == [False, True]
    cut = Example(text, ((8, 10, "who"), (13, 17, "what")), ((0, "likes", 1),))
    assert Lessons(toy_slm.tokenizer, [cut], Schema.of(None, [cut]), 62).cut == 1


def test_chances_are_learned_and_the_threshold_is_that_of_the_best_f1():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(400, 4)) * 3
    right = scores.min(1) + rng.normal(size=400) > -1
    judge = Judge.of(scores, right, missing=10)
    chances = judge.chances(scores)
    assert chances[right].mean() > 0.6 > 0.3 > chances[~right].mean()
    bins = [right[(chances > low) & (chances <= low + 0.25)].mean() for low in (0.0, 0.25, 0.5, 0.75)]
    assert np.abs(np.array(bins) - [0.1, 0.37, 0.63, 0.92]).max() < 0.2
    few = Judge.of(scores[:30], right[:30], missing=0)
    assert few.weights == (1.0, 0.0, 0.0)
    score, threshold = best_threshold(np.array([0.9, 0.8, 0.8, 0.2]), np.array([True, True, False, True]), missing=1)
    assert score == pytest.approx(2 * 3 / (4 + 4))
    assert threshold == pytest.approx(0.1)
    assert best_threshold(np.array([0.9]), np.array([False])) == (0.0, 0.5)
    assert Tally([[1, 1, 1, 1], [-1, -1, -1, -1]], [True, False], missing=0).f1() == 1.0
