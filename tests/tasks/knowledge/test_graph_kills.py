"""kill -9 at random moments: the graph opens and holds whole documents only.

``SLMKIT_KILLS=30`` kills more often than the few times that the suite has time for.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from graph_grower import content
from graph_snapshot import internal, snapshot

from slmkit.tasks.knowledge import KnowledgeGraph

KILLS = int(os.environ.get("SLMKIT_KILLS", "2"))


def grow_and_kill(path, seed, version, changes, seconds, environment):
    """The lines that the program wrote before it was killed, some changes and a moment later."""
    command = [sys.executable, str(Path(__file__).with_name("graph_grower.py")), str(path), str(seed), str(version)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    first = process.stdout.readline()
    assert json.loads(first or "{}").get("ready"), process.stderr.read().decode()
    lines = [process.stdout.readline() for _ in range(2 * changes)]
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    rest, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors.decode()
    lines += rest.splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def replay(state, lines):
    """The documents (id -> version) that are certain, and those after the change that was cut off."""
    pending = state
    for line in lines:
        if "begins" in line:
            pending = {**state, line["begins"]: line["version"]}
        else:
            state = pending
    return [{key: version for key, version in each.items() if version is not None} for each in (state, pending)]


def read_versions(graph):
    """The documents with their versions, as the graph tells them."""
    reports = graph.query("MATCH (n:Entity) WHERE n.type = 'work' RETURN n.name AS name").name
    return {int(name.split()[1]): int(name.split()[2][1:]) for name in reports}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_kill_9_at_random_moments(tmp_path, environment):
    path = tmp_path / "graph"
    KnowledgeGraph.create(path).close()
    draw, state, version = random.Random(KILLS), {}, 0
    for round_ in range(KILLS):
        lines = grow_and_kill(path, round_, version, draw.randint(2, 8), draw.uniform(0, 0.1), environment)
        version = max([version, *(line["version"] or 0 for line in lines if "begins" in line)])
        allowed = replay(state, lines)
        with KnowledgeGraph.open(path) as graph:
            state = read_versions(graph)
            assert state in allowed
            assert sorted(graph.documents()) == sorted(state)
    assert state
    with KnowledgeGraph.open(path) as graph, KnowledgeGraph.create(tmp_path / "afresh") as afresh:
        for key, number in state.items():
            afresh.add(key, *content(key, number))
        assert snapshot(graph) == snapshot(afresh)
        assert internal(graph) == internal(afresh)


def test_a_log_cut_off_anywhere_holds_whole_documents(tmp_path, environment):
    """What a power cut may leave: the log ends in the middle of a transaction."""
    path = tmp_path / "graph"
    KnowledgeGraph.create(path).close()
    program = (
        "import os, sys; from slmkit.tasks.knowledge import KnowledgeGraph; from graph_grower import content\n"
        "graph = KnowledgeGraph.open(sys.argv[1])\n"
        "for key in range(5): graph.add(key, *content(key, 1))\n"
        "os._exit(0)"
    )
    here = os.pathsep.join([environment["PYTHONPATH"], str(Path(__file__).parent)])
    subprocess.run([sys.executable, "-c", program, str(path)], env={**environment, "PYTHONPATH": here}, check=True)
    log, base = path.with_name("graph.wal").read_bytes(), path.read_bytes()
    counts = []
    for part in (1.0, 0.9, 0.5, 0.3, 0.01, 0.0):
        path.write_bytes(base)
        path.with_name("graph.wal").write_bytes(log[: int(len(log) * part)])
        with KnowledgeGraph.open(path) as graph:
            state = read_versions(graph)
            assert graph.documents() == list(range(len(state)))
            assert sorted(state) == graph.documents()
            counts.append(len(state))
    assert counts[0] == 5
    assert counts[-1] == 0
    assert counts == sorted(counts, reverse=True)
    assert 0 < counts[2] < 5
