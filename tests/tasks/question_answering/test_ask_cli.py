"""``slmkit ask`` and ``slmkit run ask``, from an index and a reader in folders."""

import csv
import json

import pytest
from toy_questions import ASKED

from slmkit.tasks.question_answering import DocumentIndex, retriever

BODY = "the news of the bank . the team is the card movie of a bank ."


@pytest.fixture
def folders(tmp_path, toy_slm, toy_reader, monkeypatch):
    monkeypatch.setattr(retriever, "shipped_embedder", lambda: toy_slm)
    index = DocumentIndex.create(tmp_path / "index", slm=toy_slm)
    index.add([{"id": "d1", "text": BODY, "lang": "en"}], metadata=["lang"])
    toy_reader.save(tmp_path / "reader")
    return tmp_path / "index", tmp_path / "reader"


def test_ask(folders, call):
    index, reader = folders
    code, out, _ = call("ask", index, ASKED, "--reader", reader)
    assert code == 0
    at = BODY.index("movie")
    first, second = out.splitlines()
    assert first.startswith("1. movie  (0.")
    assert first.endswith(f"d1 [{at}:{at + 5}]")
    assert second.strip() == BODY
    code, out, _ = call("ask", index, ASKED, "--reader", reader, "--json", "--n-best", 2, "--where", "lang=en", "-k", 3)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert (rows[0]["answer"], rows[0]["document"], rows[0]["start"], rows[0]["evidence"]) == ("movie", "d1", at, BODY)
    code, out, _ = call("ask", index, ASKED, "--reader", reader, "--threshold", 0)
    assert code == 0
    assert out.startswith("no answer: the passages that were found do not say (")
    assert call("ask", index, ASKED, "--reader", reader, "--where", "lang=fr")[1] == "no answer: no passage was found\n"


def test_what_is_missing_is_named(folders, call, tmp_path, monkeypatch):
    index, reader = folders
    code, _, err = call("ask", tmp_path / "nothing", ASKED, "--reader", reader)
    assert code == 2
    assert "no document index" in err
    code, _, err = call("ask", index, ASKED, "--reader", tmp_path / "nothing")
    assert code == 2
    assert "is no saved reader" in err
    monkeypatch.setattr("slmkit.tasks.question_answering.answerer.shipped_reader", lambda: tmp_path / "none")
    code, _, err = call("ask", index, ASKED)
    assert code == 2
    assert "no reader is in this installation" in err
    assert "--reader" in err


def test_run_ask_over_a_table(folders, call, tmp_path):
    index, reader = folders
    table = tmp_path / "questions.csv"
    table.write_text(f"n,question\n1,{ASKED}\n2,\n3,{ASKED}\n", encoding="utf-8")
    out = tmp_path / "answers.csv"
    options = ["--index", index, "--reader", reader, "--column", "question", "--out", out, "--option", "k=2"]
    code, _, err = call("run", "ask", table, *options)
    assert code == 0
    assert "3 rows; 1 quarantined" in err
    rows = list(csv.DictReader(out.open(encoding="utf-8", newline="")))
    assert [row["answer"] for row in rows] == ["movie", "", "movie"]
    assert [row["n"] for row in rows] == ["1", "2", "3"]
    assert BODY[int(rows[0]["start"]) : int(rows[0]["end"])] == "movie"
    assert (rows[0]["document"], rows[0]["evidence"], rows[1]["slm_error"]) == ("d1", BODY, "empty")
    code, _, err = call("run", "ask", table, "--column", "question", "--out", tmp_path / "x.csv")
    assert code == 2
    assert "ask needs index=" in err
    code, _, err = call(
        "run", "summarize", table, "--index", index, "--column", "question", "--out", tmp_path / "x.csv"
    )
    assert code == 2
    assert "summarize has no option 'index'" in err
