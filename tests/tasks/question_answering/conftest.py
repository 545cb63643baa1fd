import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))


@pytest.fixture
def embedder():
    from toy_embedder import ToyEmbedder

    return ToyEmbedder()


@pytest.fixture
def rows():
    from toy_documents import BODIES

    return [
        {"id": key, "body": body, "lang": "zh" if key == "酒店" else "en", "year": 2000 + n}
        for n, (key, body) in enumerate(BODIES.items())
    ]


@pytest.fixture
def index(tmp_path, embedder, rows):
    from slmkit.tasks.question_answering import DocumentIndex

    made = DocumentIndex.create(tmp_path / "index", slm=embedder)
    made.add(rows, text="body", metadata=["lang", "year"])
    return made
