"""torch and FAISS bring an OpenMP runtime each: neither order of import may crash, stall, or change torch's threads."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
first, folder = sys.argv[1:]
if first == "torch":
    import torch
elif first == "faiss":
    import faiss
import threading
from pathlib import Path
from toy_documents import many
from toy_embedder import ToyEmbedder
from slmkit.tasks.question_answering import DocumentIndex

index = DocumentIndex.create(folder, slm=ToyEmbedder(), exact_up_to=100)
index.add(many(40))
index.compact()
index.add(many(40, first=100))
index.compact()
import torch

torch.set_num_threads(4)
product = torch.randn(400, 400)

def work():
    for n in range(20):
        (product @ product).sum()
        torch.randn(64, 384).softmax(-1)
        assert index.search(f"document number{n} subject{n}", 3, mode="dense")

threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads:
    thread.start()
work()
for thread in threads:
    thread.join()
index.add(many(40, first=200))
index.compact()
assert index.stats()["faiss"] == "ivf"
assert torch.get_num_threads() == 4, torch.get_num_threads()
import os
if hasattr(os, "fork"):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if index.search("document", 3, mode="dense") else 1)
    assert os.waitpid(pid, 0)[1] == 0
print("whole")
"""


@pytest.mark.parametrize("first", ["torch", "faiss", "neither"])
def test_both_orders_of_import(tmp_path, environment, first):
    places = os.pathsep.join([environment["PYTHONPATH"], os.path.dirname(__file__)])
    environment = {**environment, "OMP_NUM_THREADS": "4", "PYTHONPATH": places}
    command = [sys.executable, "-c", PROGRAM, first, str(tmp_path / "index")]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=120, text=True)
    assert (done.returncode, done.stdout) == (0, "whole\n"), done.stderr


def test_importing_loads_neither_torch_nor_faiss(environment):
    program = (
        "import sys, slmkit.tasks.question_answering, slmkit.tasks.question_answering.cli;"
        "assert not {'torch', 'faiss', 'pandas'} & set(sys.modules)"
    )
    assert os.path.exists(sys.executable)
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
