"""Spans as callers hand them over."""

import json

import numpy as np
import pytest

from slmkit.errors import InputError
from slmkit.tasks.knowledge import Entity, Mention
from slmkit.tasks.knowledge.entities.entity import all_spans, as_spans

TEXT = "Ada Lovelace met 巴贝奇 ."


@pytest.mark.parametrize(
    "given",
    [
        [(0, 12, "PER"), (17, 20, "PER")],
        [[0, 12, "PER"], (np.int64(17), np.int64(20), "PER")],
        [{"start": 0, "end": 12, "type": "PER"}, {"start": 17.0, "end": 20.0, "label": "PER"}],
        [Entity("Ada Lovelace", 0, 12, "PER", 0.5), Mention("巴贝奇", 17, 20, "PER")],
        json.dumps([[17, 20, "PER"], {"start": 0, "end": 12, "label": "PER", "token_start": 0}]),
        np.array([(0, 12, "PER"), (17, 20, "PER")], dtype=object),
        [(0, 13, "PER"), (16, 21, "PER"), (0, 12, "PER")],
    ],
    ids=["tuples", "lists", "dicts", "entities", "json", "array", "with white space, and twice"],
)
def test_every_shape_is_read_alike(given):
    assert as_spans(given, TEXT) == [(0, 12, "PER"), (17, 20, "PER")]


@pytest.mark.parametrize("nothing", [None, float("nan"), "", " ", [], "[]"])
def test_nothing_is_no_span(nothing):
    assert as_spans(nothing, TEXT) == []


def test_overlapping_spans_stay_and_the_longer_comes_first():
    assert as_spans([(0, 3, "GIVEN"), (0, 12, "PER"), (4, 12, "LAST")], TEXT) == [
        (0, 12, "PER"),
        (0, 3, "GIVEN"),
        (4, 12, "LAST"),
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([(0, 99, "PER")], "does not lie in the text, which has 22 characters"),
        ([(-1, 3, "PER")], "does not lie"),
        ([(3, 3, "PER")], "does not lie"),
        ([(5, 2, "PER")], "does not lie"),
        ([(3, 4, "PER")], "nothing but white space"),
        ([(0, 3, "")], "has no type"),
        ([(0, 3, None)], "has no type"),
        ([(0.5, 3, "PER")], "no whole number"),
        ([(True, 3, "PER")], "no whole number"),
        ([("0", "3", "PER")], "no whole number"),
        ([(0, 3)], "is no"),
        (["PER"], "is no"),
        ("PER at 0", "not JSON"),
        ({"start": 0, "end": 3, "type": "PER"}, "a list of"),
        (7, "a list of"),
    ],
)
def test_what_is_no_span_is_named(given, message):
    with pytest.raises(InputError, match=message):
        as_spans(given, TEXT)


def test_the_row_is_named():
    with pytest.raises(InputError, match="row 1 of the spans"):
        all_spans([[], [(0, 9, "X")]], ["a", "b"])
    with pytest.raises(InputError, match="2 texts and 1 rows of spans"):
        all_spans([[]], ["a", "b"])


def test_an_entity_is_a_mention_and_a_dict():
    made = Entity("Ada", 0, 3, "PER", 0.5)
    assert isinstance(made, Mention)
    assert made.to_dict() == {"text": "Ada", "start": 0, "end": 3, "type": "PER", "score": 0.5}
    with pytest.raises(AttributeError):
        made.start = 1
