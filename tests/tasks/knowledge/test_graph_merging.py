"""Clustering of names as a pure function, and its quality on the gold things."""

import random
from pathlib import Path

from b_cubed import b_cubed
from marked_documents import parse

from slmkit.tasks.knowledge import Extraction
from slmkit.tasks.knowledge.merging import Problem, cluster, explain
from slmkit.tasks.knowledge.rules import Link

GOLD = Path(__file__).with_name("gold_things.txt")


def groups(names, links, same=(), apart=(), likeness=None, near=0.5):
    likeness = likeness or {}
    problem = Problem(
        names, links, frozenset(same), frozenset(apart), lambda a, b: likeness.get((a, b), likeness.get((b, a))), near
    )
    found = cluster(problem)
    for each in found:
        assert set(explain(each, each.names[-1])) == set(each.names[:-1])
    return [each.names for each in found]


EQUAL = Link("spelling", 0.99)
SHORT, WEAK = Link("acronym", 0.85, 1, weak=True), Link("likeness", 0.9, weak=True)


def test_a_short_form_joins_only_while_it_is_plain_what_it_stands_for():
    assert groups("abc", {("a", "b"): SHORT}) == [("a", "b"), ("c",)]
    assert groups("abc", {("a", "b"): SHORT, ("a", "c"): SHORT}) == [("a",), ("b",), ("c",)]
    assert groups("abc", {("a", "b"): SHORT, ("a", "c"): SHORT, ("b", "c"): EQUAL}) == [("a", "b", "c")]


def test_contexts_veto_and_choose():
    both = {("a", "b"): SHORT, ("a", "c"): SHORT}
    assert groups("ab", {("a", "b"): WEAK}, likeness={("a", "b"): 0.2}) == [("a",), ("b",)]
    assert groups("ab", {("a", "b"): WEAK}, likeness={("a", "b"): 0.8}) == [("a", "b")]
    assert groups("ab", {("a", "b"): EQUAL}, likeness={("a", "b"): 0.2}) == [("a", "b")]
    assert groups("abc", both, likeness={("a", "b"): 0.9, ("a", "c"): 0.6}) == [("a", "b"), ("c",)]
    assert groups("abc", both, likeness={("a", "b"): 0.9, ("a", "c"): 0.88}) == [("a",), ("b",), ("c",)]


def test_what_was_settled_by_hand_comes_first():
    links = {("a", "b"): EQUAL, ("b", "c"): EQUAL}
    assert groups("abc", links, apart=[("a", "c")]) == [("a", "b"), ("c",)]
    assert groups("abc", links, apart=[("a", "b"), ("a", "c")]) == [("a",), ("b", "c")]
    assert groups("abcd", links, same=[("c", "d")]) == [("a", "b", "c", "d")]


def test_the_order_of_names_and_links_does_not_matter():
    draw = random.Random(1)
    names = [f"n{i:02d}" for i in range(30)]
    links = {}
    for _ in range(45):
        a, b = sorted(draw.sample(names, 2))
        links[a, b] = draw.choice([EQUAL, WEAK, SHORT, SHORT.turned()])
    apart = [tuple(sorted(draw.sample(names, 2))) for _ in range(10)]
    wanted = groups(names, links, apart=apart)
    assert 5 < len(wanted) < 30
    for _ in range(5):
        shuffled = list(links.items())
        draw.shuffle(shuffled)
        assert groups(draw.sample(names, 30), dict(shuffled), apart=draw.sample(apart, 10)) == wanted


def test_quality_on_the_gold_things(graph):
    gold, exact, spans = [], [], []
    lines = [line for line in GOLD.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    for number, line in enumerate(lines):
        text, mentions, things = parse(line)
        graph.add(number, text, Extraction(tuple(mentions)))
        gold += things
        exact += [(mention.type, mention.text) for mention in mentions]
        spans += [(number, mention.start) for mention in mentions]
    where = {}
    for node in graph.nodes().id:
        where.update(((row.document, row.start), node) for row in graph.mentions(int(node)).itertuples())
    found = [where[span] for span in spans]
    chinese = sum(any("\u4e00" <= char <= "\u9fff" for char in text) for _, text in exact)
    assert min(chinese, len(gold) - chinese) >= 100
    precision, recall, f1 = b_cubed(found, gold)
    assert b_cubed(exact, gold)[2] < 0.8
    assert precision > 0.95
    assert recall > 0.9
    assert f1 > 0.94
