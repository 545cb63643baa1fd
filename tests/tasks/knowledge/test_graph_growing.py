"""What a graph is depends on its documents alone: not on their order, on batches, or on what has gone again."""

import random
import threading

import numpy as np
import pytest
from graph_snapshot import internal, snapshot
from marked_documents import document

from slmkit.errors import InputError
from slmkit.tasks.knowledge import KnowledgeGraph, remerging

TEXTS = {
    "a": (
        "[PER|Jane Smith] founded [ORG|Acme Inc.]. [PER|Smith] left.",
        ("Jane Smith", "founded", "Acme Inc."),
        ("Smith", "left", "Acme Inc."),
    ),
    "b": ("[PER|J. Smith] runs [ORG|Acme].", ("J. Smith", "runs", "Acme")),
    "c": ("[PER|John Smith] sued [ORG|ACME].", ("John Smith", "sued", "ACME")),
    "d": ("The [ORG|Institute of Odd Things] ([ORG|IOT]) hired [PER|Jane Smith].", ("IOT", "hired", "Jane Smith")),
    "e": ("[ORG|IOT] is in [LOC|Paris].", ("IOT", "is in", "Paris")),
    "f": ("The [ORG|Island Office of Tides] bought [ORG|Acme].", ("Island Office of Tides", "bought", "Acme")),
    "g": ("[PER|Sam Clay], also known as [PER|Mark Tway], lives in [LOC|巴黎].", ("Sam Clay", "lives in", "巴黎")),
    "h": ("[PER|Mark Tway] met [PER|Mr. Smith] of [ORG|Acme].", ("Mark Tway", "met", "Mr. Smith")),
    "i": ("[PER|Dr. Jane Smith] met [PER|she].", ("Dr. Jane Smith", "met", "she")),
    "k": ("The [ORG|Institute of Odd Things] grows; [ORG|IOT] hires. [PER|Jane] likes [PER|Jane Smith].",),
    "j": ("[|Acme] sells [|Paris] maps.", ("Acme", "sells", "Paris")),
}


def grow(path, keys, **options):
    graph = KnowledgeGraph.create(path, **options)
    for key in keys:
        graph.add(key, *document(*TEXTS[key]))
    return graph


def test_order_does_not_matter_and_what_goes_leaves_no_trace(tmp_path):
    draw = random.Random(5)
    wanted = grow(tmp_path / "whole", TEXTS)
    assert len(wanted) == 10
    for number in range(2):
        graph = grow(tmp_path / f"shuffled{number}", draw.sample(list(TEXTS), len(TEXTS)))
        assert snapshot(graph) == snapshot(wanted)
        assert internal(graph) == internal(wanted)
        gone = draw.sample(list(TEXTS), 5)
        assert graph.remove(gone) == 5
        rest = grow(tmp_path / f"rest{number}", [key for key in TEXTS if key not in gone])
        assert snapshot(graph) == snapshot(rest)
        assert internal(graph) == internal(rest)
        assert graph.remerge() == 0
        assert snapshot(graph) == snapshot(rest)
        for key in gone:
            graph.add(key, *document(*TEXTS[key]))
        assert snapshot(graph) == snapshot(wanted)
        assert graph.remove(list(TEXTS)) == len(TEXTS)
        assert internal(graph) == {}


@pytest.mark.parametrize("step", ["_keep_under_keys", "_compare", "regroup"])
@pytest.mark.parametrize("reopened", [True, False])
def test_an_interrupted_remerge_is_finished_before_the_next_change(tmp_path, monkeypatch, step, reopened):
    wanted, graph = grow(tmp_path / "wanted", "abdeg"), grow(tmp_path / "graph", "abcdg")

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(remerging, step, stop)
        with pytest.raises(KeyboardInterrupt):
            graph.remerge()
    if reopened:
        graph.close()
        graph = KnowledgeGraph.open(tmp_path / "graph")
    graph.add("e", *document(*TEXTS["e"]))
    graph.remove("c")
    graph.add("b", *document(*TEXTS["a"]), replace=True)
    graph.add("b", *document(*TEXTS["b"]), replace=True)
    assert snapshot(graph) == snapshot(wanted)
    assert internal(graph) == internal(wanted)
    assert "remerging" not in graph.query("MATCH (m:Meta) RETURN m.name AS name").name.tolist()


def test_nobody_changes_the_graph_in_the_middle_of_a_remerge(tmp_path, monkeypatch):
    graph = grow(tmp_path / "graph", "abc")
    other = threading.Thread(target=graph.add, args=("d", *document(*TEXTS["d"])))
    steps = []

    def throughout(store, step):
        real(store, step)
        if not steps:
            other.start()
        steps.append(step)
        other.join(0.2)
        assert other.is_alive()

    real = remerging._throughout
    monkeypatch.setattr(remerging, "_throughout", throughout)
    graph.remerge()
    other.join()
    assert len(steps) == 3
    assert snapshot(graph) == snapshot(grow(tmp_path / "wanted", "abcd"))


def test_a_short_form_leaves_when_it_becomes_ambiguous(tmp_path):
    graph = grow(tmp_path / "graph", "de")
    assert list(graph.nodes()[lambda t: t.name == "Institute of Odd Things"].aliases.iloc[0]) == [
        "IOT", "Institute of Odd Things",
    ]  # fmt: skip
    assert graph.why("IOT").rule.tolist() == ["", "acronym", "stated"]
    graph.add("f", *document(*TEXTS["f"]))
    assert graph.search("IOT", 1).name[0] in ("IOT", "Institute of Odd Things")
    edges = graph.edges()
    assert edges[edges.relation == "is in"]["head"].tolist() == ["IOT"]
    assert edges[edges.relation == "hired"]["head"].tolist() == ["Institute of Odd Things"]
    graph.remove("f")
    assert graph.edges()[lambda t: t.relation == "is in"]["head"].tolist() == ["Institute of Odd Things"]


def test_a_place_without_its_suffix_is_neither_the_province_nor_the_city(graph):
    for key, place in enumerate(["吉林省", "吉林", "吉林"]):
        graph.add(key, *document(f"[LOC|{place}]很大。"))
    assert graph.nodes().name.tolist() == ["吉林"]  # as it is written most often
    graph.add("city", *document("[LOC|吉林市]很冷。"))
    assert sorted(graph.nodes().name) == ["吉林", "吉林市", "吉林省"]


def test_edges_say_where_they_come_from(people):
    edges = people.edges().set_index("relation")
    assert edges.loc["founded", ["head", "tail", "score", "seen"]].tolist() == ["Jane Smith", "Acme Inc.", 0.9, 2]
    assert edges.loc["founded", "documents"] == ["a", 2]
    found = people.evidence("Jane Smith", "Acme")
    assert found.document.tolist() == ["a", 2]
    assert found.score.tolist() == [0.9, 0.7]
    for row in found.itertuples():
        assert row.sentence[row.head_start - row.start : row.head_end - row.start] == row.head
        assert row.sentence[row.tail_start - row.start : row.tail_end - row.start] == row.tail
    people.remove(2)
    assert people.edges().set_index("relation").loc["founded", ["score", "seen"]].tolist() == [0.9, 1]
    assert 2 not in people
    assert "2" in people
    assert people.documents() == ["a", "2"]


def test_why_tells_rule_and_score(people):
    why = people.why("Smith").set_index("surface")
    assert why.index[0] == "Jane Smith"
    assert why.loc["Smith", ["joined_to", "rule", "score"]].tolist() == ["Jane Smith", "surname", 0.9]
    assert why.loc["Dr. Jane Smith", "rule"] == "title"
    assert why.loc["J. Smith", "rule"] == "initials"
    assert people.why("巴黎").rule.tolist() == ["", "known alias"]


def test_split_by_hand_is_remembered(people):
    node = people.split("Jane Smith", "J. Smith")
    assert people.nodes().set_index("id").loc[node, "name"] == "J. Smith"
    assert people.edges().set_index("relation").loc["likes", "head"] == "J. Smith"
    people.add("more", *document("[PER|J. Smith] met [PER|Jane Smith] and [PER|Jane A. Smith]."))
    people.remerge()
    assert "J. Smith" not in people.why("Jane Smith").surface.tolist()
    people.remove(["2", "more"])
    people.add("2", *document("[PER|J. Smith] likes [LOC|Rome].", ("J. Smith", "likes", "Rome")))
    assert people.edges().set_index("relation").loc["likes", "head"] == "J. Smith"
    people.merge("J. Smith", "Jane Smith")
    assert people.edges().set_index("relation").loc["likes", "head"] == "Jane Smith"
    people.remerge()
    assert "J. Smith" in people.why("Jane Smith").surface.tolist()


def test_a_surname_can_be_split_off_and_put_back(people, tmp_path):
    before = snapshot(people)
    people.split("Jane Smith", "Smith")
    edges = people.edges().set_index("relation")
    assert edges.loc["lives in", "head"] == "Smith"
    assert edges.loc["founded", "head"] == "Jane Smith"
    people.add("new", *document("[PER|Jane Smith] and [PER|Smith] met."))
    assert people.why("Smith").seen.tolist() == [2]
    later = document("[PER|Jane Anne Smith] came. [PER|Smith] left [LOC|Oslo].", ("Smith", "left", "Oslo"))
    people.add("later", *later)  # a name that stands for the same person, and is new
    assert people.why("Smith").seen.tolist() == [3]
    assert "Jane Anne Smith" in people.why("Jane Smith").surface.tolist()
    assert people.edges().set_index("relation").loc["left", "head"] == "Smith"
    people.remove(["new", "later"])
    people.merge("Smith", "Jane Smith")
    assert snapshot(people)[1] == before[1]
    assert people.remove(["a", 2, "2"]) == 3
    assert internal(people) == {}


def test_merge_by_hand_is_remembered_whatever_the_types(people):
    people.add(
        "x",
        *document(
            "[ORG|Globex] is small.",
        ),
    )
    people.merge("Globex", "Berlin")
    people.add("y", *document("[ORG|Globex Inc.] sells [LOC|Berlin] maps.", ("Globex Inc.", "sells", "Berlin")))
    assert people.why("Globex").rule.tolist().count("by hand") == 1
    assert people.edges().set_index("relation").loc["sells", ["head_id", "tail_id"]].nunique() == 1
    people.remove(["a", "y", "x"])
    people.add("z", *document("[LOC|Berlin] and [ORG|Globex]."))
    assert sorted(people.why("Globex").surface) == ["Berlin", "Globex"]
    people.split("Globex", "Berlin")
    assert people.why("Globex").surface.tolist() == ["Globex"]


def test_by_hand_needs_what_is_there(people):
    with pytest.raises(InputError, match="nowhere written 'Jim'"):
        people.split("Jane Smith", "Jim")
    with pytest.raises(InputError, match="in no other way"):
        people.split("Berlin", "Berlin")
    with pytest.raises(InputError, match="one node already"):
        people.merge("Smith", "Jane Smith")


def embed(texts):
    """Vectors by the subject of a text: seas or numbers."""
    rows = np.array([[("sea" in text), ("number" in text), 0.1] for text in texts], dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_contexts_choose_and_are_taken_out_again(tmp_path):
    texts = {
        "a": "The [ORG|Institute of Odd Things] counts numbers.",
        "b": "The [ORG|Island Office of Tides] looks at the sea.",
        "c": "[ORG|IOT] saw the sea rise.",
    }
    graph = KnowledgeGraph.create(tmp_path / "graph", embed=embed)
    for key, text in texts.items():
        graph.add(key, *document(text))
    assert "IOT" in graph.why("Island Office of Tides").surface.tolist()
    graph.add("d", *document("[ORG|IOT] wrote numbers, numbers. [ORG|IOT] added numbers. [ORG|IOT] likes numbers."))
    assert "IOT" in graph.why("Institute of Odd Things").surface.tolist()
    graph.remove("d")
    assert "IOT" in graph.why("Island Office of Tides").surface.tolist()
    graph.close()
    without = KnowledgeGraph.open(tmp_path / "graph")
    with pytest.raises(InputError, match="made with embed"):
        without.add("e", *document("[ORG|IOT] is here."))
    other = KnowledgeGraph.create(tmp_path / "other", embed=lambda texts: np.full((len(texts), 2), np.nan))
    with pytest.raises(InputError, match="no finite one"):
        other.add("e", *document("[ORG|IOT] is here."))
    assert len(other) == 0
