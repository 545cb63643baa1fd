import json
import subprocess
import sys
import threading
import time
from pathlib import Path

from toy_documents import many
from toy_embedder import ToyEmbedder

from slmkit.tasks.question_answering import DocumentIndex, adding, dense

SECONDS = 4


def test_readers_in_processes_beside_a_writer(tmp_path, environment, monkeypatch):
    monkeypatch.setattr(adding, "CHUNK_ROWS", 10)
    monkeypatch.setattr(dense, "SLACK_ROWS", 30)
    index = DocumentIndex.create(tmp_path / "index", slm=ToyEmbedder(), exact_up_to=150)
    index.add(many(60))
    deleted = tmp_path / "deleted"
    deleted.write_text("")
    program = str(Path(__file__).with_name("watch.py"))
    command = [sys.executable, program, str(index.path), str(deleted), str(SECONDS)]
    readers = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        for _ in "ab"
    ]
    for reader in readers:
        assert reader.stdout.readline() == b"ready\n", reader.stderr.read().decode()
    end, first, gone = time.monotonic() + SECONDS - 1, 60, []
    while time.monotonic() < end:
        index.add(many(20, first=first))
        gone += range(first - 60, first - 40)
        index.delete(range(first - 60, first - 40))
        with deleted.open("a") as file:  # only now may nobody return them
            file.write("".join(f"{key}\n" for key in range(first - 60, first - 40)))
        if first % 100 == 0:
            index.compact()
        first += 20
    for reader in readers:
        out, errors = reader.communicate(timeout=60)
        assert reader.returncode == 0, errors.decode()
        seen = json.loads(out)
        assert seen["wrong"] == []
        assert seen["searches"] > 10
        assert seen["sizes"] > 1
    assert index.verify().clean
    assert not {document.id for document in index.documents()} & set(gone)


def test_a_reader_sees_each_commit(tmp_path):
    writer = DocumentIndex.create(tmp_path / "index", slm=ToyEmbedder())
    reader = DocumentIndex.open(tmp_path / "index", slm=ToyEmbedder())
    for n in range(4):
        assert reader.search(f"number{n}", 1, mode="dense") == [] or n > 0
        writer.add(many(1, first=n))
        for mode in ("hybrid", "dense", "lexical"):
            assert reader.search(f"document number{n} subject{n}", 1, mode=mode)[0].document == n
    writer.delete([2])
    assert all(hit.document != 2 for hit in reader.search("number2", 99, mode="dense"))
    writer.compact()
    assert len(reader.search("x", 99, mode="dense")) == reader.stats()["passages"]


def test_threads_search_while_one_adds(tmp_path, monkeypatch):
    monkeypatch.setattr(adding, "CHUNK_ROWS", 5)
    index = DocumentIndex.create(tmp_path / "index", slm=ToyEmbedder())
    index.add(many(20))
    adder = threading.Thread(target=lambda: index.add(many(100, first=100)))
    adder.start()
    during = 0
    while adder.is_alive():
        assert index.search("document number5 subject5", 3)
        during += 1
    adder.join()
    assert during > 1
    assert len(index) == 120
