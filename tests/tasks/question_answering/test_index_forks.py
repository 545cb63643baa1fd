import os
import signal
import threading

import pytest
from toy_documents import many
from toy_embedder import ToyEmbedder

from slmkit.tasks.question_answering import DocumentIndex

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def test_after_a_fork(filed, environment):
    index = DocumentIndex.open(filed, slm=ToyEmbedder())
    expected = index.search("document number5", 5)
    pid = os.fork()
    if pid == 0:
        os._exit(0 if index.search("document number5", 5) == expected else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert index.search("document number5", 5) == expected


def test_what_a_forked_process_adds_stays_when_its_parent_lets_go(tmp_path):
    index = DocumentIndex.create(tmp_path / "index", slm=ToyEmbedder())
    index.add(many(5))
    ready, go = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        index.add([{"id": 100, "text": "one"}])
        os.write(ready[1], b"1")
        os.read(go[0], 1)
        index.add([{"id": 101, "text": "two"}])
        os._exit(0 if len(index) == 7 else 1)
    os.read(ready[0], 1)
    assert len(index) == 6
    index.close()
    os.write(go[1], b"1")
    assert os.waitpid(pid, 0)[1] == 0
    with DocumentIndex.open(index.path, slm=ToyEmbedder()) as anew:
        assert [document.id for document in anew.documents()] == [0, 1, 2, 3, 4, 100, 101]
        assert anew.verify().clean


def test_forks_while_another_thread_searches(tmp_path):
    index = DocumentIndex.create(tmp_path / "index", slm=ToyEmbedder())
    index.add(many(20))
    over = threading.Event()

    def search():
        while not over.is_set():
            index.search("document number5", 5)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            pid = os.fork()
            if pid == 0:
                signal.alarm(20)
                os._exit(0 if index.search("document number5", 1)[0].document == 5 else 1)
            assert os.waitpid(pid, 0)[1] == 0
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_a_process_that_was_forked_while_adding_does_not_keep_the_lock(index):
    held, go = os.pipe()

    def source():
        if os.fork() == 0:
            os.close(go)
            os.read(held, 1)  # until the parent ends its part
            os._exit(0)
        yield {"id": "new", "text": "one"}

    try:
        assert index.add(source()).added == 1
        assert index.delete("new") == 1
    finally:
        os.close(go)
        os.wait()
