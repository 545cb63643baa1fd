import csv
import json
import os
import subprocess
import sys

import pytest


@pytest.fixture
def tables(tmp_path):
    for name, columns, rows in (
        ("docs.csv", ["id", "body"], [("a", "Ada knows Bo. Bo likes Rome."), ("b", ""), ("c", "Cleo knows Ada.")]),
        (
            "triples.csv",
            ["id", "head", "relation", "tail", "head_type"],
            [("a", "Ada", "knows", "Bo", "PER"), ("c", "Cleo", "knows", "Ada", "PER"), ("c", "Cleo", "is", "Bo", "")],
        ),
    ):
        with (tmp_path / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([columns, *rows])
    return tmp_path / "docs.csv", tmp_path / "triples.csv"


def test_build_query_export_show(call, tables, tmp_path):
    docs, triples = tables
    graph = tmp_path / "graph.lbug"
    build = ["graph", "build", docs, "--graph", graph, "--column", "body", "--triples", triples]
    code, _, err = call(*build)
    assert code == 0, err
    assert "2 documents added, 2 triples, 2 refused; 3 nodes in the graph" in err
    assert "row 1 (id 'b'): " in err
    assert "row 2 (id 'c'): triple: 'Bo' is not in the document's text" in err
    assert "2 were there already" in call(*build, "--resume")[2]
    cypher = "MATCH (a:Entity)-[r:RELATED]->(b:Entity {name: $name}) RETURN a.name AS who, r.seen"
    assert call("graph", "query", graph, cypher, "-p", "name=Ada")[1] == "who\tr.seen\nCleo\t1\n"
    out = call("graph", "query", graph, cypher, "--parameter", "name=Ada", "--json")[1]
    assert json.loads(out) == {"who": "Cleo", "r.seen": 1}
    assert call("graph", "export", graph, tmp_path / "graph.ttl")[0] == 0
    assert call("graph", "export", graph, tmp_path / "graph.ttl")[0] == 2
    assert call("graph", "export", graph, tmp_path / "neo", "--format", "neo4j")[0] == 0
    assert (tmp_path / "neo" / "edges.csv").exists()
    assert call("graph", "show", graph, "--out", tmp_path / "page.html")[0] == 0
    assert "Cleo" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_errors_are_one_line(call, tables, tmp_path):
    docs, triples = tables
    graph = tmp_path / "graph.lbug"
    for arguments, message in (
        (["build", docs, "--graph", graph], "with --triples"),
        (["build", tmp_path / "no.csv", "--graph", graph, "--triples", triples], "there is no file"),
        (["build", docs, "--graph", docs, "--triples", triples, "--column", "body"], "damaged or no graph"),
        (["query", graph, "RETURN 1"], "there is no graph"),
        (["query", docs, "RETURN 1"], "damaged or no graph"),
    ):
        code, _, err = call("graph", *arguments)
        assert (code, err.count("\n")) == (2, 1), err
        assert message in err
    assert not graph.exists()
    call("graph", "build", docs, "--graph", graph, "--column", "body", "--triples", triples)
    for cypher, message in (("MATCH (n) DETACH DELETE n", "DETACH is not for"), ("MATCH", "cannot be run")):
        code, _, err = call("graph", "query", graph, cypher)
        assert (code, message in err) == (2, True)
    code, _, err = call("graph", "query", graph, "RETURN $x", "-p", "x")
    assert (code, "NAME=VALUE" in err) == (2, True)


def test_help_loads_nothing_heavy(environment):
    program = (
        "import sys; from slmkit.tasks.cli import main\n"
        "try: main(['graph', '--help'])\nfinally: print(sorted(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], env={**environment, "COLUMNS": "100"}, capture_output=True, text=True
    )
    for command in ("build", "query", "export", "show"):
        assert command in result.stdout
    assert not [name for name in ("torch", "pandas", "ladybug") if f"'{name}'" in result.stdout]
    assert os.linesep in result.stdout
