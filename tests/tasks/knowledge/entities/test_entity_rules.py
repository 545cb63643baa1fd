"""Word lists and regular expressions that add or veto."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from slmkit.errors import InputError
from slmkit.tasks.knowledge import Entity, EntityRecognizer
from slmkit.tasks.knowledge.entities.rules import Rules, _blank

DRUG = {"label": "DRUG", "pattern": "aspirin"}


def added(rules, text):
    return Rules(rules).matches(text)[0]


def entity(text, part, kind="PER", score=0.9):
    start = text.index(part)
    return Entity(part, start, start + len(part), kind, score)


@pytest.mark.parametrize(
    ("rule", "text", "found"),
    [
        (DRUG, "no aspirin, aspirins or Aspirin", ["aspirin"]),
        ({**DRUG, "ignore_case": True}, "ASPIRIN, aspirins", ["ASPIRIN"]),
        (DRUG, "服用aspirin后", ["aspirin"]),
        ({"label": "LOC", "pattern": "北京"}, "在北京的北京人", ["北京", "北京"]),
        ({"label": "L", "pattern": "x"}, "x xx (x)", ["x", "x"]),
        ({"label": "TEL", "regex": r"\d{3}-\d{4}"}, "call 555-1234 or 555-99999", ["555-1234", "555-9999"]),
        ({"label": "W", "regex": r"\s*b\w+\s*", "ignore_case": True}, "a  Bank .", ["Bank"]),
        ({"label": "W", "regex": r"x*"}, "ab", []),
        ({"label": "P", "pattern": [{"LOWER": "new"}, {"IS_TITLE": True}]}, "New York, new", ["New York"]),
        ({"label": "P", "pattern": [{"TEXT": "北"}, {"TEXT": "京"}]}, "在北京", ["北京"]),
        ({"label": "I", "pattern": "İx", "ignore_case": True}, "an İX here", ["İX"]),
    ],
)  # fmt: skip
def test_what_is_found(rule, text, found):
    assert [text[a:b] for a, b, _ in added([rule], text)] == found
    assert {kind for *_, kind in added([rule], text)} <= {rule["label"]}


@pytest.mark.parametrize(("code", "first", "text"), [("en", "new", "the New York{}"), ("zh", "北", "在北{}")])
def test_the_vocabulary_does_not_grow_with_the_texts(code, first, text):
    made = Rules([{"label": "P", "pattern": [{"LOWER": first}, {"IS_PUNCT": False}]}])
    made.matches(text.format(chr(0x5000)))
    known = len(_blank(code).vocab.strings)
    for number in range(200):
        assert len(made.matches(text.format(chr(0x5001 + number)))[0]) == 1
    assert len(_blank(code).vocab.strings) == known


def test_rules_in_threads():
    made = [Rules([{"label": str(n), "pattern": [{"LOWER": "new"}, {"LOWER": f"york{n}"}]}]) for n in range(4)]

    def find(number):
        own = made[number % 4]
        return [len(own.matches(f"New York{n} and new{n}")[0]) for n in range(50)]

    with ThreadPoolExecutor(4) as pool:
        for number, found in enumerate(pool.map(find, range(16))):
            assert found == [int(n == number % 4) for n in range(50)]


def test_what_is_added_wins_over_what_overlaps_it():
    text = "Ada took aspirin today"
    made = Rules([DRUG]).apply(text, [entity(text, "Ada"), entity(text, "took aspirin")], nested=False)
    assert made == [entity(text, "Ada"), Entity("aspirin", 9, 16, "DRUG", 1.0)]
    nested = Rules([{**DRUG, "pattern": "took aspirin"}])
    made = nested.apply(text, [entity(text, "Ada took"), entity(text, "aspirin"), entity(text, "took")], nested=True)
    assert [each.text for each in made] == ["took aspirin", "took", "aspirin"]


def test_of_what_is_added_the_longest_stays_where_nothing_is_nested():
    rules = [{"label": "A", "pattern": "New York"}, {"label": "B", "pattern": "New York Times"}]
    made = Rules(rules).apply("the New York Times", [], nested=False)
    assert [each.type for each in made] == ["B"]
    assert [each.type for each in Rules(rules).apply("the New York Times", [], nested=True)] == ["B", "A"]


def test_vetoes():
    text = "May met May Ltd in May"
    found = [entity(text, "May"), entity(text, "May Ltd", "ORG"), Entity("May", 19, 22, "DATE", 0.5)]
    assert Rules([{"pattern": "May", "veto": True}]).apply(text, found, nested=False) == [found[1]]
    only = [{"label": "PER", "pattern": "May", "veto": True}]
    assert Rules(only).apply(text, found, nested=False) == found[1:]
    assert Rules([{"regex": "May Ltd.*", "veto": True}]).apply(text, found, nested=False) == [found[0]]
    both = [{"label": "DATE", "pattern": "May"}, {"label": "DATE", "regex": "^May", "veto": True}]
    assert [e.start for e in Rules(both).apply(text, [], nested=False)] == [8, 19]


def test_ten_thousand_phrases_are_a_look_up():
    rules = Rules([{"label": "N", "pattern": f"name{n} of it"} for n in range(10_000)])
    text = "name77 of it and name9999 of it and name10000 of it"
    assert [text[a:b] for a, b, _ in rules.matches(text)[0]] == ["name77 of it", "name9999 of it"]


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"label": "A", "pattern": "b"}, "a list of dicts"),
        ("aspirin", "a list of dicts"),
        (["aspirin"], "rule 0"),
        ([DRUG, {"label": "A"}], "rule 1"),
        ([{"pattern": "a"}], "has no label"),
        ([{"label": "A", "pattern": "a", "regex": "a"}], "pattern or regex"),
        ([{"label": "A", "pattern": "a", "colour": 1}], "give a dict"),
        ([{"label": "A", "pattern": " "}], "a pattern is a text"),
        ([{"label": "A", "pattern": []}], "a pattern is a text"),
        ([{"label": "A", "pattern": 5}], "a pattern is a text"),
        ([{"label": "A", "regex": "("}], "no regular expression"),
        ([{"label": 3, "pattern": "a"}], "has no label"),
    ],
)
def test_what_is_no_rule_is_named(rules, message):
    with pytest.raises(InputError, match=message):
        Rules(rules)


def test_token_patterns_that_are_none_are_named():
    with pytest.raises(InputError, match="no token patterns"):
        added([{"label": "A", "pattern": [{"NOT_A_KEY": 1}]}], "text")


def test_a_recognizer_with_rules(saved, toy_slm):
    made = EntityRecognizer(model=saved, slm=toy_slm, rules=[{"label": "NEWS", "pattern": "news"}])
    found = made.predict("the bank card of news")
    assert [(e.text, e.type) for e in found] == [("bank card", "ORG"), ("news", "NEWS")]
    assert found[1].score == 1.0
    plain = made.fingerprint
    made.set_params(rules=[{"pattern": "bank card", "veto": True}])
    assert made.predict("the bank card of news") == []
    assert made.fingerprint != plain
    with pytest.raises(InputError, match="rule 0"):
        made.set_params(rules=[{}]).predict("a")
