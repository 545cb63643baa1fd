"""Cypher from users: what reads is run, nothing else; and no name is ever read as Cypher."""

import pytest
from graph_snapshot import internal
from marked_documents import document

from slmkit.errors import InputError
from slmkit.tasks.knowledge.guard import check_reads

HOSTILE = [
    "O'Brien",
    "'}) DETACH DELETE n //",
    '"; DROP TABLE Entity; --',
    "$name",
    "`x`",
    "\\'",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "]]> & <b>",
    "{{ 7 * 7 }}",
    "../../etc/passwd",
    "名字'名字",
    "a\u202eb",
    "😀 ' \" \\",
]
NUMBERS = ["1", "$1", "12", "1.", "1.0", ".5", "1e0", "1E-0", "2.5e+3", "$1e3", "1..2", "0x1", "1_", "1é"]


def test_a_query_gives_a_frame(people):
    cypher = (
        "MATCH (a:Entity)-[r:RELATED]->(b:Entity) WHERE a.name = $name "
        "RETURN r.relation AS relation, b.name ORDER BY r.relation"
    )
    frame = people.query(cypher, {"name": "Jane Smith"})
    assert list(frame.columns) == ["relation", "b.name"]
    assert frame.relation.tolist() == ["founded", "likes", "lives in"]
    assert people.query("MATCH (n:Entity) RETURN n ORDER BY n.id LIMIT 1").n[0]["_LABEL"] == "Entity"
    assert people.query("MATCH (n:Entity) WHERE n.id < 0 RETURN n.id").columns.tolist() == ["n.id"]
    assert people.query("CALL show_tables() RETURN name").name.isin(["RELATED"]).any()
    assert people.query("RETURN 'CREATE; COPY' AS `SET`, 1 AS x;").loc[0, "SET"] == "CREATE; COPY"
    with pytest.raises(InputError, match="cannot be run"):
        people.query("MATCH (n:Nothing) RETURN n")


@pytest.mark.parametrize(
    "cypher",
    [
        "CREATE (:Entity {id: 99})",
        "MATCH (n) DETACH DELETE n",
        "MATCH (n:Entity) SET n.name = 'x' RETURN n",
        "match (n:Entity) set n.name = 'x'",
        "MATCH (n:Entity) RETURN n; MATCH (n) DETACH DELETE n",
        "COPY (MATCH (n:Entity) RETURN n.name) TO 'FILE'",
        "LOAD FROM '/etc/passwd' RETURN *",
        "/* MATCH */ INSTALL httpfs",
        "LOAD EXTENSION httpfs",
        "EXPORT DATABASE 'FILE'",
        "ATTACH 'FILE' AS x (dbtype lbug)",
        "CALL threads=1",
        "CALL create_fts_index('Entity', 'x', ['name'])",
        "PROFILE CREATE (:Entity {id: 99})",
        "BEGIN TRANSACTION",
        "COMMIT",
        "CHECKPOINT",
        "DROP TABLE RELATED",
        "MATCH (n:Entity) WHERE n.id = 1CALL current_setting('home_directory') RETURN *",
        "MATCH (n:Entity) WHERE n.id = 1CALL/**/current_setting('home_directory') RETURN *",
        "MATCH (n:Entity) WHERE n.id IN [1]LOAD FROM '/etc/passwd' RETURN *",
        "RETURN 'it''s' /* ",
        "RETURN 'never ends",
        "  ",
        "// MATCH",
    ],
)
def test_what_does_not_only_read_is_refused(people, tmp_path, cypher):
    before = internal(people), set(tmp_path.iterdir())
    with pytest.raises(InputError):
        people.query(cypher.replace("FILE", str(tmp_path / "out")))
    assert (internal(people), set(tmp_path.iterdir())) == before


@pytest.mark.parametrize("number", NUMBERS)
def test_a_keyword_does_not_hide_behind_a_number(people, tmp_path, number):
    (tmp_path / "secret.csv").write_text("secret,row\n")
    cypher = f"MATCH (n:Entity) WHERE n.id < {number}LOAD FROM '{tmp_path}/secret.csv' (header=false) RETURN *"
    with pytest.raises(InputError, match="a number and a word need white space between them"):
        people.query(cypher, {"1": 2} if "$" in number else None)


def test_the_database_refuses_what_the_guard_lets_pass(people, monkeypatch):
    from slmkit.tasks.knowledge import asking

    monkeypatch.setattr(asking, "check_reads", lambda cypher: None)
    with pytest.raises(InputError, match="read-only transaction"):
        people.query("MATCH (n:Entity) SET n.name = 'x'")
    assert "x" not in people.nodes().name.tolist()


def test_writing_when_asked_to(people):
    people.query("MATCH (n:Entity {name: 'Berlin'}) SET n.type = 'city'", write=True)
    assert people.nodes().set_index("name").loc["Berlin", "type"] == "city"


@pytest.mark.parametrize(
    "cypher",
    [
        "MATCH (n:Set) RETURN n.create",
        "RETURN $copy",
        "MATCH (`load`) RETURN 1 // DELETE",
        "RETURN 1e5, 2.5E-3, .5e+10, 12.75 AS n1, $a1, $1, n1.name1, '1LOAD', `2x`",
        "MATCH (a1)-[r:RELATED*1..2]->(b_2x) RETURN a1",
        "RETURN 10 IN [1,2]AND 3>2",
    ],
)
def test_names_like_keywords_pass(cypher):
    check_reads(cypher)


def test_hostile_names_are_inert(graph):
    names = [name.replace("]", ")").replace("|", "/") for name in HOSTILE]
    for number, name in enumerate(names):
        graph.add(
            f"{name}{number}",
            *document(f"[{name and 'PER'}|{name}] likes [ORG|Acme {number}].", (name, name, f"Acme {number}")),
        )
    assert len(graph) == 2 * len(names)
    for number, name in enumerate(names):
        found = graph.search(name, 1)
        assert graph.neighbours(int(found.id[0])).relation.tolist() == [name.replace("\u202e", "")]
        assert graph.query("MATCH (n:Entity) WHERE n.name = $name RETURN n.name", {"name": found.name[0]}).shape == (
            1,
            1,
        )
        assert graph.edges()["documents"].explode().tolist().count(f"{name}{number}") == 1
    assert graph.remove([f"{name}{number}" for number, name in enumerate(names)]) == len(names)
    assert internal(graph) == {}
