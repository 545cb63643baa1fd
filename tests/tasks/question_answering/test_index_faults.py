import os
import re
import shutil
import sqlite3
import warnings

import numpy as np
import pytest
from toy_documents import many
from toy_embedder import ToyEmbedder

from slmkit.errors import IndexDamagedError, InputError
from slmkit.tasks.question_answering import DocumentIndex, adding, dense, nearest_file


def only_file(folder):
    (path,) = nearest_file.files(folder)
    return path


def answers(folder):
    index = DocumentIndex.open(folder, slm=ToyEmbedder())
    found = index.search("document number5 subject5", 7, mode="dense")
    index.close()
    return [(hit.document, hit.start, round(hit.dense, 5)) for hit in found]


def garbled(data, at, length=16):
    return data[:at] + bytes(b ^ 0xFF for b in data[at : at + length]) + data[at + length :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:10],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: garbled(data, 0),
        lambda data: garbled(data, len(data) // 2),
        lambda data: garbled(data, len(data) - 60),
        lambda data: garbled(data, len(data) - 8, 8),
        lambda data: bytes(len(data)),
    ],
)
def test_a_damaged_faiss_file_is_built_anew_and_said_so(filed, damage):
    expected, path = answers(filed), only_file(filed)
    path.write_bytes(damage(path.read_bytes()))
    index = DocumentIndex.open(filed, slm=ToyEmbedder())
    report = index.verify()
    assert len(report.problems) == 1
    assert "the next search builds it anew" in report.problems[0]
    with pytest.warns(UserWarning, match="is damaged.*built anew from the database"):
        index.search("document number5 subject5", 7, mode="dense")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert answers(filed) == expected
    assert index.verify().clean
    assert not list(filed.glob(".*"))


def test_a_missing_faiss_file_and_one_of_another_index(filed, tmp_path, embedder):
    expected, path = answers(filed), only_file(filed)
    data = path.read_bytes()
    path.unlink()
    assert answers(filed) == expected
    other = DocumentIndex.create(tmp_path / "other", slm=embedder)
    other.add(many(60, version=1))
    other.compact()
    for change in (1, 10**6):
        foreign = filed / f"nearest-{change:012d}.faiss"
        foreign.write_bytes(only_file(other.path).read_bytes())
        assert answers(filed) == expected
        index = DocumentIndex.open(filed, slm=embedder)
        index.compact()
        assert len(nearest_file.files(filed)) == 1
        assert answers(filed) == expected
    assert len(data) > 0


def test_a_backup_that_was_put_back(filed, embedder, tmp_path):
    shutil.copytree(filed, tmp_path / "backup")
    index = DocumentIndex.open(filed, slm=embedder)
    index.add(many(8, first=100))
    index.compact()
    index.close()
    later = only_file(filed).read_bytes(), only_file(filed).name
    shutil.rmtree(filed)
    shutil.copytree(tmp_path / "backup", filed)
    index = DocumentIndex.open(filed, slm=embedder)
    index.add(many(8, first=200, version=3))  # the same number of changes, other documents
    (filed / later[1]).write_bytes(later[0])
    index.close()
    found = DocumentIndex.open(filed, slm=embedder).search("number202 version3", 500, mode="dense")
    assert {hit.document for hit in found} == {*range(60), *range(200, 208)}
    assert found[0].document == 202


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"not a database at all" * 500,
        lambda data: data[:4096],
        lambda data: data[: len(data) // 2],
        lambda data: garbled(data, 0, 100),
    ],
)
def test_a_damaged_database_is_one_clear_error_and_stays_as_it_is(filed, damage):
    database = filed / "index.sqlite"
    data = damage(database.read_bytes())
    database.write_bytes(data)
    for _ in range(2):
        with pytest.raises(IndexDamagedError, match=r"index.sqlite is damaged.*nothing was changed"):
            DocumentIndex.open(filed, slm=ToyEmbedder()).search("x")
    with pytest.raises(InputError, match="is there already"):
        DocumentIndex.create(filed, slm=ToyEmbedder())
    assert database.read_bytes() == data
    assert only_file(filed).stat().st_size > 0


def test_damage_inside_is_found_by_verify(filed):
    database = filed / "index.sqlite"
    data = database.read_bytes()
    words = data.index(b"number30 tells")
    database.write_bytes(garbled(data, words, 30))
    index = DocumentIndex.open(filed, slm=ToyEmbedder())
    assert not index.verify().clean
    index.close()
    database.write_bytes(data)
    pages = range(4096 * 20, len(data), 4096 * 7)
    for at in pages:
        data = garbled(data, at, 64)
    database.write_bytes(data)
    with pytest.raises(IndexDamagedError):
        list(DocumentIndex.open(filed, slm=ToyEmbedder()).documents())
    assert database.read_bytes() == data


def test_what_verify_sees(filed):
    def spoil(statement):
        copy = filed.parent / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(filed, copy)
        connection = sqlite3.connect(copy / "index.sqlite")
        connection.execute(statement)
        connection.commit()
        connection.close()
        return DocumentIndex.open(copy, slm=ToyEmbedder()).verify().problems

    unit = "x'" + np.eye(1, 24, dtype="<f2").tobytes().hex() + "'"
    for statement, message in [
        ("UPDATE texts SET text = text || 'x' WHERE id = 3", "text or metadata is not what went in"),
        ("DELETE FROM texts WHERE id = 5", "1 documents without a text"),
        ("DELETE FROM vectors WHERE id = 5", "1 passages without a vector"),
        ("DELETE FROM passages WHERE id = 5", "1 vectors without a passage"),
        ("DELETE FROM words WHERE rowid = 5", "1 passages without words"),
        ("UPDATE passages SET stop = stop - 9", "passages leave something out"),
        ("UPDATE vectors SET vector = x'00' WHERE id = 9", "1 vectors of the wrong size"),
        ("UPDATE vectors SET vector = zeroblob(48) WHERE id = 9", "1 vectors that are not of length 1"),
        (f"UPDATE vectors SET vector = {unit}", "holds other vectors than the database"),
        ("DELETE FROM documents", "passages without a document"),
        ("UPDATE words_content SET c0 = 'other words' WHERE id = 4", "word index"),
    ]:
        assert any(message in problem for problem in spoil(statement)), statement


def test_a_foreign_database_and_a_newer_one(filed, tmp_path):
    connection = sqlite3.connect(filed / "index.sqlite")
    connection.execute("UPDATE meta SET value = 99 WHERE name = 'format'")
    connection.commit()
    connection.close()
    with pytest.raises(IndexDamagedError, match="format 99 is newer than this slmkit reads"):
        DocumentIndex.open(filed)
    (tmp_path / "foreign").mkdir()
    connection = sqlite3.connect(tmp_path / "foreign" / "index.sqlite")
    connection.execute("CREATE TABLE mine (a)")
    connection.commit()
    connection.close()
    with pytest.raises(IndexDamagedError, match="not slmkit's"):
        DocumentIndex.open(tmp_path / "foreign")


class Stops(ToyEmbedder):
    """Fails at the n-th call."""

    def __init__(self, calls):
        super().__init__()
        self.calls = calls

    def embed(self, texts, *, kind):
        self.calls -= 1
        if self.calls < 0:
            raise KeyboardInterrupt
        return super().embed(texts, kind=kind)


def test_an_add_that_is_cut_off_goes_on(tmp_path, embedder, monkeypatch):
    monkeypatch.setattr(adding, "CHUNK_ROWS", 10)
    DocumentIndex.create(tmp_path / "index", slm=embedder).close()
    index = DocumentIndex.open(tmp_path / "index", slm=Stops(3))
    with pytest.raises(KeyboardInterrupt):
        index.add(many(60))
    assert len(index) == 30
    again = DocumentIndex.open(tmp_path / "index", slm=embedder)
    before = embedder.texts
    report = again.add(many(60), resume=True)
    assert (report.added, report.unchanged, report.refused) == (30, 30, 0)
    assert embedder.texts - before == 60
    assert [document.id for document in again.documents()] == list(range(60))
    assert again.verify().clean


def test_an_error_in_a_change_leaves_nothing_of_it(index, monkeypatch):
    from slmkit.tasks.question_answering import documents

    def breaks(change, key, *rest, insert=documents.insert):
        if key == "last":
            raise RuntimeError("in the middle")
        insert(change, key, *rest)

    monkeypatch.setattr(documents, "insert", breaks)
    before = list(index.documents())
    with pytest.raises(RuntimeError, match="in the middle"):
        index.update([{"id": "cats", "text": "changed"}, {"id": "first", "text": "x"}, {"id": "last", "text": "y"}])
    assert list(index.documents()) == before
    assert index.verify().clean
    monkeypatch.undo()
    assert index.update([{"id": "last", "text": "y"}]).added == 1


def test_vectors_that_are_not_finite_do_not_go_in(tmp_path, embedder):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    embedder.embed = lambda texts, kind: np.full((len(texts), 24), np.nan, np.float32)
    with pytest.raises(InputError, match="not finite"):
        index.add([{"id": 1, "text": "x"}])
    assert len(index) == 0


def test_one_writer_at_a_time(index, rows):
    pytest.importorskip("fcntl")

    class Nested(ToyEmbedder):
        def embed(self, texts, *, kind):
            if kind == "passage":
                other = DocumentIndex.open(index.path, slm=ToyEmbedder())
                for change in (lambda: other.add(rows), lambda: other.delete(["cats"]), other.compact):
                    with pytest.raises(InputError, match="another process is changing"):
                        change()
                assert len(other.search("cats", 2)) == 2
                assert other.verify().clean
                other.close()
            return super().embed(texts, kind=kind)

    writer = DocumentIndex.open(index.path, slm=Nested())
    assert writer.add([{"id": "new", "text": "one"}]).added == 1


def test_a_folder_that_was_made_anew_under_an_open_index(tmp_path, embedder):
    place = tmp_path / "index"
    index = DocumentIndex.create(place, slm=embedder)
    index.add(many(3))
    assert index.search("number1", 1)[0].document == 1
    shutil.rmtree(place)
    with pytest.raises(InputError, match="no document index"):
        len(index)
    DocumentIndex.create(place, slm=embedder).add(many(2, first=50))
    assert index.search("number1 number51", 1)[0].document == 51
    assert index.add(many(1)).added == 1
    assert [document.id for document in DocumentIndex.open(place, slm=embedder).documents()] == [50, 51, 0]
    shutil.rmtree(place)
    DocumentIndex.create(place, slm=ToyEmbedder("other"))
    with pytest.raises(InputError, match="another core"):
        len(index)


def test_a_reader_that_may_not_write_sees_what_the_owner_does(tmp_path, embedder, monkeypatch):
    owner = DocumentIndex.create(tmp_path / "index", slm=embedder)
    owner.add(many(20))
    owner.close()
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda *_: False)
    reader = DocumentIndex.open(owner.path, slm=embedder)
    assert len(reader) == 20
    monkeypatch.setattr(os, "access", allowed)
    owner.delete(range(10))
    owner.add(many(1, first=30))
    owner.compact()
    owner.close()
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert len(reader) == 11
    found = {hit.document for hit in reader.search("document number3 number30", 99)}
    assert found == {*range(10, 20), 30}


def test_a_faiss_file_that_cannot_be_written_costs_no_change(tmp_path, embedder, monkeypatch):
    index = DocumentIndex.create(tmp_path / "index", slm=embedder)
    index.add(many(30))
    index.delete(3)

    class Full:
        def write_index(self, *_):
            raise RuntimeError("Error in faiss: could not open for writing: No space left on device")

    monkeypatch.setattr(nearest_file, "load_faiss", Full)
    with pytest.warns(UserWarning, match="cannot be brought up to date.*No space left"):
        index.compact()
    assert nearest_file.files(index.path) == []
    assert index.search("document number7", 1)[0].document == 7
    monkeypatch.setattr(dense, "SLACK_ROWS", 5)  # so that opening it wants a file
    opened = DocumentIndex.open(index.path, slm=embedder)
    assert opened.search("document number7", 1)[0].document == 7


def test_a_folder_that_cannot_be_written_is_searched(filed, monkeypatch):
    expected = answers(filed)
    monkeypatch.setattr(os, "access", lambda *_: False)
    before = sorted(filed.iterdir())
    assert answers(filed) == expected
    index = DocumentIndex.open(filed, slm=ToyEmbedder())
    assert index.verify().clean
    assert sorted(filed.iterdir()) == before
    with pytest.raises(InputError, match=r"cannot read or write .*index.sqlite: attempt to write a readonly database"):
        index.delete([1])


def test_names_with_marks_of_their_own(tmp_path, embedder):
    place = tmp_path / "a b?c#d%20'e\"" / "索引"
    index = DocumentIndex.create(place, slm=embedder)
    index.add(many(3))
    assert len(DocumentIndex.open(place, slm=embedder)) == 3
    assert re.fullmatch(r"DocumentIndex\('.*索引', 3 documents\)", repr(index))
