"""The file of a graph: files that are none, other processes that have it open, forks, threads."""

import os
import subprocess
import sys
import threading

import pytest
from marked_documents import document

from slmkit.errors import IndexDamagedError, InputError
from slmkit.tasks.knowledge import KnowledgeGraph


def test_files_that_are_no_graph(tmp_path, people):
    with pytest.raises(InputError, match="there is no graph"):
        KnowledgeGraph.open(tmp_path / "nothing")
    for number, content in enumerate((b"", b"hello" * 1000, b"LBUG" + b"\0" * 9000)):
        path = tmp_path / f"bad{number}"
        path.write_bytes(content)
        with pytest.raises(IndexDamagedError, match="damaged"):
            KnowledgeGraph.open(path)
        assert path.read_bytes() == content
    with pytest.raises(InputError, match="there already"):
        KnowledgeGraph.create(people.file)
    with pytest.raises(InputError, match="cannot make"):
        KnowledgeGraph.create(people.file / "inside")
    people.query("MATCH (m:Meta {name: 'format'}) SET m.value = '99'", write=True)
    people.close()
    with pytest.raises(IndexDamagedError, match="format 99 is newer"):
        KnowledgeGraph.open(people.file)
    assert not list(tmp_path.glob(".*.tmp"))


def test_a_log_that_is_left_of_another_graph_is_not_read(tmp_path):
    left = tmp_path / "graph.wal"
    left.write_bytes(b"what another graph did")
    with pytest.raises(InputError, match=r"graph\.wal is left of a graph"):
        KnowledgeGraph.create(tmp_path / "graph")
    assert [path.name for path in tmp_path.iterdir()] == ["graph.wal"]


def test_one_has_it_open_or_several_read_it(people, environment):
    with pytest.raises(InputError, match="open elsewhere"):
        KnowledgeGraph.open(people.file)
    program = (
        "import sys; from slmkit.tasks.knowledge import KnowledgeGraph\n"
        "print(len(KnowledgeGraph.open(sys.argv[1], read_only=sys.argv[2] == 'r')))"
    )

    def elsewhere(mode):
        command = [sys.executable, "-c", program, str(people.file), mode]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    assert "open elsewhere" in elsewhere("r").stderr
    people.close()
    with KnowledgeGraph.open(people.file, read_only=True) as reader:
        assert elsewhere("r").stdout == "4\n"
        assert "open elsewhere" in elsewhere("w").stderr
        with pytest.raises(InputError, match="read_only=True"):
            reader.remove("a")
        with pytest.raises(InputError, match="read_only=True"):
            reader.query("MATCH (n) DETACH DELETE n", write=True)
    assert elsewhere("w").stdout == "4\n"
    assert len(people) == 4  # opened again by itself


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_is_told_to_open_it_itself(people):
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            len(people)
        except InputError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    assert b"before this process was forked" in os.read(reader, 1000)
    assert len(people) == 4


def test_threads(people):
    problems = []

    def work(number):
        try:
            for turn in range(4):
                people.add(
                    f"{number} {turn}", *document("[PER|Jane Smith] likes [LOC|Rome].", ("Jane Smith", "likes", "Rome"))
                )
                people.neighbours("Jane Smith")
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert people.edges()[lambda t: t["tail"] == "Rome"].seen.tolist() == [16]
