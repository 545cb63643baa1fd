"""kill -9 at random moments: the index opens, is whole, and holds what was committed.

``SLMKIT_KILLS=30`` kills more often than the few times that the suite has time for.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest
from churn import text_of
from toy_embedder import ToyEmbedder

from slmkit.tasks.question_answering import DocumentIndex

KILLS = int(os.environ.get("SLMKIT_KILLS", "8"))


def run_and_kill(folder, seed, version, seconds, environment):
    """The lines that the program wrote before it was killed."""
    program = str(Path(__file__).with_name("churn.py"))
    command = [sys.executable, program, str(folder), str(seed), str(version)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    first = process.stdout.readline()
    assert json.loads(first or "{}").get("ready"), process.stderr.read().decode()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    rest, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors.decode()
    return [json.loads(line) for line in rest.decode().splitlines(keepends=True) if line.endswith("\n")]


def apply(state, line):
    """The documents after a change: id -> version."""
    keys = line["keys"]
    if line["begins"] == "delete":
        return {key: version for key, version in state.items() if key not in set(keys)}
    return state if line["begins"] == "compact" else {**state, **dict.fromkeys(keys, line["version"])}


def replay(state, lines):
    """The state that is certain, the one that a change was leading to, and that change."""
    pending = None
    for line in lines:
        if "begins" in line:
            pending = line
        else:
            state, pending = apply(state, pending), None
    return state, apply(state, pending) if pending else state, pending


def check_documents(index, state, after, pending):
    """Each document is as before the change that was cut off, or as after it; returns the state that was met."""
    texts = {document.id: document.text for document in index.documents()}
    met = {}
    for key in state.keys() | after.keys() | texts.keys():
        allowed = {
            version: text_of(key, version) for version in (state.get(key), after.get(key)) if version is not None
        }
        if key in texts:
            met[key] = next(version for version, text in allowed.items() if text == texts[key])
        else:
            assert key not in state or key not in after
    if pending and pending["begins"] == "delete":
        assert met in (state, after)  # all at once, or not at all
    return met


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_kill_9_at_random_moments(tmp_path, environment):
    index = DocumentIndex.create(tmp_path / "index", slm=ToyEmbedder(), exact_up_to=300)
    index.close()
    draw = random.Random(KILLS)
    state, version, cut = {}, 0, []
    for round_ in range(KILLS):
        lines = run_and_kill(index.path, round_, version, draw.uniform(0, 1.2), environment)
        version = max([version, *(line["version"] for line in lines if "begins" in line)])
        state, after, pending = replay(state, lines)
        cut.append(pending["begins"] if pending else "between")
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a file is either whole or not there
            opened = DocumentIndex.open(index.path, slm=ToyEmbedder())
            state = check_documents(opened, state, after, pending)
            assert opened.verify().problems == ()
            found = opened.search("cat 猫 version1", 10**5, mode="dense")
            assert {hit.document for hit in found} == set(state)
            assert len(found) == opened.stats()["passages"]
            words = opened.search("documents", 10**5, mode="lexical")
            assert {hit.document for hit in words} == set(state)
            assert all(f"version{state[hit.document]} " in hit.text for hit in [*found, *words])
            opened.close()
    assert len(state) > 10
    sys.stdout.write(f"killed during {cut}\n")
