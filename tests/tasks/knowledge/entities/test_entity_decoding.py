"""From scores to spans: labels as log odds, best paths, what stays of overlapping candidates."""

import numpy as np
import pytest
import torch

from slmkit.tasks.knowledge.entities.candidates import Candidates, Scores, gather, settle, tag_odds
from slmkit.tasks.knowledge.entities.laying import lay

TEXT = "the bank card is good news of a team"


def told(found):
    return [(each.start, each.end, each.kind) for each in found]


def candidates(*spans):
    start, end, kind, score = (list(column) for column in zip(*spans, strict=True))
    return Candidates(start, end, kind, score)


def test_flat_keeps_the_better_of_two_that_overlap():
    made = settle(candidates((0, 8, 0, 1.0), (4, 13, 1, 3.0), (9, 16, 0, 2.0), (17, 21, 0, -1.0)), TEXT, nested=False)
    assert told(made) == [(4, 13, 1), (17, 21, 0)]
    assert [each.score for each in made] == [3.0, -1.0]


def test_nested_keeps_what_lies_inside_and_drops_what_crosses():
    spans = [(4, 13, 1, 3.0), (9, 13, 0, 2.0), (9, 16, 0, 1.5), (4, 13, 0, 1.0), (4, 13, 1, 0.5), (0, 36, 0, 0.2)]
    assert told(settle(candidates(*spans), TEXT, nested=True)) == [(4, 13, 1), (9, 13, 0), (4, 13, 0), (0, 36, 0)]


def test_white_space_at_the_ends_is_no_part_of_an_entity():
    assert told(settle(candidates((3, 9, 0, 1.0), (16, 17, 0, 1.0)), TEXT, nested=False)) == [(4, 8, 0)]


@pytest.mark.parametrize("nested", [False, True])
def test_random_candidates_never_cross(nested):
    rng = np.random.default_rng(0)
    start = rng.integers(0, 30, 200)
    end = np.minimum(start + rng.integers(1, 9, 200), 36)
    made = settle(
        Candidates(start.tolist(), end.tolist(), rng.integers(0, 2, 200).tolist(), rng.normal(size=200).tolist()),
        "x" * 36,
        nested=nested,
    )
    for a in made:
        for b in made:
            crosses = a.start < b.start < a.end < b.end
            overlap = a is not b and a.start < b.end and b.start < a.end
            assert not crosses
            assert nested or not overlap
    assert len(set(told(made))) == len(made) > 5


def test_odds_of_labels_are_those_of_the_whole_span():
    rng = np.random.default_rng(1)
    tags = torch.from_numpy(rng.normal(size=(6, 5)).astype(np.float32)).log_softmax(-1).numpy()
    usable = np.array([False, True, True, False, True, True])
    p = np.exp(tags)
    for kind, first, last, chance in (
        (0, 1, 2, p[1, 1] * p[2, 2] * (1 - p[4, 2])),  # the token between them holds no characters
        (1, 2, 4, p[2, 3] * p[4, 4] * (1 - p[5, 4])),
        (1, 5, 5, p[5, 3]),
    ):
        odds = tag_odds(tags, usable, np.array([kind]), np.array([first]), np.array([last]))
        assert odds[0] == pytest.approx(np.log(chance / (1 - chance)), abs=1e-4)


def test_a_tagger_alone_gives_the_spans_of_the_best_path(toy_slm):
    laid = lay(toy_slm, [TEXT, "the"], 32)
    tags = torch.full((2, len(laid.places[0]), 5), -9.0)
    tags[..., 0] = 0
    for token, label in ((2, 1), (3, 2), (5, 3), (6, 4), (7, 2)):  # an inside of A cannot follow one of B
        tags[0, token] = torch.tensor([-9.0] * label + [9.0] + [-9.0] * (4 - label))
    tags[0, 7, 4] = 8.0
    into = [Candidates(), Candidates()]
    gather(Scores(None, tags.log_softmax(-1)), laid, [0, 1], into)
    assert told(sorted(settle(into[0], TEXT, nested=False), key=lambda s: s.start)) == [(4, 13, 0), (17, 29, 1)]
    assert not into[1].start


def test_of_an_unfitted_network_only_so_many_are_looked_at(toy_slm):
    laid = lay(toy_slm, ["film " * 60], 128)
    length = len(laid.places[0])
    into = [Candidates()]
    gather(Scores(torch.rand(1, 9, length, length), None), laid, [0], into)
    assert 0 < len(into[0].start) <= 8 * length + 1
