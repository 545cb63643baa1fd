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


@pytest.fixture
def filed(tmp_path, embedder):
    """An index with a FAISS file, closed."""
    from toy_documents import many

    from slmkit.tasks.question_answering import DocumentIndex

    made = DocumentIndex.create(tmp_path / "index", slm=embedder)
    made.add(many(60), metadata=["part"])
    made.compact()
    made.close()
    return made.path


@pytest.fixture(scope="session")
def toy_reader(toy_slm):
    """A reader that has learned the toy questions."""
    from toy_questions import questions

    from slmkit.tasks.question_answering import Reader

    settings = {"depth": 2, "epochs": 8, "learning_rate": 3e-3, "batch_tokens": 512, "max_length": 64, "mine": False}
    return Reader(slm=toy_slm, validation_fraction=0.25, **settings).fit(*questions(96))
