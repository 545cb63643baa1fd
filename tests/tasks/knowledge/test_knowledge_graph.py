"""Documents in and questions out: dirty rows, ids, broken extractors, tables of triples."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from graph_snapshot import internal, snapshot
from marked_documents import document
from toy_finder import Finder

from slmkit.errors import InputError
from slmkit.tasks.knowledge import Extraction, KnowledgeGraph, Mention, Triple, taking_in

ROWS = [
    {"id": "a", "body": "Ada knows Bo."},
    {"id": "b", "body": np.nan},
    {"id": "c", "body": " "},
    {"id": None, "body": "Bo."},
    {"id": "a", "body": "Bo knows Cleo."},
    {"id": 7.0, "body": "Cleo knows Ada."},
    {"id": "7", "body": "Ada sees Rome."},
    {"id": "d", "body": "a boom for Ada"},
    {"id": "e", "body": 3},
    {"id": "f", "body": "Nobody."},
    {"id": "\ud800\0", "body": "Ada knows Cleo. \ud800"},
]


def test_dirty_rows_cost_only_themselves(tmp_path):
    frame = pd.DataFrame(ROWS, index=[5] * len(ROWS))
    copy = frame.copy(deep=True)
    finder = Finder()
    graph = KnowledgeGraph.from_frame(frame, text="body", id="id", extractor=finder, path=tmp_path / "graph")
    pd.testing.assert_frame_equal(frame, copy)
    report = graph.report
    assert (report.added, report.refused, report.mentions, report.triples) == (5, 6, 8, 3)
    assert {refusal.row: refusal.reason for refusal in report.examples} == {
        1: "missing",
        2: "only white space",
        3: "its id is missing",
        4: "its id comes twice",
        7: "ValueError: cannot read a boom",
        8: "not text but int",
    }
    assert graph.documents() == ["a", 7, "7", "f", "\ud800\0"]
    assert 7 in graph
    assert 8 not in graph
    assert graph.edges()["documents"].tolist() == [["a"], ["\ud800\0"], [7]]
    assert graph.remove(["7", "nobody"]) == 1
    assert graph.nodes().name.tolist() == ["Ada", "Bo", "Cleo"]
    with pytest.raises(InputError, match=r"row 1 \(id 'b'\): missing"):
        graph.add_frame(frame, "body", extractor=finder, errors="raise", resume=True)


def test_batches_do_not_matter(tmp_path, monkeypatch):
    rows = [{"id": n, "text": f"Ada knows Bo in year {n}. Cleo knows Rome."} for n in range(7)]
    whole = KnowledgeGraph.from_frame(pd.DataFrame(rows), extractor=Finder(), path=tmp_path / "whole")
    monkeypatch.setattr(taking_in, "CHUNK_ROWS", 2)
    finder = Finder()
    pieces = KnowledgeGraph.from_frame(iter(rows[:3]), extractor=finder, path=tmp_path / "pieces")
    pieces.add_frame(rows[3:], extractor=finder)
    assert max(finder.calls) == 2
    assert snapshot(pieces) == snapshot(whole)
    pd.testing.assert_frame_equal(pieces.nodes(), whole.nodes())
    pd.testing.assert_frame_equal(pieces.edges(), whole.edges())


def test_an_id_that_is_there(graph):
    rows = [{"id": "a", "text": "Ada knows Bo."}]
    other = [{"id": "a", "text": "Ada knows Cleo."}]
    assert graph.add_frame(rows, extractor=Finder()).added == 1
    assert list(graph.add_frame(rows, extractor=Finder()).reasons) == [
        "its id is in the graph; replace=True puts it in the place of the older one"
    ]
    finder = Finder()
    assert graph.add_frame(rows, extractor=finder, resume=True).unchanged == 1
    assert finder.calls == []
    assert list(graph.add_frame(other, extractor=Finder(), resume=True).reasons) == [
        "its id is in the graph, with another text"
    ]
    assert graph.add_frame(rows, extractor=Finder(), replace=True).unchanged == 1
    report = graph.add_frame([*other, *other], extractor=Finder(), replace=True)
    assert (report.replaced, report.reasons) == (1, {"its id comes twice": 1})
    assert graph.nodes().name.tolist() == ["Ada", "Cleo"]
    with pytest.raises(InputError, match="replace=True"):
        graph.add("a", *document("[PER|Bo] is here."))
    graph.add("a", *document("[PER|Bo] is here."), replace=True)
    assert graph.nodes().name.tolist() == ["Bo"]


ADA, BO = Mention("Ada", 0, 3, "PER"), Mention("Bo", 8, 10, "PER")


@pytest.mark.parametrize(
    ("extraction", "message"),
    [
        (Extraction((Mention("Bo", 0, 3),)), "has 'Ada' at"),
        (Extraction((Mention("Ada", 0, 99),)), "no span of a text of 11"),
        (Extraction((Mention("Ada", -3, 0),)), "no span"),
        (Extraction((Mention("", 3, 3),)), "no span"),
        (Extraction((Mention(" ", 3, 4),)), "blank"),
        (Extraction((Mention("Ada", 0, 3, "PER", float("nan")),)), "score is nan"),
        (Extraction((), (Triple(ADA, " ", BO, 0.5, 0, 11),)), "has no name"),
        (Extraction((), (Triple(ADA, "met", BO, 1.5, 0, 11),)), "score is 1.5"),
        (Extraction((), (Triple(ADA, "met", BO, 0.5, 4, 11),)), "outside of the sentence"),
        ([ADA], "expected an Extraction"),
    ],
)
def test_an_extraction_that_does_not_fit_is_refused(graph, extraction, message):
    with pytest.raises(InputError, match=message):
        graph.add("a", "Ada met Bo.", extraction)
    assert internal(graph) == {}


def test_asking(people):
    assert people.neighbours("Smith").relation.tolist() == ["founded", "lives in", "likes"]
    assert people.neighbours("Berlin")["head"].tolist() == ["Jane Smith"]
    assert people.path("Acme", "Paris").relation.tolist() == ["founded", "likes"]
    assert people.path("Acme", "Paris", longest=1).empty
    assert people.path("Acme", "acme inc").empty
    assert people.search("jane smth", 2).name.tolist() == ["Jane Smith"]
    assert people.search("ACME", 2).score.tolist() == [1.0]
    assert people.search("zzzz").empty
    assert people.search("Paris").name[0] == people.nodes().set_index("id").loc[people.search("巴黎").id[0], "name"]
    assert len(people) == 4
    assert people.mentions("Berlin").document.tolist() == ["a"]
    with pytest.raises(InputError, match="no node is called 'Jane Smth'; near it are 'Jane Smith'"):
        people.neighbours("Jane Smth")
    with pytest.raises(InputError, match="no node 99"):
        people.why(99)
    people.add("k", *document("[PER|Berlin] sang."))
    with pytest.raises(InputError, match=r"several nodes are called 'Berlin': ask by id: \d+ \(Berlin, LOC\), \d+"):
        people.neighbours("Berlin")
    graph = people.to_networkx()
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (5, 3)
    assert sorted(relation for _, _, relation in graph.edges(keys=True)) == ["founded", "likes", "lives in"]
    assert repr(people).endswith("5 nodes)")


def test_asking_with_the_numbers_of_a_frame(people):
    smith, acme = (people.nodes().set_index("name").id[name] for name in ("Jane Smith", "Acme Inc."))
    assert not isinstance(smith, int)
    assert people.neighbours(smith).relation.tolist() == ["founded", "lives in", "likes"]
    assert people.evidence(smith, acme).document.tolist() == ["a", 2]
    assert people.path(acme, smith).relation.tolist() == ["founded"]
    cypher = "MATCH (n:Entity) WHERE n.id IN $ids AND n.seen > $least AND $yes RETURN n.name AS name"
    asked = {"ids": np.array([smith, 99]), "least": np.float32(0.5), "yes": np.bool_(True)}
    assert people.query(cypher, asked).name.tolist() == ["Jane Smith"]
    assert people.query(cypher, {**asked, "ids": [smith]}).name.tolist() == ["Jane Smith"]
    people.merge(smith, acme)
    with pytest.raises(InputError, match="no node 10000000000000000000"):
        people.why(np.uint64(10**19))
    with pytest.raises(InputError, match="by its name or id"):
        people.why(np.True_)


def test_what_cannot_be_read_makes_no_file(tmp_path):
    path, rows = tmp_path / "graph", pd.DataFrame(ROWS)
    triples = [{"id": "a", "head": "Ada", "relation": "knows", "tail": "Bo"}]
    for wrong in (
        {"text": "boddy", "extractor": Finder()},
        {"text": "body", "triples": pd.DataFrame(triples)[["id"]]},
        {"text": "body", "triples": tmp_path / "none.csv"},
        {"text": "body"},
        {"text": "body", "extractor": Finder(), "errors": "never"},
    ):
        with pytest.raises(InputError):
            KnowledgeGraph.from_frame(rows, path=path, **wrong)
        assert list(tmp_path.iterdir()) == []
    assert KnowledgeGraph.from_frame(rows, text="body", path=path, triples=triples).report.triples == 1


def test_a_table_of_triples(graph):
    documents = [
        {"id": "a", "text": "Ada Li runs Bofrost. New York is far. She lives in York. Bo waits."},
        {"id": 2, "text": "马云创办了阿里巴巴。"},
    ]
    triples = pd.DataFrame(
        [
            ("a", "Ada Li", "runs", "Bofrost", "PER", "ORG", 0.5),
            ("a", "York", "is near", "New York", "LOC", "LOC", np.nan),
            ("a", "Ada Li", "likes", "Nobody", "PER", "PER", 1),
            ("a", "Ada Li", "lives in", "York", "PER", "LOC", 1),
            ("a", "Bo", "waits for", "Ada Li", "PER", "PER", 1),
            (2.0, "马云", "创办", "阿里巴巴", np.nan, None, 1),
            (np.nan, "x", "y", "z", "", "", 1),
            ("a", None, "runs", "Bofrost", "", "", 1),
            ("a", "Ada Li", "runs", "Bofrost", "", "", 7),
        ],
        columns=["id", "head", "relation", "tail", "head_type", "tail_type", "score"],
    )
    report = graph.add_frame(documents, triples=triples)
    assert (report.added, report.mentions, report.triples, report.refused) == (2, 8, 5, 4)
    assert graph.query("MATCH (d:Document) RETURN sum(d.mentions) AS n").n.tolist() == [8]
    assert sorted(report.reasons) == [
        "triple: 'Nobody' is not in the document's text",
        "triple: its head is missing",
        "triple: its score is 7.0, expected a number from 0 to 1",
        "triple: nan is no document id: its id is missing",
    ]
    edges = graph.edges().set_index("relation")
    assert edges.loc["runs", ["sentence", "score"]].tolist() == ["Ada Li runs Bofrost.", 0.5]
    assert edges.loc["lives in", "sentence"] == "Ada Li runs Bofrost. New York is far."
    assert edges.loc["创办", "documents"] == [2]
    text = documents[0]["text"]
    near = graph.evidence("York", "New York").iloc[0]
    assert (near.head_start, near.tail_start) == (text.index("York."), text.index("New York"))
    assert graph.evidence("Bo", "Ada Li").head_start[0] == text.index("Bo waits")
    with pytest.raises(InputError, match="no column 'tail'"):
        graph.add_frame(documents, triples=triples.drop(columns="tail"))
    with pytest.raises(InputError, match="one of the two"):
        graph.add_frame(documents)


def test_triples_whose_document_never_came_are_refused(tmp_path):
    documents = [{"id": 1, "text": "Ada met Bo."}, {"id": "x", "text": " "}, {"id": "2", "text": "Cy met Di."}]
    triples = [
        {"id": key, "head": "Ada", "relation": "met", "tail": "Bo"} for key in ("1", "y", "x", 1, 2, "y", "２", "--1")
    ]
    graph = KnowledgeGraph.from_frame(documents, triples=triples, path=tmp_path / "graph")
    assert (graph.report.added, graph.report.mentions, graph.report.triples) == (2, 2, 1)
    assert [(refusal.row, refusal.id, refusal.reason) for refusal in graph.report.examples] == [
        (1, "x", "only white space"),  # its triple goes with it
        (0, "1", "triple: no document has the id '1'; there is 1, and a text and a whole number are two ids"),
        (1, "y", "triple: no document has the id 'y'"),
        (4, 2, "triple: no document has the id 2; there is '2', and a text and a whole number are two ids"),
        (5, "y", "triple: no document has the id 'y'"),
        (6, "２", "triple: no document has the id '２'"),
        (7, "--1", "triple: no document has the id '--1'"),
    ]
    assert graph.report.reasons["triple: no document has the id 'y'"] == 2
    with pytest.raises(InputError, match=r"row 1 \(id 'y'\): triple: no document has the id 'y'"):
        graph.add_frame(documents[:1], triples=[triples[3], triples[1]], resume=True, errors="raise")


def test_an_error_in_the_middle_of_a_document_leaves_nothing_of_it(people, monkeypatch):
    from slmkit.tasks.knowledge import edges

    before, rows = snapshot(people), internal(people)
    monkeypatch.setattr(edges, "put_in", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        people.add("x", *document("[PER|Jane Smith] and [PER|Al Stone] at [ORG|Acme].", ("Al Stone", "at", "Acme")))
    monkeypatch.undo()
    assert (snapshot(people), internal(people)) == (before, rows)
    people.add("x", *document("[PER|Jane Smith] and [PER|Al Stone] at [ORG|Acme].", ("Al Stone", "at", "Acme")))
    assert len(people) == 5


def test_importing_is_light(environment):
    program = "import slmkit.tasks.knowledge, slmkit.tasks.cli, sys; print(sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert not [
        name for name in ("torch", "pandas", "ladybug", "networkx", "rapidfuzz") if f"'{name}'" in loaded.stdout
    ]


def test_a_missing_package_names_the_extra(environment, tmp_path):
    program = (
        "import sys; sys.modules[sys.argv[1]] = None\n"
        "from slmkit.tasks.knowledge import KnowledgeGraph\n"
        "KnowledgeGraph.create(sys.argv[2]).export(sys.argv[2] + '.ttl')"
    )
    for package in ("ladybug", "rapidfuzz", "pyoxigraph"):
        command = [sys.executable, "-c", program, package, str(tmp_path / package)]
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert f"{package} is not installed; it comes with: pip install 'slmkit[graph]'" in result.stderr
