import sqlite3

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_embedder import ToyEmbedder

from slmkit.errors import InputError
from slmkit.tasks.question_answering import DocumentIndex
from slmkit.tasks.question_answering.documents import metadata_json
from slmkit.tasks.question_answering.filters import compile_where

ROWS = {
    "a": {"lang": "en", "year": 1999, "tag": "x"},
    "b": {"lang": "en", "year": "2003", "tag": "y"},  # as in a table read from CSV
    "c": {"lang": "zh", "year": 2010.5, "tag": None},
    "d": {"lang": 'O\'Brien "q" %_', "year": "unknown", "tag": "2003"},
    "e": {"lang": None, "year": None, "tag": True},
}


@pytest.fixture(scope="module")
def tagged(tmp_path_factory):
    index = DocumentIndex.create(tmp_path_factory.mktemp("tagged") / "index", slm=ToyEmbedder())
    index.add(
        [{"id": key, "text": "the same words", **row} for key, row in ROWS.items()], metadata=["lang", "year", "tag"]
    )
    return index


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (None, "abcde"),
        ({}, "abcde"),
        ({"lang": "en"}, "ab"),
        ({"lang": {"=": "en"}, "year": {">=": 2000}}, "b"),
        ({"year": {">=": 2000}}, "bc"),
        ({"year": {">": 1998, "<": 2004}}, "ab"),
        ({"year": {"<": 2000}}, "a"),
        ({"year": 2003}, "b"),
        ({"year": "2003"}, "b"),
        ({"year": {"in": [1999, 2003]}}, "ab"),
        ({"year": {"in": np.array([1999, 2003])}}, "ab"),
        ({"year": {"not in": [1999, 2003]}}, "cde"),
        ({"year": {"!=": 2003}}, "acde"),
        ({"year": None}, "e"),
        ({"year": {"!=": None}}, "abcd"),
        ({"tag": {"in": ["x", None]}}, "ace"[0] + "c"),
        ({"tag": {"in": []}}, ""),
        ({"tag": {"not in": []}}, "abcde"),
        ({"tag": True}, "e"),
        ({"lang": {">=": "f"}}, "c"),
        ({"lang": 'O\'Brien "q" %_'}, "d"),
        ({"lang": "O'Brien"}, ""),
        ({"lang": "%"}, ""),
        ({"lang": "en' OR '1'='1"}, ""),
        ({"no such": "en"}, ""),
        ({"no such": None}, "abcde"),
        ({"lang') OR 1=1 --": "en"}, ""),
        ({'lang" OR 1=1 --': "en"}, ""),
        ({"$.lang": "en"}, ""),
        ({"": "x"}, ""),
        ({"year": 10**30}, ""),
        ({"lang": "\ud800"}, ""),
    ],
)
@pytest.mark.parametrize("mode", ["dense", "lexical", "hybrid"])
def test_conditions(tagged, where, expected, mode):
    assert sorted(hit.document for hit in tagged.search("the same words", 9, mode=mode, where=where)) == list(expected)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (2000, {0, 1, 2, 3, 4}),
        ({"in": [2000]}, {0, 1, 2, 3, 4}),
        ({"in": [2000.0, 7]}, {0, 1, 2, 3, 4}),
        ({"not in": [2000]}, {5, 6}),
        ({"in": ["2000", None]}, {0, 6}),
        ({"in": []}, set()),
    ],
)
def test_numbers_that_are_spelled_in_many_ways(tmp_path, embedder, where, expected):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    years = ["2000", "2000.0", " 2000", 2000, "2e3", "2000 AD", None]
    index.add([{"id": i, "text": "words", "year": year} for i, year in enumerate(years)], metadata=["year"])
    assert {hit.document for hit in index.search("words", 9, where={"year": where})} == expected


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("lang = 'en'", "where must be a mapping"),
        ({1: "x"}, "not the name of a metadata field"),
        ({"lang": {"like": "e%"}}, "operator 'like'; there are ="),
        ({"lang": {"in": "en"}}, "in needs a list, not 'en'"),
        ({"lang": {"<": None}}, "needs a number or a text"),
        ({"lang": ["en"]}, "compared with a list"),
        ({"lang": b"en"}, "compared with a bytes"),
        ({"year": float("inf")}, "compared with inf"),
        ({"year": {"in": [[1]]}}, "compared with a list"),
    ],
)
def test_conditions_that_are_none(tagged, where, message):
    with pytest.raises(InputError, match=message):
        tagged.search("words", where=where)


_VALUES = st.none() | st.integers(-5, 5) | st.text(max_size=6)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=8), _VALUES, _VALUES)
def test_any_name_and_value_is_data(name, value, other):
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE documents (metadata TEXT)")
    connection.execute("INSERT INTO documents VALUES (?)", (metadata_json({name: value, "other\"'$.": 3}),))

    def holds(where):
        condition, bound = compile_where(where)
        return connection.execute(f"SELECT count(*) FROM documents WHERE {condition}", bound).fetchone()[0] == 1

    lone = "\0" in name or (isinstance(value, str) and "\0" in value)  # SQLite's JSON ends at NUL
    if not lone:
        assert holds({name: value})
        assert holds({name: {"in": [value]}})
        assert not holds({name: {"!=": value}})
    holds({name: other})
    assert holds({"other\"'$.": 3})
    assert connection.execute("SELECT count(*) FROM documents").fetchone() == (1,)
    connection.close()
