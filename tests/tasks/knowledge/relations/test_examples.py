"""What callers hand over: triples and mentions in many forms, names without places, what is left out and why."""

import json
import math

import pandas as pd
import pytest
from toy_relations import SETTINGS

from slmkit.errors import InputError
from slmkit.tasks.knowledge import Mention, Triple
from slmkit.tasks.knowledge.relations import RelationExtractor
from slmkit.tasks.knowledge.relations.examples import in_twos, parts_of, read_examples
from slmkit.tasks.knowledge.relations.matching import nearest, places
from slmkit.tasks.knowledge.relations.schema import Schema

TEXT = "Ada Lane founded Acme in York. New York is where Ada Lane lives."


def read(triples, entities=None, text=TEXT):
    (example,), left_out = read_examples([text], [triples], None if entities is None else [entities])
    said = [
        (text[slice(*example.mentions[head][:2])], relation, text[slice(*example.mentions[tail][:2])])
        for head, relation, tail in example.triples
    ]
    return example, said, left_out


def test_every_form_of_a_triple_is_read_the_same():
    ada, acme = (0, 8), (17, 21)
    forms = (
        {"head": {"start": 0, "end": 8, "type": "P"}, "relation": "founded", "tail": {"start": 17, "end": 21}},
        {"head": "Ada Lane", "relation": "founded", "tail": "Acme", "head_type": "P"},
        {"head": {"text": "Ada Lane", "type": "P"}, "relation": "founded", "tail": {"text": "Acme"}},
        {"head": {"text": "Ada Lane", "start": 3, "end": 9, "type": "P"}, "relation": "founded", "tail": "Acme"},
        ((*ada, "P"), "founded", acme),
        [(0, 9, "P"), "founded", (16, 22)],
        (Mention("Ada Lane", *ada, "P"), "founded", Mention("Acme", *acme)),
        Triple(Mention("Ada Lane", *ada, "P"), "founded", Mention("Acme", *acme), 1.0, 0, 30),
    )
    for form in forms:
        example, said, left_out = read([form])
        assert said == [("Ada Lane", "founded", "Acme")], form
        assert not left_out
        assert example.mentions[example.triples[0][0]] == (0, 8, "P")
    assert read('[{"head": "Ada Lane", "relation": "founded", "tail": "Acme"}]')[1] == [("Ada Lane", "founded", "Acme")]
    for nothing in (None, [], "", math.nan, pd.NA):
        assert read(nothing)[1] == []


def test_a_name_is_meant_where_it_is_nearest_and_may_be_meant_elsewhere():
    example, said, _ = read([("Ada Lane", "lives in", "New York")])
    head, _, tail = example.triples[0]
    assert example.mentions[head][:2] == (49, 57)
    assert said == [("Ada Lane", "lives in", "New York")]
    assert example.by_name
    assert [example.mentions[head][:2] for head, _, _ in example.maybe] == [(0, 8)]
    exact = read([((0, 8), "founded", (17, 21))])[0]
    assert not exact.by_name
    assert not exact.maybe


def test_words_come_before_parts_of_words_and_places_apart_before_those_that_overlap():
    assert places("cat concat cat", "cat") == [(0, 3), (11, 14)]
    assert places("concat", "cat") == [(3, 6)]
    assert places("上海上海人", "上海") == [(0, 2), (2, 4)]
    assert places("abc", "") == []
    text = "York of New York"
    assert nearest(places(text, "York"), places(text, "New York"), [(0, 16)]) == ((0, 4), (8, 16))
    assert nearest(places(text, "New York"), places(text, "New York"), [(0, 16)]) == ((8, 16), (8, 16))
    assert nearest([], [(0, 1)], [(0, 2)]) is None


def test_what_is_not_in_the_text_is_reported():
    triples = [
        ("Ada Lane", "founded", "Acme"),
        ("Bo", "founded", "Acme"),
        ("Ada Lane", "x", "Rome"),
        ("Acme", "x", "Acme"),
    ]
    _, said, left_out = read(triples)
    assert said == [("Ada Lane", "founded", "Acme")]
    assert [(each.head, each.relation, each.tail, each.reason) for each in left_out] == [
        ("Bo", "founded", "Acme", "its head is not in the text"),
        ("Ada Lane", "x", "Rome", "its tail is not in the text"),
        ("Acme", "x", "Acme", "its head and its tail are one place"),
    ]
    assert [each.row for each in left_out] == [0, 0, 0]


def test_a_fit_counts_what_it_leaves_out(toy_slm):
    text = "team is good card of ."
    far = "team is " + "the " * 150 + "card ."
    triples = [
        [("team", "likes", "card"), ("team", "likes", "movie")],
        [("team", "likes", "card")],
        [{"head": (0, 4, "who"), "relation": "likes", "tail": (8, 12, "what")}],
    ]
    texts = [text, far, "team is card ."]
    settings = {**SETTINGS, "epochs": 1, "slm": toy_slm}
    with pytest.raises(InputError, match="a type of 'likes' is ''"):
        RelationExtractor(schema={"likes": (["", "who"], "thing")}, **settings).fit(texts, triples)
    with pytest.warns(UserWarning, match=r"3 of the triples are left out of training \(1: .*; see left_out_"):
        made = RelationExtractor(schema={"likes": ("who", "thing")}, **settings).fit(texts, triples)
    assert sorted((each.row, each.reason) for each in made.left_out_) == [
        (0, "its tail is not in the text"),
        (1, "its head and its tail are too far apart for a window"),
        (2, "the schema does not allow it between these types"),
    ]
    assert made.model_.about["left_out"] == 3


def test_mentions_take_the_types_that_are_known_of_them():
    entities = [(0, 8, "person"), {"start": 17, "end": 21, "type": "firm"}, (25, 29, "place")]
    example, _, _ = read([((0, 8), "founded", "Acme"), ("York", "x", "Acme")], entities)
    assert set(example.mentions) >= {(0, 8, "person"), (17, 21, "firm"), (25, 29, "place")}
    assert all(example.mentions[n][2] for link in example.triples for n in (link[0], link[2]))
    # Of a name that is an entity only the entity is meant.
    assert {example.mentions[head][:2] for head, relation, _ in example.triples if relation == "x"} == {(25, 29)}


@pytest.mark.parametrize(
    ("triple", "message"),
    [
        (("a", "", "b"), "row 0 of the triples: the relation of .* is ''"),
        (("a", "  ", "b"), "give a text"),
        (("a", None, "b"), "give a text"),
        (("a", 3, "b"), "give a text"),
        (("a", "\ud800", "b"), "half of a surrogate pair"),
        (("a", "r"), "no triple"),
        ("a r b", "not JSON"),
        ({"head": "a", "tail": "b"}, "has no 'relation'"),
        (((0, 99), "r", (0, 1)), "no place in a text of 64 characters"),
        (((-1, 3), "r", (0, 1)), "no place"),
        (((True, 3), "r", (0, 1)), "no place"),
        (((3, 4), "r", (0, 1)), "nothing but white space"),
        ((7, "r", "b"), "neither a name nor a place"),
        (({"start": 0, "end": 3, "type": 5}, "r", "b"), "the type of"),
    ],
)
def test_what_cannot_be_read_names_its_row(triple, message):
    with pytest.raises(InputError, match=message):
        read(triple if isinstance(triple, str) else [triple])


def test_rows_have_to_match_and_texts_have_to_be_there():
    with pytest.raises(InputError, match="2 texts and 1 rows of triples"):
        read_examples(["a", "b"], [[]])
    with pytest.raises(InputError, match="rows 0, 2 of the texts: empty"):
        read_examples(["", "a", " "], [[], [], []])
    with pytest.raises(InputError, match="1 entries of complete"):
        read_examples(["a", "b"], [[], []], None, [True])
    frame = pd.DataFrame({"text": ["a b"], "triples": [[("a", "r", "b")]], "entities": [[(0, 1), (2, 3)]]})
    assert parts_of(frame, None, None) == (["a b"], [[("a", "r", "b")]], [[(0, 1), (2, 3)]])
    with pytest.raises(InputError, match="give it alone"):
        parts_of(frame, [[]], None)
    with pytest.raises(InputError, match="no column 'triples'"):
        parts_of(frame[["text"]], None, None)
    two, three = [(0, 1), (2, 3)], [(0, 1), (2, 3), (4, 5)]
    for rows, wanted in (([two, two, [(0, 1)]], True), ([two, two, three], False), ([two, None, None], False)):
        assert in_twos(rows, ["a b c"] * 3) is wanted
        assert in_twos([row and json.dumps(row) for row in rows], ["a b c"] * 3) is wanted
    assert not in_twos(["[]", "[]"], ["a", "b"])
    assert not in_twos([], [])


@pytest.mark.parametrize("name", ["no relation", "__proto__", "\"'`;--", "关系\n\t", "x" * 500, "\u202e", "0", "<b>"])
def test_hostile_names_of_relations_stay_what_they_are(name, toy_slm, tmp_path):
    text = "team is good card of ."
    made = RelationExtractor(slm=toy_slm, epochs=1, **SETTINGS).fit(
        [text] * 3, [[{"head": (0, 4, name), "relation": name, "tail": (13, 17, name)}]] * 3
    )
    made.save(tmp_path / "model")
    other = RelationExtractor.load(tmp_path / "model", slm=toy_slm).set_params(threshold=0.0)
    assert other.classes_ == (name,)
    assert {each.relation for each in other.predict(text)} <= {name}
    assert other.model_.schema.types == (name,)


def test_a_schema_says_which_types_go_together():
    (example,), _ = read_examples(["a b c"], [[((0, 1, "x"), "r", (2, 3, "y")), ((0, 1, "x"), "s", (4, 5, "z"))]])
    learned = Schema.of(None, [example])
    assert learned.relations == ("r", "s")
    assert learned.between("x", "y").tolist() == [True, False]
    assert learned.between("y", "x").tolist() == [False, False]
    assert learned.between("x", "").tolist() == [True, True]  # of an unknown type anything may be said
    asked = {"r": (["x", "w"], "y"), "s": [("x", "z"), ("z", ["x", "y"])], "t": None}
    told = Schema.of(asked, [example])
    assert told.relations == ("r", "s", "t")
    assert told.between("z", "y").tolist() == [False, True, True]
    assert told.allowed.shape == (3, 4, 4)
    assert Schema.from_json(told.to_json()) == told
    with pytest.raises(InputError, match="lacks 's'"):
        Schema.of({"r": None}, [example])
    for wrong in ({}, [], {"r": "x"}, {"r": ("x",)}, {"r": [("x", 3)]}, {"": None}):
        with pytest.raises(InputError, match="schema"):
            Schema.of(wrong, [example])
