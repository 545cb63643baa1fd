import gzip
import json
import threading

import numpy as np
import pandas as pd
import pytest
from toy_documents import many
from toy_embedder import ToyEmbedder

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks.question_answering import Document, DocumentIndex, adding


def test_what_went_in_is_found_and_comes_out(index, rows):
    assert len(index) == 5
    assert [d.id for d in index.documents()] == [row["id"] for row in rows]
    hit = index.search("where do cats sleep", 1)[0]
    assert (hit.document, hit.metadata) == ("cats", {"lang": "en", "year": 2000})
    assert index.document("cats").text[hit.start : hit.end] == hit.text
    assert index.search("上海的酒店", 1)[0].document == "酒店"
    assert index.document(7) != index.document("7")
    assert 7 in index
    assert "cat" not in index
    with pytest.raises(InputError, match="no document 'cat'"):
        index.document("cat")
    assert index.verify().clean


def test_ids_of_two_kinds_are_told_apart_in_the_error(tmp_path, embedder):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    index.add([{"id": 12, "text": "twelve"}])
    with pytest.raises(InputError, match="no document '12'.*there is 12, which is another id"):
        index.document("12")


def test_it_is_there_after_opening(index, embedder):
    again = DocumentIndex.open(index.path, slm=ToyEmbedder())
    for mode in ("hybrid", "dense", "lexical"):
        assert again.search("a bank and its money", 3, mode=mode) == index.search("a bank and its money", 3, mode=mode)
    assert list(again.documents()) == list(index.documents())


def test_frames_dicts_and_files_give_the_same(tmp_path, embedder, rows):
    rows = [{**row, "id": f"{n:03}", "year": str(row["year"])} for n, row in enumerate(rows)]
    frame = pd.DataFrame(rows, index=[5, 5, "a", None, 2.0])
    before = frame.copy()
    frame.to_csv(tmp_path / "docs.csv", index=False)
    frame.to_parquet(tmp_path / "docs.parquet", index=False)
    with gzip.open(tmp_path / "docs.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    sources = [rows, iter(rows), frame, *(tmp_path / f"docs.{each}" for each in ("csv", "parquet", "jsonl.gz"))]
    expected = None
    for number, source in enumerate(sources):
        made = DocumentIndex.create(tmp_path / f"index{number}", slm=embedder)
        report = made.add(source, text="body", id="id", metadata=["lang", "year"], progress=number < 2)
        assert (report.added, report.refused) == (5, 0)
        expected = expected or list(made.documents())
        assert list(made.documents()) == expected
    pd.testing.assert_frame_equal(frame, before)


def test_rows_that_cannot_go_in_are_reported_and_cost_only_themselves(tmp_path, embedder):
    values = [
        ("a", "good"), ("b", None), ("c", float("nan")), ("d", " \u200b\n"), ("e", ""), ("f", 5), (None, "no id"),
        ("", "empty"), ("a", "twice"), (True, "bool"), (2.5, "half"), (2**63, "big"), (pd.NA, "NA"), (3.0, "whole"),
        (np.int64(4), "numpy"), (("t",), "tuple"),
    ]  # fmt: skip
    source = [{"id": key, "text": text} for key, text in values] + ["no dict"]
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    report = index.add(source)
    assert report.added == 3
    assert [document.id for document in index.documents()] == ["a", 3, 4]
    assert type(list(index.documents())[2].id) is int
    assert dict(report.reasons) == {
        "missing": 2, "only white space": 1, "empty": 1, "not text but int": 1, "its id is missing": 2,
        "its id is empty": 1, "its id came before in the same call": 1, "its id is a bool": 1,
        "its id is neither text nor a whole number but float": 1,
        "its id has more than 64 bits; give it as text": 1,
        "its id is neither text nor a whole number but tuple": 1, "not a dict but str": 1,
    }  # fmt: skip
    assert report.refused == sum(report.reasons.values()) == 14
    assert (report.examples[0].row, report.examples[0].id, report.examples[0].reason) == (1, "b", "missing")
    with pytest.raises(InputError, match=r"row 1 \(id 'b'\): missing"):
        DocumentIndex.create(tmp_path / "strict", slm=embedder).add(source, errors="raise")


def test_add_refuses_what_is_there_and_resume_passes_over_it(index, rows, embedder):
    report = index.add(rows, text="body", metadata=["lang", "year"])
    assert dict(report.reasons) == {"its id is already in the index": 5}
    changed = [{**rows[0], "body": "Other words."}, *rows[1:], {"id": "new", "body": "new"}]
    embedder.texts = 0
    report = index.add(changed, text="body", metadata=["lang", "year"], resume=True)
    assert (report.added, report.unchanged) == (1, 4)
    assert dict(report.reasons) == {"its id is already in the index with another content (update replaces it)": 1}
    assert embedder.texts == 1


def test_update_replaces_what_changed_on_both_sides(index, rows, embedder):
    embedder.texts = 0
    report = index.update(
        [{**rows[0], "body": "Zebras graze."}, rows[1], {**rows[2], "year": 1}, {"id": "new", "body": "A new one."}],
        text="body",
        metadata=["lang", "year"],
    )
    assert (report.added, report.updated, report.unchanged) == (1, 2, 1)
    assert index.document("cats").text == "Zebras graze."
    assert index.document("new").metadata == {"lang": None, "year": None}
    assert index.search("purrs", 9, mode="lexical") == []
    assert index.search("zebras", 1, mode="lexical")[0].document == "cats"
    assert index.search("zebras graze", 1, mode="dense")[0].document == "cats"
    assert len(index) == 6
    assert index.verify().clean
    twice = index.update([{"id": "new", "text": "one"}, {"id": "new", "text": "two"}])
    assert (twice.updated, dict(twice.reasons)) == (1, {"its id came before in the same call": 1})


def test_the_same_id_in_two_chunks_of_one_call(tmp_path, embedder, monkeypatch):
    monkeypatch.setattr(adding, "CHUNK_ROWS", 2)
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    report = index.update([{"id": n % 3, "text": f"text {n}"} for n in range(6)])
    assert (report.added, dict(report.reasons)) == (3, {"its id came before in the same call": 3})
    assert [document.text for document in index.documents()] == ["text 0", "text 1", "text 2"]


def test_an_id_that_comes_twice_is_refused_however_often_the_call_is_made(tmp_path, embedder):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    twice = [{"id": 1, "text": "version one"}, {"id": 1, "text": "version two"}]
    for call in range(3):
        report = index.update(twice)
        assert (report.added, report.unchanged, report.refused) == (int(not call), int(bool(call)), 1)
        assert index.document(1).text == "version one"
    assert index.add(twice, resume=True).refused == 1


def test_documents_of_one_index_go_into_another(index, tmp_path):
    from toy_embedder import ToyEmbedder

    other = DocumentIndex.create(tmp_path / "other", slm=ToyEmbedder("another"))
    assert other.add(index.documents()).refused == 0
    assert list(other.documents()) == list(index.documents())
    third = DocumentIndex.create(tmp_path / "third", slm=ToyEmbedder())
    third.add(index.documents(), metadata=["year"])
    assert [document.metadata for document in third.documents()] == [
        {"year": document.metadata["year"]} for document in index.documents()
    ]


def test_names_of_metadata_that_are_no_texts(tmp_path, embedder):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    frame = pd.DataFrame({"id": [1], "text": ["a"], 2: ["b"], "x": ["c"]})
    assert index.add(frame, metadata=["x", 2]).added == 1
    assert index.document(1).metadata == {"x": "c", "2": "b"}


def test_an_index_in_the_folder_where_one_works(tmp_path, embedder, monkeypatch):
    monkeypatch.chdir(tmp_path)
    index = DocumentIndex.create(".", slm=embedder)
    index.add([{"id": 1, "text": "a"}])
    assert (tmp_path / "index.sqlite").is_file()
    assert len(DocumentIndex.open(tmp_path, slm=embedder)) == 1


def test_the_state_differs_after_each_change_and_from_other_indexes(tmp_path, embedder):
    one, other = (DocumentIndex.create(tmp_path / name, slm=embedder) for name in "ab")
    assert one.state != other.state
    before = one.state
    one.add([{"id": 1, "text": "a"}])
    assert one.state != before
    assert DocumentIndex.open(tmp_path / "a", slm=embedder).state == one.state


def test_deleted_documents_are_gone_from_every_search(index):
    assert index.delete(["bank", "bank", "nobody", 7]) == 2
    assert index.delete("cats") == 1
    assert index.delete([]) == 0
    assert [document.id for document in index.documents()] == ["酒店", "7"]
    for mode in ("hybrid", "dense", "lexical"):
        found = {hit.document for hit in index.search("bank money cats number 酒店", 50, mode=mode)}
        assert found <= {"酒店", "7"}
    with pytest.raises(InputError, match="no document id"):
        index.delete([None])
    assert index.verify().clean


@pytest.mark.parametrize("compacted", [False, True])
def test_deleted_rows_of_faiss_are_never_returned(tmp_path, embedder, compacted):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    index.add(many(60))
    index.compact()
    index.search("subject3", 5)
    index.delete(range(0, 60, 2))
    if compacted:
        index.compact()
    for opened in (index, DocumentIndex.open(index.path, slm=embedder)):
        assert all(hit.document % 2 for hit in opened.search("document number4 subject4", 200, mode="dense"))
        assert len(opened.search("document", 200, mode="dense")) == opened.stats()["passages"]
    index.add(many(10, first=100))
    assert {hit.document for hit in index.search("x", 500, mode="dense")} == {*range(1, 60, 2), *range(100, 110)}
    assert index.verify().clean


def test_similar_documents(tmp_path, embedder):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    index.add(many(120), metadata=["part"])
    found = index.similar(7, 5)
    assert len({hit.document for hit in found}) == 5
    assert 7 not in {hit.document for hit in found}
    assert {hit.document for hit in index.similar(7, 2)} == {57, 107}
    assert all(hit.metadata["part"] == 0 for hit in index.similar(7, 5, where={"part": 0}))
    assert len(index.similar(7, 1000)) == 119
    with pytest.raises(InputError, match="no document 'x'"):
        index.similar("x")


def test_texts_of_all_kinds_come_back_as_they_were(tmp_path, embedder, toy_slm):
    texts = {
        "surrogate": "a lone \ud800 surrogate. And more of it.",
        "nul": "before\0after. A second sentence with \0.",
        "emoji": "👩\u200d👩\u200d👧 family. 𠀀𠀁 rare characters. ｆｕｌｌ width.",
        "lines": "\n\n  leading space\r\nand\tmore  \n\n",
        "\ud801id": "an id that no file can hold",
        "sql'; DROP TABLE documents; --": "hostile",
    }
    for number, slm in enumerate((embedder, toy_slm)):
        index = DocumentIndex.create(tmp_path / f"index{number}", slm=slm)
        rows = [{"id": key, "text": text, "note": "\ud802"} for key, text in texts.items()]
        assert index.add(rows, metadata=["note"]).added == len(texts)
        assert list(index.documents()) == [Document(key, text, {"note": "\ud802"}) for key, text in texts.items()]
        for hit in index.search("surrogate second family leading hostile \ud800", 50):
            assert index.document(hit.document).text[hit.start : hit.end] == hit.text
        assert {hit.document for hit in index.search("second", 1, mode="lexical")} == {"nul"}
        assert index.verify().clean
        assert index.delete(["\ud801id", "nul"]) == 2


def test_a_document_of_a_megabyte(tmp_path, embedder):
    sentences = [f"Sentence {n} of a long story says thing{n}. " for n in range(11_000)]
    long, chinese = "".join(sentences), "很长的中文没有停顿" * 40_000
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    report = index.add([{"id": "long", "text": long}, {"id": "zh", "text": chinese}, {"id": "short", "text": "x"}])
    assert (report.added, len(long + chinese) > 800_000) == (3, True)
    hit = index.search("thing10000", 1, mode="lexical")[0]
    assert long[hit.start : hit.end] == hit.text
    assert "thing10000" in hit.text
    assert index.verify().clean
    assert len(index.search("story", 3, per_document=1, mode="dense")) == 3


def test_another_core_is_refused_with_a_remedy(index, embedder):
    with pytest.raises(CheckpointError, match=r"made with core toy-embedder, this core is other.*documents\(\) anew"):
        DocumentIndex.open(index.path, slm=ToyEmbedder("other"))
    moved = DocumentIndex.create(index.path.parent / "moved", slm=ToyEmbedder("other", width=8))
    entries = ({"id": d.id, "text": d.text, **d.metadata} for d in index.documents())
    assert moved.add(entries, metadata=["lang", "year"]).added == 5
    assert list(moved.documents()) == list(index.documents())


def test_create_and_open_refuse_other_places(tmp_path, index, embedder):
    with pytest.raises(InputError, match="is there already; open it"):
        DocumentIndex.create(index.path, slm=embedder)
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is there already"):
        DocumentIndex.create(tmp_path / "file", slm=embedder)
    with pytest.raises(InputError, match="no document index.*create makes one"):
        DocumentIndex.open(tmp_path / "nothing", slm=embedder)
    (tmp_path / "empty").mkdir()
    assert len(DocumentIndex.create(tmp_path / "empty", slm=embedder)) == 0
    assert len(DocumentIndex.create(tmp_path / "deep" / "er", slm=embedder)) == 0
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("source", "keywords", "message"),
    [
        (5, {}, "a frame, an iterable of dicts or the path"),
        ({"id": 1}, {}, "not dict"),
        ("nothing.csv", {}, "there is no file"),
        (pd.DataFrame({"id": [1], "txt": ["a"]}), {}, "no column 'text' in the frame; did you mean 'txt'"),
        (pd.DataFrame({"id": [1], "text": ["a"]}), {"metadata": ["lang"]}, "no column 'lang'"),
        ([], {"metadata": "lang"}, "metadata must be a list"),
        ([], {"metadata": ["text"]}, "one name twice"),
        ([], {"errors": "ignore"}, "errors must be"),
    ],
)
def test_sources_that_cannot_be_used(index, source, keywords, message):
    with pytest.raises(InputError, match=message):
        index.add(source, **keywords)
    assert len(index) == 5


def test_metadata_comes_back_as_plain_values(tmp_path, embedder):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    values = {
        "date": pd.Timestamp("2020-01-02"), "nan": float("nan"), "nat": pd.NaT, "inf": float("inf"),
        "np": np.float32(0.5), "list": [1, None, {"a": (2,)}], "text": "词",
    }  # fmt: skip
    index.add([{"id": 1, "body": "x", **values}], text="body", metadata=list(values))
    assert index.document(1).metadata == {
        "date": "2020-01-02T00:00:00", "nan": None, "nat": None, "inf": "inf",
        "np": 0.5, "list": [1, None, {"a": [2]}], "text": "词",
    }  # fmt: skip
    deep = []
    for _ in range(3000):
        deep = [deep]
    report = index.add([{"id": 2, "text": "x", "deep": deep}], metadata=["deep"])
    assert dict(report.reasons) == {"its metadata is nested too deeply": 1}


def test_from_many_threads(index):
    expected = {mode: index.search("cats and money", 4, mode=mode) for mode in ("hybrid", "dense", "lexical")}
    failures = []

    def work(seed):
        for n in range(15):
            mode = ("hybrid", "dense", "lexical")[(seed + n) % 3]
            if index.search("cats and money", 4, mode=mode) != expected[mode]:
                failures.append(mode)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.mark.weights
def test_the_shipped_core_finds_by_meaning(tmp_path):
    rows = [
        {"id": "water", "text": "Water turns into steam at a hundred degrees."},
        {"id": "money", "text": "Lenders ask for a higher rate when they trust you less."},
        {"id": "茶", "text": "泡绿茶时水温不宜过高，八十度左右最好。"},
        {"id": "车", "text": "新能源汽车的销量今年增长了三成。"},
    ]
    index = DocumentIndex.create(tmp_path / "index")
    assert index.add(rows).added == 4
    again = DocumentIndex.open(tmp_path / "index")
    for query, expected in [
        ("boiling point", "water"),
        ("What does credit cost?", "money"),
        ("怎样泡茶", "茶"),
        ("电动车卖得怎么样", "车"),
    ]:
        assert again.search(query, 1)[0].document == expected
        assert again.search(query, 1, mode="dense")[0].document == expected
    together = again.search([row["text"] for row in rows], 2)
    assert [[h.document for h in hits] for hits in together] == [
        [h.document for h in again.search(row["text"], 2)] for row in rows
    ]
