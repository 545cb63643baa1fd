"""Scores of pairs of tokens and their loss."""

import pytest
import torch

from slmkit.tasks.knowledge.pointing import Pointer, pair_loss


@pytest.fixture
def states():
    torch.manual_seed(0)
    return torch.randn(2, 5, 16)


MASK = torch.tensor([[True, True, True, True, True], [True, True, False, True, False]])


def test_spans_begin_before_they_end_and_use_allowed_tokens(states):
    scores = Pointer(16, 3, size=8).eval()(states, MASK)
    assert scores.shape == (2, 3, 5, 5)
    allowed = scores[:, 0] > -1e3
    assert torch.equal(allowed[0], torch.ones(5, 5, dtype=torch.bool).triu())
    assert allowed[1].nonzero().tolist() == [[0, 0], [0, 1], [0, 3], [1, 1], [1, 3], [3, 3]]


def test_joined_tokens_may_stand_in_any_order(states):
    scores = Pointer(16, 2, size=8, spans=False).eval()(states, MASK)
    assert int((scores[1, 0] > -1e3).sum()) == 9


def test_distance_counts_for_spans_alone(states):
    same = states[:, :1].expand(-1, 5, -1)
    mask = torch.ones(2, 5, dtype=torch.bool)
    for spans in (True, False):
        scores = Pointer(16, 1, size=8, spans=spans).eval()(same, mask)[0, 0].detach()
        assert float(scores[0, 1]) == pytest.approx(float(scores[2, 3]), abs=1e-5)
        assert (abs(float(scores[0, 1] - scores[0, 4])) > 1e-4) == spans


def test_rows_from_outside_stand_for_its_own(states):
    own = Pointer(16, 3, size=8).eval()
    bare = Pointer(16, None, size=8).eval()
    bare.pair.load_state_dict(own.pair.state_dict())
    rows = own.kind.weight, own.kind.bias
    torch.testing.assert_close(bare(states, MASK, rows), own(states, MASK))
    with pytest.raises(ValueError, match="no kinds of its own"):
        bare(states, MASK)


def test_the_loss_is_the_written_one():
    torch.manual_seed(1)
    scores, right = torch.randn(2, 3, 4, 4), torch.rand(2, 3, 4, 4) > 0.8
    by_hand = 0.0
    for b in range(2):
        for k in range(3):
            wrong = scores[b, k][~right[b, k]].exp().sum()
            missed = (-scores[b, k][right[b, k]]).exp().sum()
            by_hand += float((1 + wrong).log() + (1 + missed).log())
    assert float(pair_loss(scores, right)) == pytest.approx(by_hand / 2, rel=1e-5)


def test_the_loss_of_rows_without_right_or_allowed_pairs_has_a_gradient():
    scores = torch.full((1, 2, 3, 3), -1e4, requires_grad=True)
    pair_loss(scores, torch.zeros(1, 2, 3, 3, dtype=torch.bool)).backward()
    assert torch.isfinite(scores.grad).all()
