import csv
import json

import pytest
import typer
from toy_embedder import ToyEmbedder
from typer.testing import CliRunner

from slmkit.errors import InputError
from slmkit.tasks.question_answering import DocumentIndex, retriever
from slmkit.tasks.question_answering.cli import _read_where, index_app, search

app = typer.Typer()
app.add_typer(index_app, name="index")
app.command("search")(search)


@pytest.fixture(autouse=True)
def _toy_core(monkeypatch):
    monkeypatch.setattr(retriever, "shipped_embedder", ToyEmbedder)
    monkeypatch.setattr(retriever, "load", lambda _: ToyEmbedder())


def run(*arguments, code=0):
    result = CliRunner().invoke(app, list(map(str, arguments)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def table(tmp_path, rows):
    path = tmp_path / "docs.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows([{**row, "id": f"d{n}"} for n, row in enumerate(rows)])
        writer.writerow({"id": "blank", "body": " "})
    return path


def test_add_search_and_the_rest(tmp_path, table):
    folder = tmp_path / "index"
    add = ["index", "add", table, "--index", folder, "--text", "body", "--metadata", "lang", "--metadata", "year"]
    result = run(*add)
    assert "5 documents added, 1 refused; 5 in the index" in result.stderr
    assert "row 5 (id 'blank'): only white space" in result.stderr
    assert "5 were there already" in run(*add, "--resume").stderr
    assert "0 documents added, 5 were there already" in run(*add, "--update").stderr
    shown = run("search", folder, "where do cats sleep", "-k", 1).stdout
    assert shown.startswith("1. d0 [0:79]  dense ")
    assert "lang=en  year=2000" in shown
    assert "Cats sleep most of the day." in shown
    hits = [
        json.loads(line) for line in run("search", folder, "酒店", "--json", "--where", "lang=zh").stdout.splitlines()
    ]
    assert [hit["document"] for hit in hits] == ["d2"]
    assert "nothing was found" in run("search", folder, "zebra", "--mode", "lexical").stderr
    assert json.loads(run("index", "stats", folder, "--json").stdout)["documents"] == 5
    assert "documents     5" in run("index", "stats", folder).stdout
    assert "1 documents were taken out" in run("index", "delete", folder, "d0", "d9").stdout
    assert "0 documents were taken out" in run("index", "delete", folder, "--int", "1").stdout
    assert "bytes" in run("index", "compact", folder).stdout
    assert run("index", "verify", folder).stdout == "4 documents, 4 passages, 0 problems\n"
    next(folder.glob("nearest-*")).write_bytes(b"")
    assert "is damaged" in run("index", "verify", folder, code=1).stderr


def test_errors_name_what_is_wrong(tmp_path, table):
    with pytest.raises(InputError, match="there is no file"):
        run("index", "add", tmp_path / "no.csv", "--index", tmp_path / "index")
    assert not (tmp_path / "index").exists()
    with pytest.raises(InputError, match="no column 'text'"):
        run("index", "add", table, "--index", tmp_path / "index")
    with pytest.raises(InputError, match="no document index"):
        run("search", tmp_path / "nothing", "x")
    with pytest.raises(InputError, match="give NAME=VALUE"):
        run("search", tmp_path / "index", "x", "--where", "year")
    with pytest.raises(InputError, match="--int"):
        run("index", "delete", tmp_path / "index", "--int", "x")
    assert len(DocumentIndex.open(tmp_path / "index")) == 0


def test_conditions_are_read():
    assert _read_where(["lang=en", "year>=2000", "year<2010", "a=b=c", "n!=[1, 2]", 'tag=["x"]', "s=<b>"]) == {
        "lang": {"=": "en"},
        "year": {">=": 2000, "<": 2010},
        "a": {"=": "b=c"},
        "n": {"not in": [1, 2]},
        "tag": {"in": ["x"]},
        "s": {"=": "<b>"},
    }


def test_truth_and_gaps_are_found_as_they_are_spelled(tmp_path, embedder):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    values = ["true", "True", True, "false", "null", None]
    index.add([{"id": i, "text": "words", "a": value} for i, value in enumerate(values)], metadata=["a"])

    def found(condition):
        return {hit.document for hit in index.search("words", 9, where=_read_where([condition]))}

    assert found("a=true") == {0, 2}
    assert found("a=True") == {1, 2}
    assert found("a!=true") == {1, 3, 4, 5}
    assert found("a=null") == {4, 5}
    assert found("a=nan") == {5}
