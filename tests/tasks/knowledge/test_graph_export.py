"""The graph in other programs' formats, read back by others than its writers."""

import csv
import json
import xml.etree.ElementTree as ElementTree

import networkx
import pyarrow.parquet as pq
import pyoxigraph as ox
import pytest
from marked_documents import document
from test_graph_query import HOSTILE

from slmkit.errors import InputError
from slmkit.tasks.knowledge.export import FORMATS, inert

RDFS = "http://www.w3.org/2000/01/rdf-schema#"


@pytest.fixture
def hostile(people):
    for number, name in enumerate(HOSTILE):
        plain = name.replace("]", ")").replace("|", "/")
        people.add(number + 100, *document(f"[PER|{plain}] hurts [ORG|Acme].\x01", (plain, f"hurts {plain}", "Acme")))
    return people


def test_graphml(hostile, tmp_path):
    read = networkx.read_graphml(hostile.export(tmp_path / "graph.graphml"))
    nodes = hostile.nodes().set_index("id")
    assert {int(number): about["name"] for number, about in read.nodes(data=True)} == nodes.name.to_dict()
    assert json.loads(read.nodes[str(nodes.index[0])]["aliases"]) == list(nodes.aliases.iloc[0])
    assert read.number_of_edges() == len(hostile.edges())
    assert ElementTree.parse(tmp_path / "graph.graphml").getroot().tag.endswith("graphml")


@pytest.mark.parametrize(("name", "form"), [("graph.ttl", ox.RdfFormat.TURTLE), ("graph.jsonld", ox.RdfFormat.JSON_LD)])
def test_rdf(hostile, tmp_path, name, form):
    path = hostile.export(tmp_path / name)
    store = ox.Store()
    store.load(path=str(path), format=form)
    labels = {
        str(quad.subject.value): quad.object.value
        for quad in store.quads_for_pattern(None, ox.NamedNode(f"{RDFS}label"), None)
    }
    for row in hostile.nodes().itertuples():
        assert labels[f"urn:slmkit:node:{row.id}"] == row.name
    asked = store.query(
        "PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> PREFIX dct: <http://purl.org/dc/terms/> "
        "SELECT ?s ?p ?o ?d WHERE { ?s ?p ?o . ?e rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o ; dct:source ?d }"
    )
    found = [(labels[row["s"].value], labels[row["p"].value], labels[row["o"].value]) for row in asked]
    edges = hostile.edges().explode("documents")
    assert sorted(found) == sorted(zip(edges["head"], edges["relation"], edges["tail"], strict=True))
    if form == ox.RdfFormat.JSON_LD:
        assert json.loads(path.read_text(encoding="utf-8"))


def test_csv_for_neo4j(hostile, tmp_path):
    folder = hostile.export(tmp_path / "neo4j", format="neo4j")
    with (folder / "nodes.csv").open(encoding="utf-8", newline="") as file:
        nodes = list(csv.DictReader(file))
    with (folder / "edges.csv").open(encoding="utf-8", newline="") as file:
        edges = list(csv.DictReader(file))
    assert [row["id:ID"] for row in nodes] == hostile.nodes().id.map(str).tolist()
    assert {row[":START_ID"] for row in edges} <= {row["id:ID"] for row in nodes}
    assert len(edges) == len(hostile.edges())
    for row in [*nodes, *edges]:
        for cell in row.values():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert "'=cmd/' /C calc'!A0" in [row["name"] for row in nodes]
    assert inert(" \t=1+1") == "' \t=1+1"
    assert inert("a=1") == "a=1"


def test_parquet(hostile, tmp_path):
    folder = hostile.export(tmp_path / "tables", format="parquet")
    nodes, edges = (pq.read_table(folder / f"{name}.parquet").to_pylist() for name in ("nodes", "edges"))
    assert [row["name"] for row in nodes] == hostile.nodes().name.tolist()
    founded = next(row for row in edges if row["relation"] == "founded")
    assert (founded["head"], founded["seen"], len(founded["evidence"])) == ("Jane Smith", 2, 2)
    documents = {row["relation"]: [each["document"] for each in row["evidence"]] for row in edges}
    assert (documents["founded"], documents["likes"]) == (["a", "2"], ["2"])  # the number 2, and the text "2"
    piece = founded["evidence"][0]
    assert piece["sentence"][piece["head_start"] - piece["start"] : piece["head_end"] - piece["start"]] == "Jane Smith"


def test_what_is_there_stays_unless_told(people, graph, tmp_path):
    path = tmp_path / "graph.ttl"
    path.write_text("mine")
    with pytest.raises(InputError, match="overwrite"):
        people.export(path)
    people.export(path, overwrite=True)
    assert "Jane Smith" in path.read_text(encoding="utf-8")
    for _ in range(2):
        people.export(tmp_path / "tables", format="parquet", overwrite=True)
    (tmp_path / "tables" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="other files than an export's"):
        people.export(tmp_path / "tables", format="parquet", overwrite=True)
    assert (tmp_path / "tables" / "mine.txt").read_text() == "mine"
    with pytest.raises(InputError, match="format of .* is not known"):
        people.export(tmp_path / "graph.xyz")
    assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.parametrize("form", FORMATS)
def test_an_id_that_is_no_proper_text_can_be_exported(people, tmp_path, form):
    people.add("\ud800\0", *document("[PER|Bo Roe] likes [LOC|Rome].", ("Bo Roe", "likes", "Rome")))
    assert people.export(tmp_path / form, format=form).exists()


def test_an_empty_graph_can_be_exported(graph, tmp_path):
    for form in FORMATS:
        assert graph.export(tmp_path / form, format=form).exists()
    assert graph.edges().empty
    assert graph.nodes().columns.tolist() == ["id", "name", "type", "aliases", "seen"]
    assert graph.show(tmp_path / "page.html").exists()
