import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_documents import BODIES, many
from toy_embedder import ToyEmbedder

from slmkit.errors import InputError
from slmkit.tasks.question_answering import DocumentIndex, dense, lexical, searching
from slmkit.tasks.question_answering.fusion import cosine_spread, gain_of_words, joined_scores, reciprocal_ranks
from slmkit.tasks.question_answering.terms import index_terms, query_terms

MODES = ("hybrid", "dense", "lexical")


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    made = DocumentIndex.create(tmp_path_factory.mktemp("books") / "index", slm=ToyEmbedder())
    made.add([{"id": key, "text": text, "n": n} for n, (key, text) in enumerate(BODIES.items())], metadata=["n"])
    return made


@pytest.mark.parametrize("mode", MODES)
def test_empty_index_and_empty_queries(tmp_path, embedder, books, mode):
    empty = DocumentIndex.create(tmp_path / "index", slm=embedder)
    assert len(empty) == 0
    assert empty.search("anything", 3, mode=mode) == []
    assert empty.search(["a", "b"], mode=mode) == [[], []]
    assert empty.verify().clean
    empty.compact()
    assert empty.search("anything", 3, mode=mode, where={"a": 1}) == []
    for query in ("", "  \n", "\u200b"):
        assert books.search(query, mode=mode) == []
    assert books.search([], mode=mode) == []
    assert list(map(len, books.search([None, "cats", float("nan"), 5, ""], 2, mode="dense"))) == [0, 2, 0, 0, 0]
    assert books.search("?!…", mode="lexical") == []


def test_more_than_there_is(books):
    assert len(books.search("cats", 10_000, mode="dense")) == 5
    assert len(books.search("cats number", 10_000)) == 5
    assert len(books.search("cats", 10_000, mode="lexical")) == 1


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"k": 0}, "k must be a whole number from 1 up, not 0"),
        ({"k": -3}, "not -3"),
        ({"k": 2.0}, "not 2.0"),
        ({"k": True}, "not True"),
        ({"mode": "semantic"}, "mode 'semantic' is not known; give one of hybrid, dense, lexical"),
        ({"fusion": "sum"}, "fusion 'sum'"),
        ({"weight": 2}, "weight must be"),
        ({"per_document": 0}, "per_document must be"),
    ],
)
def test_arguments_out_of_range(books, keywords, message):
    with pytest.raises(InputError, match=message):
        books.search("cats", **keywords)


@pytest.mark.parametrize("query", [None, 5, b"cats", {"a": 1}])
def test_queries_that_are_none(books, query):
    with pytest.raises(InputError, match="query must be a text or many"):
        books.search(query)


@pytest.mark.parametrize("mode", MODES)
def test_a_batch_is_as_each_alone(books, mode):
    queries = ["cats hunt", "the bank's money", "酒店早餐", "a number", "zzz"] * 9
    together = books.search(queries, 4, mode=mode)
    assert together == [books.search(query, 4, mode=mode) for query in queries]
    assert books.search(np.array(queries[:3]), 4, mode=mode) == together[:3]
    series = books.search(pd.Series(queries[:3], index=["x", "y", "x"]), 4, mode=mode)
    assert list(series) == together[:3]
    assert list(series.index) == ["x", "y", "x"]


def test_queries_are_one_a_row(books):
    with pytest.raises(InputError, match="the queries: got shape"):
        books.search(pd.DataFrame({"a": ["x"], "b": ["y"]}))


def test_scores_of_the_parts(books):
    dense_hits = {hit.document: hit for hit in books.search("cats hunt at night", 5, mode="dense")}
    words = {hit.document: hit for hit in books.search("cats hunt at night", 5, mode="lexical")}
    assert all(hit.score == hit.dense and hit.lexical is None for hit in dense_hits.values())
    assert all(hit.score == hit.lexical > 0 and hit.dense is None for hit in words.values())
    both = books.search("cats hunt at night", 5)
    assert [hit.score for hit in both] == sorted((hit.score for hit in both), reverse=True)
    for hit in both:
        assert hit.dense == dense_hits[hit.document].dense
        assert hit.lexical == (words[hit.document].lexical if hit.document in words else None)
    for fusion in ("rrf", "scores"):
        alone = books.search("cats hunt at night", 5, fusion=fusion, weight=1.0)
        assert [hit.document for hit in alone] == list(dense_hits)


def test_fusion():
    near, words = [(1, 0.9), (2, 0.8), (3, 0.1)], [(3, 7.0), (4, 5.0)]
    ranks = reciprocal_ranks([near, words], [0.5, 0.5])
    assert [item for item, _ in ranks] == [3, 1, 2, 4]
    assert ranks[0][1] == pytest.approx(0.5 / 63 + 0.5 / 61)
    scores = joined_scores([[*near, (4, 0.1)], words], [1, 0.8])
    assert scores == [(1, 0.9), (2, 0.8), (3, pytest.approx(0.1 + 0.8 * 7 / 8)), (4, pytest.approx(0.1 + 0.8 * 5 / 8))]
    faint = joined_scores([near, [(3, 1e-6)]], [1, 0.8])
    assert [item for item, _ in faint] == [1, 2, 3]  # what shares "the" with a query gains nothing
    assert joined_scores([near, []], [1, 1]) == near
    assert joined_scores([near, words], [1, 0]) == near
    assert reciprocal_ranks([[], []], [1, 1]) == joined_scores([[], []], [1, 1]) == []


def test_what_words_weigh_follows_the_spread_of_cosines(tmp_path, embedder):
    assert cosine_spread(lambda texts: np.eye(8)[: len(texts)]) == 0
    spread = cosine_spread(lambda texts: embedder.embed(texts, kind="passage"))
    assert 0.1 < spread < 1
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    index.add([{"id": key, "text": text} for key, text in BODIES.items()])
    length = np.mean([len(index_terms(text).split()) for text in BODIES.values()])
    gain = gain_of_words(spread, length)
    assert 0 < gain < gain_of_words(spread, 2 * length)
    for weight, of_near, of_words in [(0.5, 1, 1), (0.8, 1, 0.25), (0.2, 0.25, 1)]:
        hits = index.search("cats hunt at night", 2, weight=weight)
        share = hits[0].lexical / (hits[0].lexical + 1)
        assert hits[0].score == pytest.approx(of_near * hits[0].dense + of_words * gain * share, abs=1e-6)


def test_a_passage_found_by_words_alone_has_its_similarity(tmp_path, monkeypatch):
    monkeypatch.setattr(searching, "_POOL", 1)
    index = DocumentIndex.create(tmp_path / "index", slm=ToyEmbedder())
    index.add([{"id": key, "text": text} for key, text in BODIES.items()])
    query = "cats sleeping on the bank"
    exact = {hit.document: hit.dense for hit in index.search(query, 50, mode="dense")}
    monkeypatch.setattr(searching, "_POOL", 1)
    for hit in index.search(query, 2):
        assert hit.dense == pytest.approx(exact[hit.document], abs=1e-6)


def test_words_in_both_languages(books):
    assert index_terms("Ｃats' 3.5% 上海 A") == "cats 3.5 上海 海 a"
    for query, expected in [
        ("sleeping", "cats"),
        ("CAT", "cats"),
        ("3.5", "bank"),
        ("早餐", "酒店"),
        ("海", "酒店"),
        ("ｂank", "bank"),
        ("很大的房间", "酒店"),
    ]:
        assert [hit.document for hit in books.search(query, 1, mode="lexical")] == [expected], query
    assert books.search("餐早", mode="lexical") == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.text(st.sampled_from("\"'*():^-+ANDORNEAT a中茶{}|\0"), max_size=30))
def test_no_query_is_syntax(books, query):
    for hit in books.search(query, 3, mode="lexical"):
        assert hit.text


@pytest.mark.parametrize(
    "query", ['"', "cats AND", "NEAR(cats money", "terms:cats", "cats*", "^cats", "a OR b", "'; DROP TABLE words; --"]
)
def test_syntax_in_a_query_is_words(books, query):
    books.search(query, 3)
    assert books.verify().clean
    assert query_terms("cats AND NEAR*") == ['"cats"', '"and"', '"near"']


def test_a_whole_document_as_a_query(books):
    assert books.search("cats hunt " + "and other words 中文的字 " * 3000, 2)


def test_at_most_so_many_of_one_document(tmp_path, embedder):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    index.add([{"id": "long", "text": "Cats and cats again are here. " * 4000}, *many(12)])
    assert {hit.document for hit in index.search("cats", 9, mode="dense")} == {"long"}
    for mode in ("dense", "hybrid"):
        found = [hit.document for hit in index.search("cats document", 9, mode=mode, per_document=1)]
        assert len(found) == len(set(found)) == 9
    assert len(index.search("cats", 9, mode="lexical", per_document=2)) == 2


def test_common_words_are_left_out_of_long_searches(tmp_path, embedder, monkeypatch):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    index.add(many(60), metadata=["part"])
    alone = index.search("number17", 5, mode="lexical")
    assert len(index.search("number17 document tells", 500, mode="lexical")) == index.stats()["passages"]
    monkeypatch.setattr(lexical, "BUDGET", 10)
    fewer = DocumentIndex.open(index.path, slm=embedder)
    assert fewer.search("document number17 tells", 500, mode="lexical") == alone
    assert len(fewer.search("document", 500, mode="lexical")) == 10
    late = {"part": index.document(59).metadata["part"]}
    assert len(fewer.search("document tells", 500, mode="lexical", where=late)) == 10
    hits = fewer.search("document", 10**9, mode="lexical", where=late)
    assert len(hits) == 10
    assert all(hit.metadata == late for hit in hits)
    monkeypatch.setattr(lexical, "_REMEMBERED", 3)
    for number in range(9):
        fewer.search(f"number{number}", mode="lexical")
    assert len(fewer._lexical._counts) < 6


def brute_force(index, query, k, keep=lambda document: True):
    """The best passages by the vectors themselves."""
    vector = index.slm.embed([query], kind="query")[0]
    scored = []
    for hit in index.search(query, 10**6, mode="dense", where=None):
        if keep(index.document(hit.document)):
            stored = index.slm.embed([hit.text], kind="passage")[0].astype(np.float16).astype(np.float32)
            scored.append((float(stored @ vector), hit.document, hit.start))
    return sorted(scored, key=lambda each: -each[0])[:k]


@pytest.mark.parametrize("kind", ["tail", "flat", "ivf"])
def test_all_kinds_find_the_nearest(tmp_path, embedder, monkeypatch, kind):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder, exact_up_to=50 if kind == "ivf" else 50_000)
    index.add(many(150), metadata=["part"])
    if kind != "tail":
        index.compact()
        index.add(many(5, first=500), metadata=["part"])
        index.delete([3, 53])
    assert index.stats()["faiss"] == {"tail": "none yet (few passages)", "flat": "flat", "ivf": "ivf"}[kind]
    monkeypatch.setattr(dense, "_FEW", 20)
    for few in (20, 20_000):
        monkeypatch.setattr(dense, "_FEW", few)
        for query in ("number17 subject17", "document number503 version0"):
            for where, keep in [(None, lambda d: True), ({"part": 2}, lambda d: d.metadata["part"] == 2)]:
                found = index.search(query, 10, mode="dense", where=where)
                expected = brute_force(index, query, 10, keep)
                assert found[0].dense == pytest.approx(expected[0][0], abs=1e-3)
                shared = {(h.document, h.start) for h in found} & {each[1:] for each in expected}
                assert len(shared) >= (8 if kind == "ivf" else 9)
                assert all(hit.metadata["part"] == 2 for hit in found if where)
    assert index.stats()["recall_at_10"] >= 0.98
    assert index.recall(["number17 subject17", None, "document number503 version0"]) >= (0.8 if kind == "ivf" else 1)
    assert index.verify().clean


def test_the_best_hits_do_not_depend_on_how_many_are_asked_for(tmp_path, embedder):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    index.add(many(150))
    for query in ("number17 subject17", "document tells of number40", "version0 of subject3"):
        more = [(hit.document, hit.start) for hit in index.search(query, 120)]
        assert [(hit.document, hit.start) for hit in index.search(query, 5)] == more[:5]


def test_recall_needs_a_query(books, tmp_path):
    assert DocumentIndex.create(tmp_path / "index", slm=ToyEmbedder()).recall(["cats"]) == 1
    assert books.recall(["cats", "music"], 1000) == 1
    with pytest.raises(InputError, match="at least one query"):
        books.recall(["", None])
